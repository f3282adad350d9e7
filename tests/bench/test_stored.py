"""The shop that the benches stand on is one whose memberships are what its rules say, copies and all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dangol.bench import shop

AUDITED = """
import json, sys
from pathlib import Path
from dangol.bench import stored

stored.fill(Path(sys.argv[1]), customers=120, seed=1, segments=100, patterns=40)
from dangol.base.clock import SystemClock
from dangol.segment import auditing, audits
from dangol.segment.active import all_active

clock = SystemClock()
assert not audits.due(clock.now())
print(json.dumps([auditing.examine([one], clock) for one in all_active() if one.key in ("newsletter-a", "test-half")]))
"""


@pytest.mark.slow
def test_copies_of_customers_are_in_the_segments_their_own_lots_say(tmp_path: Path) -> None:
    shop.make(tmp_path)
    told = subprocess.run([sys.executable, "-c", AUDITED, tmp_path], capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == [[120, [], 0], [120, [], 0]]
