"""What the bench of the live path says of a long history, summed up and not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

BENCH = """
import json, sys
from dangol.bench import live

live.LONG = (1_200,)
print(json.dumps(live.run(customers=50, facts=20, batch=20, rounds=1, summed=sys.argv[1] == "summed")))
"""


def bench(how: str) -> dict[str, Any]:
    told = subprocess.run([sys.executable, "-c", BENCH, how], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@pytest.mark.slow
def test_only_what_is_summed_up_is_kept_beside_a_history() -> None:
    assert bench("summed")["summary_with_1200_facts_kb"] > 0
    assert bench("unsummed")["summary_with_1200_facts_kb"] == 0
