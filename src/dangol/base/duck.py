"""DuckDB as this house uses it: in memory, with a bound on it, spilling into the data folder and nowhere else."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

SHARE = 0.4  # of the machine's memory that one question may take
LEAST = 256 * 1024 * 1024
_numbers = itertools.count()


@contextlib.contextmanager
def connected(spill: Path, *, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of one's own; what does not fit into its memory lies in a folder under `spill` until it ends.

    Nothing is fetched from anywhere: extensions that are not built in do not exist for it.
    """
    folder = spill / f"{os.getpid()}-{next(_numbers)}"
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory() // 1024}KiB",
        "temp_directory": str(folder),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    if threads:
        config["threads"] = threads
    try:
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute("SET enable_progress_bar = false")
            yield connection
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def quoted(texts: Iterable[object]) -> str:
    """Texts or paths as SQL writes them, between commas."""
    return ", ".join("'" + str(text).replace("'", "''") + "'" for text in texts)


def memory() -> int:
    """The bytes that one question may take."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(int(whole * SHARE), LEAST)


def sweep(spill: Path) -> None:
    """Delete what processes that are no more have left behind: it may name people."""
    for folder in spill.glob("*-*"):
        pid = folder.name.partition("-")[0]
        if pid.isdigit() and int(pid) != os.getpid() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
