"""`dangol simulate`: shops whose truth is known, lived through by the real loop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dangol.terminal import AsJson, show


def simulate(
    kind: Annotated[str, typer.Option(help="A kind of shop, or mixed: every ordinary kind in turn.")] = "mixed",
    days: Annotated[int, typer.Option(min=1, help="How long each shop lives.")] = 90,
    seeds: Annotated[int, typer.Option(min=1, help="How many shops; each seed is another.")] = 10,
    first: Annotated[int, typer.Option(min=0, help="The first seed.")] = 1,
    visitors: Annotated[float, typer.Option(min=0.1, help="Newcomers a day.")] = 20.0,
    policy: Annotated[
        str, typer.Option(help="all, or rivals: sending nothing and the fixed set-up only, without our system.")
    ] = "all",
    processes: Annotated[int, typer.Option(min=1, help="How many shops are lived through at a time.")] = 2,
    keep: Annotated[
        Path | None,
        typer.Option(help="A file that takes each shop's result as a line of JSON; those in it are not done again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Live through simulated shops whose truth is known, from the first visitor on, and say who earned most.

    An owner who only accepts what is proposed, against sending nothing and against a fixed set-up; whether contact
    limits held, and whether the harvest's intervals hold what is true.
    """
    from dangol.base.errors import Fault, Invalid
    from dangol.simulation import proving
    from dangol.terminal import progress

    if policy not in ("all", "rivals"):
        raise Invalid([Fault("--policy", policy, "all or rivals")])
    wanted = proving.shops(kind, seeds, first)
    with progress(as_json) as step:
        judged = proving.prove(
            wanted, days, visitors, min(processes, seeds), system=policy == "all", step=step, keep=keep
        )
    told = proving.summary(judged)
    show(told, as_json, *lines(told))


def lines(told: dict[str, Any]) -> list[str]:
    """A summary for people."""
    said = [f"{told['shops']} shops: {', '.join(f'{n} {kind}' for kind, n in told['kinds'].items())}"]
    for policy, gain in told["margin_over_nothing_percent"].items():
        ends = f"from {gain['least']:+.1f} to {gain['most']:+.1f}"
        said.append(f"{policy}: margin {gain['mean']:+.2f} % over sending nothing on average, {ends}")
    for kind, gains in told["by_kind"].items():
        said.append(f"  {kind}: " + ", ".join(f"{policy} {gain:+.2f} %" for policy, gain in gains.items()))
    for rival, won in told.get("wins", {}).items():
        said.append(f"earned more than {rival}: {of(won)}")
    if "coverage" in told:
        said += [f"95 % intervals that hold the truth, {what}: {of(held)}" for what, held in told["coverage"].items()]
        found = told["found"]
        said.append(f"intervals that leave zero out: {found['clear']}, of which wrongly: {found['false_alarms']}")
        said.append(f"contact limits broken: {told['limits_broken']}")
    return said


def of(share: dict[str, Any]) -> str:
    """A share with its interval, in words."""
    if share["share"] is None:
        return "none"
    ends = f"{100 * share['low']:.1f} to {100 * share['high']:.1f}"
    return f"{share['count']} of {share['of']} ({100 * share['share']:.1f} %; {ends})"
