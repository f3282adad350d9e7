"""The libraries that run on a shop's servers, against a shop that is disturbed: every event exactly once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Disturb, Phoenix
from tests.clients.disturbing import BUSY, CRASH, ERROR, LOST_ANSWER, LOST_REQUEST, PASS, SLOW
from tests.clients.visits import Call, check, visit, visits

pytestmark = pytest.mark.skipif(
    os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default through its processes"
)
PROGRAMS = Path(__file__).parent / "programs"
PLAN = [LOST_ANSWER, PASS, BUSY, ERROR, SLOW, CRASH, PASS, LOST_REQUEST, LOST_ANSWER]


def run(command: list[str], address: str, key: str, calls: object) -> None:
    """A client's program, which ends when it believes that everything is told."""
    program = subprocess.run(
        [*command, address, key], input=json.dumps(calls), capture_output=True, text=True, timeout=90
    )
    assert program.returncode == 0, program.stdout[-3000:] + program.stderr[-3000:]


def drive(prefix: str, command: list[str], phoenix: Phoenix, disturb: Disturb, *more: str) -> None:
    calls = visits(prefix)
    with disturb(PLAN) as proxy:
        run([*command], proxy.address, phoenix.server.write_key, calls)
    phoenix.settle()
    assert proxy.spent == PLAN, "the client met every fault"
    check(phoenix.server, prefix, calls)


@pytest.mark.parametrize("program", ["segment_python", "rudder_python"])
def test_python(program: str, phoenix: Phoenix, disturb: Disturb) -> None:
    drive(program, [sys.executable, str(PROGRAMS / f"{program}.py")], phoenix, disturb)


@pytest.mark.parametrize("program", ["segment_node", "rudder_node"])
def test_node(program: str, node: str, phoenix: Phoenix, disturb: Disturb) -> None:
    drive(program, [node, str(PROGRAMS / f"{program}.mjs")], phoenix, disturb)


def visits_of_users(prefix: str, kinds: set[str]) -> list[Call]:
    """The calls of users whose name is known from the beginning, of these kinds."""
    return [
        {**call, "userId": call.get("userId", call.get("anonymousId", "").replace("anonymous", "user"))}
        for call in visits(prefix)
        if call["type"] in kinds
    ]


@pytest.mark.parametrize("program", ["posthog_python.py", "posthog_node.mjs"])
def test_posthog(program: str, node: str, phoenix: Phoenix, disturb: Disturb) -> None:
    prefix = program.partition(".")[0]
    calls = visits_of_users(prefix, {"identify", "track", "page", "group", "alias"})
    with disturb(PLAN[:7]) as proxy:
        runner = node if program.endswith("mjs") else sys.executable
        run([runner, str(PROGRAMS / program)], proxy.address, phoenix.server.write_key, calls)
    phoenix.settle()
    assert proxy.spent == PLAN[: len(proxy.spent)]
    check(phoenix.server, prefix, calls)


def test_jitsu(node: str, phoenix: Phoenix, disturb: Disturb) -> None:
    """It sends nothing twice, so it is only made to wait and told nothing."""
    calls = [call for call in visit("jitsu", 0) if call["type"] in {"identify", "track", "page"}]
    plan = [SLOW, PASS, LOST_ANSWER]
    with disturb(plan) as proxy:
        run([node, str(PROGRAMS / "jitsu_node.mjs")], proxy.address, phoenix.server.write_key, calls)
    assert proxy.spent == plan
    check(phoenix.server, "jitsu", calls)
