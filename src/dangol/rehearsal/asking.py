"""Asks for a rehearsal of a real shop's campaign or play, in a process of its own, and says what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from dangol.base.errors import DangolError, Fault, Invalid, NotFound
from dangol.base.instants import parse_instant
from dangol.base.settings import Settings
from dangol.campaign import steps as campaign
from dangol.campaign.folder import read_shape
from dangol.collect.log import open_log
from dangol.rehearsal import past
from dangol.segment import active
from dangol.strategy import steps as strategy

USUAL = timedelta(days=90)
Progress = Callable[[str, int, int | None], None]


class Failed(DangolError):
    """The rehearsal came to no end."""


def rehearse(
    what: str, begins: str, ends: str, settings: Settings, now: datetime, progress: Progress
) -> dict[str, Any]:
    """What a play, a campaign of the shop or a campaign's file would have done. Raises Invalid, NotFound, Failed."""
    until = _instant(ends, "/to") or now
    since = _instant(begins, "/from") or until - USUAL
    if since >= until:
        raise Invalid([Fault("/from", begins, "an instant before --to")])
    key, name, definition, audience = _meant(what)
    scene = past.scene(key, name, definition, since, until)
    if audience and audience["key"] not in {one["key"] for one in scene.segments}:
        scene.segments.append(audience)
    with TemporaryDirectory(prefix="dangol-rehearsal-") as name_of_folder:
        folder = Path(name_of_folder)
        with open_log(settings.folder) as log:
            past.spool(log, folder / "facts.jsonl", until, progress)
        (folder / "scene.json").write_bytes(msgspec.json.encode(scene))
        return _run(folder, progress)


def _instant(text: str, at: str) -> datetime | None:
    if not text:
        return None
    found = parse_instant(text, active.zone())
    if found is None:
        raise Invalid([Fault(at, repr(text), "an ISO 8601 instant such as 2026-09-01")])
    return found


def _meant(what: str) -> tuple[str, str, Mapping[str, Any], dict[str, Any] | None]:
    """Key, name and definition, and the segment that it brings along."""
    path = Path(what)
    if path.suffix in {".yaml", ".yml", ".json"}:
        shape = read_shape(path)
        campaign.check(shape["key"], {"name": shape["name"], "definition": shape["definition"]})
        return shape["key"], shape["name"], shape["definition"], None
    try:
        row = campaign.get(what)
    except NotFound:
        play = strategy.play(what)
        audience = dict(play.audience) if play.audience else None
        return play.key, play.name["en"], play.definition, audience
    return row.key, row.name, row.definition, None


def _run(folder: Path, progress: Progress) -> dict[str, Any]:
    command = [sys.executable, "-m", "dangol.rehearsal.replay", str(folder)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DANGOL_")}
    with (
        (folder / "told.json").open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True, env=environment) as child,  # noqa: S603
    ):
        said = []
        for line in child.stderr or ():
            if line.strip().isdecimal():
                progress("living through it again", int(line), 1000)
            else:
                said.append(line)
    if child.returncode:
        raise Failed("the rehearsal failed: " + "".join(said[-20:]).strip())
    told: dict[str, Any] = msgspec.json.decode((folder / "told.json").read_bytes())
    return told


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The report for people."""
    yield f"{told['campaign']}, from {told['begins']} to {told['ends']}: nothing was sent."
    yield f"{told['entered']:,} runs, {told['held_out']:,} held out, {told['under_way']:,} still under way at the end."
    for step, states in told["messages"].items():
        yield f"  {step}: " + ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
    for title, counts in (
        ("why runs ended", told["left"]),
        ("held back or refused", told["reasons"]),
        ("same customer, same day", told["conflicts"]),
        ("handed over by channel", told["channels"]),
        ("cost", told["cost"]),
    ):
        if counts:
            yield f"  {title}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    for one in told["who"][:20]:
        yield f"  {one['at']}  {one['customer']:30} {one['step']} {one['state']} {one['subject'] or one['why']}"
    if len(told["who"]) > 20:
        yield "  … --json has more of them"
