"""A scratch shop for a benchmark: made in a temporary folder, served on a free port, gone afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHILDREN = {b"loop", b"deliver", b"imports", b"segments", b"columns"}
DANGOL = [sys.executable, "-m", "dangol"]


@dataclass(frozen=True, slots=True)
class Served:
    """A running shop."""

    folder: Path
    host: str
    port: int
    write_key: str
    api_key: str
    pid: int

    def memory_mb(self) -> dict[str, int]:
        """Resident memory of the server's processes, in MB, by what each runs."""
        found: dict[str, int] = {}
        for name, pid in self._processes():
            with contextlib.suppress(OSError):
                if match := re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()):
                    found[name] = found.get(name, 0) + int(match[1]) // 1024
        return found

    def cpu_seconds(self) -> dict[str, float]:
        """What the server's processes have used so far, in seconds of a core, by what each runs."""
        found: dict[str, float] = {}
        for name, pid in self._processes():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                found[name] = found.get(name, 0.0) + (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return found

    def _processes(self) -> Iterator[tuple[str, int]]:
        for pid in [self.pid, *_descendants(self.pid)]:
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                child = words[-2].decode() if words[-2:] and words[-2] in CHILDREN else "web"
                yield "serve" if pid == self.pid else child, pid


def _descendants(pid: int) -> list[int]:
    children = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [d for child in children for d in _descendants(child)]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def make(folder: Path, timezone: str = "Asia/Seoul") -> tuple[str, str]:
    """A new shop in a folder; its write key and API key."""
    arguments = [
        "init",
        "--data",
        str(folder),
        "--owner",
        "owner@example.com",
        "--password-stdin",
        "--timezone",
        timezone,
    ]
    made = subprocess.run(  # noqa: S603 - our own command
        [*DANGOL, *arguments], input="a long enough password\n", capture_output=True, text=True, check=True
    )
    keys = json.loads(made.stdout.strip().splitlines()[-1])
    return keys["write_key"], keys["api_key"]


@contextlib.contextmanager
def served(prepared: Callable[[Path], None] = lambda _: None) -> Iterator[Served]:
    """A new shop, `prepared` and then served until the block ends."""
    with tempfile.TemporaryDirectory(prefix="dangol-bench-") as name:
        folder, port = Path(name), free_port()
        write_key, api_key = make(folder)
        prepared(folder)
        server = subprocess.Popen(  # noqa: S603 - our own command
            [*DANGOL, "serve", "--data", name, "--port", str(port)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DANGOL_LOG_LEVEL": "ERROR"},
        )
        try:
            assert server.stdout is not None  # noqa: S101 - asked for above
            while not server.stdout.readline().startswith("ready"):
                if server.poll() is not None:
                    raise RuntimeError("the server did not start")
            yield Served(folder, "127.0.0.1", port, write_key, api_key, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
            if server.stdout is not None:
                server.stdout.close()
