"""What a definition speaks of that has to be there before it runs: segments, lists, topics, campaigns that do not lead
back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dangol.base.errors import Fault
from dangol.campaign import coupons, trails
from dangol.campaign.definition import Definition
from dangol.campaign.models import Campaign
from dangol.profile import topics
from dangol.segment import lists
from dangol.segment import steps as segment
from dangol.segment.models import Segment
from dangol.segment.referring import What


def faults(campaign: str, written: Mapping[str, Any], definition: Definition, at: str) -> Iterator[Fault]:
    """What is missing, and what would go round in circles, with its place."""
    key = definition.entry.segment
    if key and not Segment.shown.filter(key=key, state="active").exists():
        yield Fault(f"{at}/entry/segment", key, "the key of an active segment")
    for pointer, rule in rules(written, at):
        yield from segment.check_rule(rule, pointer)
    for pointer, step in steps(written.get("steps"), f"{at}/steps"):
        wanted = (step.get("change") or {}).get("list")
        if wanted and not any(row.key == wanted for row in lists.everything()):
            yield Fault(f"{pointer}/change/list", wanted, "the key of a list")
    yield from topics.faults(_topics(written, at))
    for pointer, other in _campaigns(written, at):
        if not Campaign.objects.filter(key=other).exists():
            yield Fault(pointer, other, "the key of a campaign")
    places = {step.get("key"): pointer for pointer, step in steps(written.get("steps"), f"{at}/steps")}
    yield from coupons.faults(definition, places)
    for place, what, way in trails.circles(campaign, definition):
        allowed = f"what does not begin this campaign again: {' → '.join([campaign, *way])}"
        yield Fault(places[place], what, allowed)


def rules(written: Mapping[str, Any], at: str) -> Iterator[tuple[str, Any]]:
    """Every rule of a definition as it was written, with its place."""
    for word in ("goal", "exit"):
        if isinstance(written.get(word), Mapping) and "rule" in written[word]:
            yield f"{at}/{word}/rule", written[word]["rule"]
    for pointer, step in steps(written.get("steps"), f"{at}/steps"):
        for word in ("wait_for", "split"):
            told = step.get(word) or {}
            if "rule" in told:
                yield f"{pointer}/{word}/rule", told["rule"]
            for number, branch in enumerate(told.get("branches") or []):
                if "rule" in branch:
                    yield f"{pointer}/{word}/branches/{number}/rule", branch["rule"]


def _campaigns(written: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    for pointer, step in steps(written.get("steps"), f"{at}/steps"):
        if "go_to" in step:
            yield f"{pointer}/go_to", step["go_to"]


def steps(written: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every step as it was written, with its place, those below others too."""
    for number, step in enumerate(written or []):
        yield f"{at}/{number}", step
        for word in ("wait_for", "split"):
            told = step.get(word) or {}
            yield from steps(told.get("otherwise"), f"{at}/{number}/{word}/otherwise")
            for ways in ("branches", "shares"):
                for n, one in enumerate(told.get(ways) or []):
                    yield from steps(one.get("steps"), f"{at}/{number}/{word}/{ways}/{n}/steps")


def named_in(written: Mapping[str, Any], what: What) -> set[str]:
    """The segments or topics that a definition names anywhere."""
    told = [*rules(written, ""), ("", written.get("entry"))]
    found = set(_named(json.loads(json.dumps(told)), what))
    return found | set(_topics(written, "").keys()) if what == "topic" else found


def _topics(written: Mapping[str, Any], at: str) -> dict[str, str]:
    """The topics that steps write about or change, and where."""
    return {
        told["topic"]: f"{pointer}/{act}/topic"
        for pointer, step in steps(written.get("steps"), f"{at}/steps")
        for act in ("send", "ask", "change")
        if isinstance(told := step.get(act), Mapping) and isinstance(told.get("topic"), str)
    }


def _named(node: Any, what: str) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get(what), str):
            yield node[what]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _named(one, what)
