"""How fast a broadcast is planned: from the members of a segment to messages in the ledger, each asked of the gate.

The loop's own turns do it, one transaction each, while another campaign has messages due: how long those wait for the
broadcast says whether it leaves room for others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from dangol.bench.shop import make


def run(customers: int = 200_000, others: int = 500) -> dict[str, Any]:
    """Plan a broadcast to `customers`, while `others` messages of another campaign are due; how fast that was."""
    with tempfile.TemporaryDirectory(prefix="dangol-bench-") as name:
        make(Path(name))
        told = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "dangol.bench.broadcasting", str(customers), str(others)],
            env={**os.environ, "DANGOL_DATA": name, "DANGOL_LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return {"bench": "broadcast", "customers": customers, **json.loads(told.stdout.strip().splitlines()[-1])}
