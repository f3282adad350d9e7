"""How often each fault is tried, and a shop to try it on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dangol.bench.shop import make
from tests.serving import Server

SEEDS = int(os.environ.get("DANGOL_TEST_FAULT_SEEDS", "1"))  # scripts/faults sets it
FAILPOINTS = Path(__file__).parent / "failpoints"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, SEEDS + 1))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A shop whose processes fail where the test says so."""
    folder = tmp_path_factory.mktemp("faults") / "shop"
    armed = folder.parent / "armed"
    armed.mkdir()
    server = Server(folder, *make(folder))
    server.environment = {
        "DANGOL_TEST_FAILPOINTS": str(armed),
        "PYTHONPATH": f"{FAILPOINTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    server.start()
    yield server
    if server.process and server.process.poll() is None:
        server.end(signal.SIGTERM)


@pytest.fixture
def armed(server: Server) -> Iterator[Path]:
    """The folder in which a file arms a fault."""
    folder = server.folder.parent / "armed"
    yield folder
    for left in folder.iterdir():
        left.unlink()
