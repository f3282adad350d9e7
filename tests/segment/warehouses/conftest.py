"""The engines that the suite starts, or finds: chdb behind ClickHouse's HTTP, Sail behind Spark Connect, PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from dangol.segment.warehouses import Warehouse, warehouse

ROOT = Path(__file__).parents[3]
SECONDS = 600  # a real Spark on a busy machine takes minutes to start


@contextmanager
def program(module: str) -> Iterator[int]:
    """A server in a process of its own, for as long as it is needed; its port."""
    command = [sys.executable, "-W", "ignore", "-m", f"tests.segment.warehouses.{module}"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            assert server.stdin is not None
            server.stdin.close()  # it ends then, and what it started with it


@pytest.fixture(scope="session")
def clickhouse_url() -> Iterator[str]:
    if find_spec("chdb") is None:
        pytest.skip("chdb is not installed")
    with program("clickhouse_server") as port:
        yield f"clickhouse://dangol:secret%20word@127.0.0.1:{port}"


@pytest.fixture(scope="session")
def spark_url() -> Iterator[str]:
    """Sail; or a real Spark of two workers, of the installation that DANGOL_TEST_SPARK_HOME names."""
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):
        main.__file__ = __file__  # a process of xdist has none, and Spark's client takes it for its own doctests
    if find_spec("pysail") is None or find_spec("pyspark") is None:
        pytest.skip("pysail and pyspark-client are not installed")
    with program("spark_cluster" if "DANGOL_TEST_SPARK_HOME" in os.environ else "sail_server") as port:
        yield f"sc://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    if url := os.environ.get("DANGOL_TEST_POSTGRES_URL"):
        return url
    pytest.skip("DANGOL_TEST_POSTGRES_URL names no PostgreSQL")


@pytest.fixture(scope="session", params=["clickhouse", "postgresql", "spark"])
def engine(request: pytest.FixtureRequest) -> Warehouse:
    if os.environ.get("DANGOL_TEST_STATE") == "postgres":
        pytest.skip("what keeps the shop's state makes no difference here")
    return warehouse(request.getfixturevalue(f"{request.param}_url"), SECONDS)
