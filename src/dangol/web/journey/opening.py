"""How customers come in, what the campaign is for, and when it is left early: as controls of the whole definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.web.builder.controls import Words
from dangol.web.journey import conditions, waiting
from dangol.web.journey.fields import Field, get

Json = Any
ENTRY, GOAL, EXIT, SETTINGS = "@entry", "@goal", "@exit", "@settings"  # what can be opened besides steps
WAYS_IN: Words = {
    "segment": _("somebody enters a segment"),
    "fact": _("a fact arrives"),
    "date": _("a day of the customer's comes"),
    "schedule": _("again and again, by the calendar"),
    "broadcast": _("once, to everybody in a segment"),
    "api": _("another system says so"),
}
BEGINS: dict[str, dict[str, Json]] = {
    "segment": {"segment": ""}, "fact": {"fact": "Order Completed"}, "api": {"api": True},
    "date": {"date": "birthday", "yearly": True}, "broadcast": {"broadcast": "", "segment": ""},
    "schedule": {"schedule": "FREQ=WEEKLY;BYDAY=MO", "start": "", "segment": ""},
}  # fmt: skip
AGAIN: Words = {
    "each": _("each time"),
    "never": _("never again"),
    "not_while_inside": _("not while inside"),
    "after": _("only after a while"),
}
NONE_FACT_RULE: Words = {"none": _("none"), "fact": _("a fact arrives"), "rule": _("a rule holds")}


def way_in(definition: Json) -> str:
    told = get(definition, "entry")
    told = told if isinstance(told, Mapping) else {}
    return next((word for word in WAYS_IN if word in told and word != "segment"), "segment")


def entry_fields(definition: Json, known: Mapping[str, Words]) -> list[Field]:
    kind, segments = way_in(definition), known.get("segments", {})
    chosen = Field("entry.?", "choice", _("Comes in when"), WAYS_IN, remakes=True, reads=kind)
    of_whom = Field("entry.segment", "choice", _("Who is in"), segments, stays=True)
    own = {
        "segment": [Field("entry.segment", "choice", _("Segment"), segments, stays=True)],
        "fact": [
            Field("entry.fact", "text", _("Fact"), suggest="events", stays=True),
            Field("entry.where", "yaml", _("Only where"), hint=conditions.WHERE_HINT),
            Field("entry.key", "text", _("One run for each"), hint=_("a property such as cart_id or order_id")),
        ],
        "date": [*waiting.day_fields("entry"), Field("entry.segment", "choice", _("Only who is in"), _open(segments))],
        "schedule": [
            Field("entry.schedule", "repeat", _("Every"), hint=_("times are the shop's"), stays=True),
            Field("entry.start", "moment", _("First on"), stays=True),
            of_whom,
        ],
        "broadcast": [Field("entry.broadcast", "moment", _("At"), hint=_("times are the shop's"), stays=True), of_whom],
        "api": [Field("entry.key", "text", _("One run for each"), hint=_("a property of what it tells"))],
    }[kind]
    return [chosen, *own, *_again(definition), *_history(kind)]


def _open(segments: Words) -> Words:
    return {"": _("everybody"), **segments}


def _again(definition: Json) -> list[Field]:
    told = get(definition, "entry.again")
    how = "after" if isinstance(told, Mapping) else str(told or "each")
    found = [Field("entry.again.?", "choice", _("Comes in again"), AGAIN, remakes=True, reads=how)]
    return [*found, Field("entry.again.after", "span", _("After"))] if how == "after" else found


def _history(kind: str) -> list[Field]:
    if kind == "segment":
        return [Field("include_existing", "flag", _("also who is in it already, when it begins"), default=False)]
    return (
        [Field("backfill", "span", _("Also facts of the last"), hint=_("when it begins; empty: none"))]
        if kind == "fact"
        else []
    )


def goal_fields(definition: Json, known: Mapping[str, Words]) -> list[Field]:
    found = _condition(definition, "goal", _("The goal"))
    if get(definition, "goal") is not None:
        found.append(Field("goal.within", "span", _("Counts within"), default="7d"))
        found.append(Field("exit_on_goal", "flag", _("who reaches it hears no more"), default=True))
    return found


def exit_fields(definition: Json, known: Mapping[str, Words]) -> list[Field]:
    return _condition(definition, "exit", _("Left early when"))


def _condition(definition: Json, word: str, label: Any) -> list[Field]:
    told = get(definition, word)
    kind = "none" if told is None else "rule" if get(told, "rule") is not None else "fact"
    chosen = Field(f"{word}.?", "choice", label, NONE_FACT_RULE, remakes=True, reads=kind)
    return [chosen] if kind == "none" else [chosen, *conditions.fields(word, definition, what=kind)[1:]]


def settings_fields(definition: Json, known: Mapping[str, Words]) -> list[Field]:
    return [
        Field(
            "holdout_percent", "number", _("Left alone, in per cent"), hint=_("to measure what it brings"), default=0
        ),
        Field("shop_holdout", "flag", _("leave out whoever the shop leaves alone everywhere"), default=True),
    ]


FIELDS = {ENTRY: entry_fields, GOAL: goal_fields, EXIT: exit_fields, SETTINGS: settings_fields}
