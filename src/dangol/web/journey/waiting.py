"""Waiting as controls: some time, until an hour, until a day that a trait names, until the customer's best hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.web.builder.controls import Words
from dangol.web.journey.fields import Field, get

Json = Any
KINDS: Words = {
    "none": _("no waiting"),
    "span": _("some time"),
    "hour": _("until an hour"),
    "date": _("until a day of the customer's"),
    "best_hour": _("until the customer's best hour"),
}
DAYS: Words = {
    "mon": _("Mon"),
    "tue": _("Tue"),
    "wed": _("Wed"),
    "thu": _("Thu"),
    "fri": _("Fri"),
    "sat": _("Sat"),
    "sun": _("Sun"),
}
UNITS: Words = {"s": _("seconds"), "m": _("minutes"), "h": _("hours"), "d": _("days"), "w": _("weeks")}
BEGINS: dict[str, Json] = {
    "none": None, "span": "1d", "hour": {"hour": "10:00"}, "best_hour": {"best_hour": True},
    "date": {"date": "birthday", "hour": "09:00", "yearly": True},
}  # fmt: skip


def kind_of(wait: Json) -> str:
    if wait is None:
        return "none"
    if not isinstance(wait, Mapping):
        return "span"
    return next((word for word in ("date", "best_hour") if word in wait), "hour")


def fields(step: Json, *, optional: bool) -> list[Field]:
    """The controls of a step's waiting."""
    kind = kind_of(get(step, "wait"))
    kinds = KINDS if optional else {word: label for word, label in KINDS.items() if word != "none"}
    chosen = Field("wait.?", "choice", _("Wait before it") if optional else _("Wait"), kinds, remakes=True, reads=kind)
    if kind == "span":
        return [chosen, Field("wait", "span", _("How long"), stays=True)]
    if kind == "hour":
        days = Field("wait.days", "days", _("On"), DAYS, hint=_("on any day where none is chosen"))
        return [chosen, Field("wait.hour", "hour", _("At"), hint=_("the customer's own clock"), stays=True), days]
    return [chosen, *day_fields("wait")] if kind == "date" else [chosen]


def day_fields(path: str) -> list[Field]:
    """The controls of a day that a trait names."""
    return [
        Field(
            f"{path}.date", "text", _("Trait"), hint=_("such as birthday or renewal_date"), suggest="traits", stays=True
        ),
        Field(f"{path}.offset", "span", _("Shifted by"), hint=_("a minus is before it")),
        Field(f"{path}.hour", "hour", _("At"), default="09:00"),
        Field(f"{path}.yearly", "flag", _("every year"), default=False),
    ]
