"""Many shops, in several processes: who wins how often, what is broken, and whether intervals hold what is true.

A worker is a process of its own: `python -m dangol.simulation.proving` with its work as JSON; a line per shop.
"""
# ruff: noqa: PLC0415 - Django's modules wait until the scratch shop stands

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from dangol.simulation.kinds import ORDINARY, draw, kind

MIXED = "mixed"  # every ordinary kind, one after another
POLICIES = ("nothing", "plain", "fixed", "dangol")
Z95 = 1.959964

Shop = tuple[str, int]  # kind, seed
Step = Callable[[str, int, int | None], None]


def shops(which: str, seeds: int, first: int = 1) -> list[Shop]:
    """The shops of a proof. Raises Invalid for a kind that there is not."""
    kinds = ORDINARY if which == MIXED else (kind(which).key,)
    return [(kinds[seed % len(kinds)], seed) for seed in range(first, first + seeds)]


def prove(
    wanted: Sequence[Shop], days: int, visitors: float, processes: int, *, system: bool, step: Step, keep: Path | None
) -> list[dict[str, Any]]:
    """Live through these shops; what was judged of each. `keep`: a file that takes each line at once; shops that stand
    in it are not lived through again.
    """
    waiting: SimpleQueue[Shop] = SimpleQueue()
    done = [one for one in _kept(keep) if _place(one) in {(*shop, days, visitors, system) for shop in wanted}]
    for shop in wanted:
        if (*shop, days, visitors, system) not in map(_place, done):
            waiting.put(shop)
    lock = threading.Lock()

    def took(line: str) -> None:
        with lock:
            done.append(json.loads(line))
            if keep is not None:
                with keep.open("a") as file:
                    file.write(line)
            step("shops lived through", len(done), len(wanted))

    def work() -> None:
        with _worker(days, visitors, system=system) as worker:
            assert worker.stdin is not None and worker.stdout is not None  # noqa: S101 - asked for
            while not waiting.empty():
                worker.stdin.write(json.dumps(waiting.get_nowait()) + "\n")
                worker.stdin.flush()
                line = worker.stdout.readline()
                if not line:
                    raise RuntimeError(f"a simulation ended with status {worker.wait()}")
                took(line)
            worker.stdin.close()

    step("shops lived through", len(done), len(wanted))
    with ThreadPoolExecutor(processes) as pool:
        for one in [pool.submit(work) for _ in range(processes)]:
            one.result()
    return sorted(done, key=lambda one: (one["seed"], one["kind"]))


def _kept(file: Path | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file and file.exists() else []


def _place(told: Mapping[str, Any]) -> tuple[str, int, int, float, bool]:
    return told["kind"], told["seed"], told["days"], told["visitors"], "dangol" in told["margins"]


def _worker(days: int, visitors: float, *, system: bool) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dangol.simulation.proving", json.dumps([days, visitors, system])]
    quiet = {"POLARS_MAX_THREADS": "1", "DANGOL_LOG_LEVEL": "ERROR"}  # the processes share the cores among them
    return subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **quiet}
    )


def main(told: str) -> None:
    """A worker: reads a shop from each line of standard input, and tells what came of it in a line."""
    from dangol.base.process import die_with_parent
    from dangol.rehearsal.scratch import shop

    days, visitors, system = json.loads(told)
    die_with_parent()
    with shop():
        for line in sys.stdin:
            name, seed = json.loads(line)
            print(json.dumps(one(name, seed, days, visitors, system=system)), flush=True)


def one(name: str, seed: int, days: int, visitors: float, *, system: bool = True) -> dict[str, Any]:
    """One shop lived through in the scratch database that stands, which is left as it was."""
    from django.db import transaction

    from dangol.simulation import driving
    from dangol.simulation.judging import judge

    world = draw(kind(name), seed, days, visitors)
    with tempfile.TemporaryDirectory(prefix="dangol-simulated-") as folder, transaction.atomic():
        ran = driving.live(world, Path(folder)) if system else None
        told = judge(world, ran, ran.crowd if ran else driving.crowd(world)).told()
        transaction.set_rollback(True)
    return told


# --- what they show together ----------------------------------------------------------------------------------------


def summary(judged: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Margins by policy, wins, limits broken, coverage and false alarms."""
    policies = [name for name in POLICIES if judged and name in judged[0]["margins"]]
    told: dict[str, Any] = {
        "shops": len(judged),
        "kinds": dict(Counter(one["kind"] for one in judged)),
        "margin_over_nothing_percent": {name: _gain(judged, name) for name in policies if name != "nothing"},
        "by_kind": _by_kind(judged, policies),
        "letters": {name: round(sum(one["letters"][name] for one in judged) / len(judged), 1) for name in policies},
        "orders": {name: round(sum(one["orders"][name] for one in judged) / len(judged), 1) for name in policies},
        "left": {name: sum(one["left"][name] for one in judged) for name in policies},
    }
    if "dangol" not in policies:
        return told
    rivals = [name for name in policies if name != "dangol"]
    wins = {name: [_wins(one, name) for one in judged] for name in rivals}
    wins["nothing and fixed"] = [_wins(one, "nothing") and _wins(one, "fixed") for one in judged]
    claims = [claim | {"kind": one["kind"]} for one in judged for claim in one["claims"]]
    told |= {
        "wins": {name: share(sum(found), len(found)) for name, found in wins.items()},
        "limits_broken": sum(len(one["broken"]) for one in judged),
        "coverage": dict(_coverage(claims)),
        "found": _found(claims),
        "sent": dict(sum((Counter(one["sent"]) for one in judged), Counter[str]()).most_common()),
    }
    return told


def _gain(judged: Sequence[Mapping[str, Any]], policy: str) -> dict[str, float]:
    """By how many per cent a policy's margin lies above that of silence: mean and middle shop, worst and best."""
    gains = sorted(100 * (one["margins"][policy] / one["margins"]["nothing"] - 1) for one in judged)
    mean, middle = sum(gains) / len(gains), gains[len(gains) // 2]
    return {
        "mean": round(mean, 2),
        "median": round(middle, 2),
        "least": round(gains[0], 2),
        "most": round(gains[-1], 2),
    }


def _by_kind(judged: Sequence[Mapping[str, Any]], policies: Sequence[str]) -> dict[str, dict[str, float]]:
    """Mean gains over silence, in per cent, kind by kind."""
    kinds = sorted({one["kind"] for one in judged})
    some = {name: [one for one in judged if one["kind"] == name] for name in kinds}
    return {
        name: {policy: _gain(some[name], policy)["mean"] for policy in policies if policy != "nothing"}
        for name in kinds
    }


def _wins(one: Mapping[str, Any], over: str) -> bool:
    return bool(one["margins"]["dangol"] > one["margins"][over])


def _coverage(claims: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for of in ("conversions", "revenue", "margin"):
        some = [claim for claim in claims if claim["of"] == of]
        yield of, share(sum(_holds(claim) for claim in some), len(some))
    yield "all", share(sum(_holds(claim) for claim in claims), len(claims))


def _found(claims: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Intervals that leave zero out: on the side where the truth is, or not."""
    clear = [claim for claim in claims if claim["low"] > 0 or claim["high"] < 0]
    right = sum(claim["truth"] * (1 if claim["low"] > 0 else -1) > 0 for claim in clear)
    return {"clear": len(clear), "right": right, "false_alarms": len(clear) - right}


def _holds(claim: Mapping[str, Any]) -> bool:
    slack = 1e-9 * max(abs(claim["low"]), abs(claim["high"]), 1.0)
    return bool(claim["low"] - slack <= claim["truth"] <= claim["high"] + slack)


def share(count: int, of: int) -> dict[str, Any]:
    """A share with its 95 % interval after Wilson (1927); empty of nothing."""
    if not of:
        return {"count": 0, "of": 0, "share": None, "low": None, "high": None}
    rate = count / of
    middle = (rate + Z95**2 / (2 * of)) / (1 + Z95**2 / of)
    half = Z95 / (1 + Z95**2 / of) * math.sqrt(rate * (1 - rate) / of + Z95**2 / (4 * of**2))
    ends = (round(max(middle - half, 0), 4), round(min(middle + half, 1), 4))
    return {"count": count, "of": of, "share": round(rate, 4), "low": ends[0], "high": ends[1]}


if __name__ == "__main__":
    main(sys.argv[1])
