"""How many planned messages a second leave: from the ledger to a mail server on this machine, which counts them.

Each message is personalised, asks the gate twice, and has its row in the ledger on disk before and after it leaves.
The delivery worker runs as `dangol serve` runs it; the mail server shares its cores.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dangol.bench.shop import make


def run(messages: int = 20_000, *, signed: bool = False, workers: int = 1) -> dict[str, object]:
    """Plan `messages`, hand all of them over and say how fast that was."""
    with tempfile.TemporaryDirectory(prefix="dangol-bench-") as name:
        folder = Path(name)
        make(folder)
        sink = _start([sys.executable, "-m", "dangol.bench.sink"], os.environ.copy())
        environment = _environment(folder, int(_line(sink)), signed=signed)
        planned = _planned(environment, messages)
        started, seen = _work(environment, workers)
        got = json.loads(sink.communicate("")[0])
    seconds = max(got["last_at"] - started, 0.001)
    cpu = got["cpu_seconds"] + sum(one["cpu_seconds"] for one in seen)
    return {
        "bench": "send",
        "messages": messages,
        "signed": signed,
        "workers": workers,
        "arrived": got["messages"],
        "each_once": got["distinct"] == got["messages"] == messages,
        "signed_arrived": got["signed"],
        "states": seen[0]["states"],
        "octets_per_message": round(got["octets"] / max(got["messages"], 1)),
        "seconds": round(seconds, 2),
        "messages_per_second": round(got["messages"] / seconds),
        "cpu_us_per_message": {
            "workers": round(1e6 * (cpu - got["cpu_seconds"]) / max(got["messages"], 1)),
            "mail_server": round(1e6 * got["cpu_seconds"] / max(got["messages"], 1)),
        },
        "planned_per_second": planned["planned_per_second"],
    }


def _environment(folder: Path, port: int, *, signed: bool) -> dict[str, str]:
    return {
        **os.environ,
        "DANGOL_DATA": str(folder),
        "DANGOL_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "DANGOL_SMTP_STARTTLS": "false",
        "DANGOL_DOMAIN_CHECK": "0",  # nobody publishes anything for shop.example
        "DANGOL_WARM_UP": "0",  # all its customers have their mailboxes at one domain
        "DANGOL_RECEIVING_RATE": "0",
        "DANGOL_DKIM_SELECTOR": "bench" if signed else "",
        "DANGOL_LOG_LEVEL": "ERROR",
    }


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own modules
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None  # noqa: S101 - asked for above
    line = child.stdout.readline()
    if not line:
        raise RuntimeError("a process of the bench ended before it was ready")
    return line


def _planned(environment: dict[str, str], messages: int) -> dict[str, Any]:
    child = _start([sys.executable, "-m", "dangol.bench.sending", "plan", str(messages)], environment)
    told: dict[str, Any] = json.loads(_line(child))
    child.communicate()
    return told


def _work(environment: dict[str, str], workers: int) -> tuple[float, list[dict[str, Any]]]:
    """Let the workers begin together; when they did (time.time()), and what each of them tells at the end."""
    children = [_start([sys.executable, "-m", "dangol.bench.sending", "work"], environment) for _ in range(workers)]
    for child in children:
        _line(child)
    started = time.time()
    for child in children:
        assert child.stdin is not None  # noqa: S101 - asked for above
        child.stdin.write("go\n")
        child.stdin.flush()
    return started, [json.loads(child.communicate()[0].strip().splitlines()[-1]) for child in children]
