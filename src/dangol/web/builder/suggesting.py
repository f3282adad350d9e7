"""Suggestions for the form, each with how often it is there, out of the shop's own facts, segments and campaigns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from dangol.campaign import steps as campaign
from dangol.profile import reads as people
from dangol.profile import suggestions as profile
from dangol.profile import topics
from dangol.profile.models import Consent
from dangol.profile.suggestions import Paths, Sample, ranked
from dangol.segment import lists
from dangol.segment import reads as segment
from dangol.survey.models import Survey
from dangol.web.wording import campaign_name, segment_name, word

MOST, CUSTOMERS_MOST = 40, 8
LOOKED_AT = 500  # consents, newest first
CHANNELS = ("email", "sms", "phone", "push", "webpush", "kakao")
PURPOSES = ("marketing",)
OF_THE_FACT = ("$timestamp", "$name", "$type")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for: the control's source, where it stands, and what was typed so far."""

    source: str
    typed: str = ""
    event: str = ""  # whose properties
    path: str = ""  # whose values
    item: str = ""  # the list inside which the path stands


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One value to choose."""

    value: Any
    label: str = ""  # what it is called, where that is another word
    count: int | None = None  # how often it is there, about; empty where nobody counted

    def as_json(self) -> dict[str, Any]:
        return {"value": self.value, "label": self.label, "count": self.count}


def suggest(question: Question) -> list[Suggestion]:
    """The most frequent that hold what was typed; none for a source that is unknown."""
    source = SOURCES.get(question.source)
    return source(question)[:MOST] if source else []


def _events(question: Question) -> list[Suggestion]:
    sample = profile.sample()
    return _counted(sample.events.items(), question.typed, sample.scale)


def _properties(question: Question) -> list[Suggestion]:
    sample = profile.sample()
    if question.item:
        return _paths(_inside(sample, question), question.typed, sample.scale)
    found = _paths(sample.paths(question.event), question.typed, sample.scale)
    context = {f"$context.{path}": seen for path, seen in sample.context.items()}
    of_the_fact = [Suggestion(path) for path in OF_THE_FACT if question.typed.casefold() in path]
    return found + of_the_fact + (_paths(context, question.typed, sample.scale) if "$" in question.typed else [])


def _values(question: Question) -> list[Suggestion]:
    sample = profile.sample()
    if question.item:
        paths = _inside(sample, question)
    elif question.path.startswith("$context."):
        return _of_path(sample.context, question.path.removeprefix("$context."), question.typed, sample.scale)
    else:
        paths = sample.paths(question.event)
    return _of_path(paths, question.path, question.typed, sample.scale)


def _inside(sample: Sample, question: Question) -> Paths:
    """The paths inside the objects of the list at `item`; lists in lists follow each other behind line breaks."""
    paths = sample.paths(question.event) if question.event else sample.traits
    for step in question.item.split("\n"):
        seen = paths.get(step)
        paths = (seen.items if seen else None) or {}
    return paths


def _traits(question: Question) -> list[Suggestion]:
    sample = profile.sample()
    return _paths(sample.traits, question.typed, 1.0)


def _trait_values(question: Question) -> list[Suggestion]:
    sample = profile.sample()
    if question.item:
        return _of_path(_inside(sample, question), question.path, question.typed, 1.0)
    return _of_path(sample.traits, question.path, question.typed, 1.0)


def _paths(paths: Paths, typed: str, scale: float) -> list[Suggestion]:
    return _counted(((path, seen.count) for path, seen in paths.items()), typed, scale)


def _of_path(paths: Paths, path: str, typed: str, scale: float) -> list[Suggestion]:
    seen = paths.get(path)
    if seen is None:
        return []
    told = ((json.loads(written), count) for written, count in seen.values.items())
    return _counted(told, typed, scale)


def _counted(counts: Iterable[tuple[Any, int]], typed: str, scale: float) -> list[Suggestion]:
    return [Suggestion(one, count=round(count * scale)) for one, count in ranked(counts, typed, MOST)]


def _segments(question: Question) -> list[Suggestion]:
    rows = [(Suggestion(row.key, segment_name(row), size)) for row, size in segment.active()]
    return _named(rows, question.typed)


def _lists(question: Question) -> list[Suggestion]:
    return _named([Suggestion(row.key, row.name) for row in lists.everything()], question.typed)


def _topics(question: Question) -> list[Suggestion]:
    language = get_language() or "en"
    rows = [Suggestion(row.key, topics.called(row, language)) for row in topics.everything()]
    return _named(rows, question.typed)


def _campaigns(question: Question) -> list[Suggestion]:
    return _named([Suggestion(row.key, campaign_name(row)) for row in campaign.everyone()], question.typed)


def _campaign_steps(question: Question) -> list[Suggestion]:
    found = {
        step.get("key", "")
        for row in campaign.everyone()
        if question.event in {"", row.key}
        for step in row.definition.get("steps", [])
    }
    return _named([Suggestion(key) for key in sorted(found - {""})], question.typed)


def _surveys(question: Question) -> list[Suggestion]:
    return _named([Suggestion(key) for key in Survey.objects.values_list("key", flat=True)], question.typed)


def _customers(question: Question) -> list[Suggestion]:
    rows = people.search(question.typed, limit=CUSTOMERS_MOST)
    return [Suggestion(row.customer_id, row.name or row.email or row.user_id or f"#{row.customer_id}") for row in rows]


def _channels(question: Question) -> list[Suggestion]:
    known = _newest_consents("channel")
    keys = [*CHANNELS, *sorted(known - set(CHANNELS))]
    return _named([Suggestion(key, word(key)) for key in keys], question.typed)


def _purposes(question: Question) -> list[Suggestion]:
    known = _newest_consents("purpose")
    return _named([Suggestion(key) for key in sorted({*PURPOSES, *known})], question.typed)


def _newest_consents(column: str) -> set[str]:
    return set(Consent.objects.order_by("-pk").values_list(column, flat=True)[:LOOKED_AT])


def _of_facts(event: str, path: str) -> Callable[[Question], list[Suggestion]]:
    def suggested(question: Question) -> list[Suggestion]:
        sample = profile.sample()
        return _of_path(sample.paths(event), path, question.typed, sample.scale)

    return suggested


def _named(rows: list[Suggestion], typed: str) -> list[Suggestion]:
    text = typed.casefold().strip()
    return [row for row in rows if text in str(row.value).casefold() or text in row.label.casefold()]


SOURCES: dict[str, Callable[[Question], list[Suggestion]]] = {
    "events": _events,
    "property": _properties,
    "value": _values,
    "traits": _traits,
    "trait": _trait_values,
    "segments": _segments,
    "campaign": _campaigns,
    "step": _campaign_steps,
    "variant": _of_facts("Message Sent", "variant"),
    "channel": _channels,
    "channels": _channels,
    "purposes": _purposes,
    "surveys": _surveys,
    "customers": _customers,
    "topics": _topics,
    "lists": _lists,
}
