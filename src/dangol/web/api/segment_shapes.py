"""What the API takes and gives about segments, lists kept by hand and topics."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from dangol.web.api.shapes import FaultShown, Strict


class Computing(Schema):
    state: str = Field(description="queued, running or failed")
    done: int = Field(description="customers, of `of`")
    of: int
    started_at: datetime | None
    finished_at: datetime | None


class SegmentShown(Schema):
    key: str
    name: str
    state: str = Field(description="draft, active or archived")
    where: Any
    version: int
    updated_at: datetime
    words: dict[str, str] = Field(description="the rule in a sentence, by language")
    computing: Computing | None = Field(description="while its members are those of the version before; null otherwise")


class SizeShown(Schema):
    on: date = Field(description="a day of the shop's calendar")
    size: int = Field(description="members when it ended, or now")
    entered: int
    left: int


class Sizes(Schema):
    segment: str
    days: list[SizeShown] = Field(description="the oldest first, today the last")


class ListShown(Schema):
    key: str
    name: str
    created_at: datetime
    updated_at: datetime
    size: int = Field(description="customers on it")


class ListNamed(Strict):
    name: str = Field(min_length=1, max_length=200)


class ListChange(Strict):
    add: list[str] = Field([], description="customer ids, or kind:value such as userId:42")
    remove: list[str] = Field([], description="likewise")


class ListChanged(Schema):
    added: int
    removed: int
    unknown: list[FaultShown] = Field(description="entries that lead to nobody; everything else was done")


class TopicShown(Schema):
    key: str
    name: dict[str, str] = Field(description="what customers read, by language")
    description: dict[str, str] = Field(description="a sentence more, by language")
    kind: str = Field(description="opt_in: who said yes is subscribed; opt_out: who did not say no")
    place: int = Field(description="where customers see it among the others")
    archived: bool = Field(description="offered to nobody any more")
    created_at: datetime
    updated_at: datetime
    size: int = Field(description="customers subscribed to it")


class TopicTold(Strict):
    name: dict[str, str] = Field(description="by language, at least one")
    description: dict[str, str] = Field({}, description="by language")
    kind: Literal["opt_in", "opt_out"] = "opt_in"
    place: int | None = Field(None, description="0 is the first; a new one without comes last")


class ReadyShown(Schema):
    key: str
    group: str
    name: dict[str, str] = Field(description="by language")
    purpose: dict[str, str] = Field(alias="for", description="what it is for, by language")
    where: Any
    asks: dict[str, dict[str, str]] = Field(description="what has to be filled in: name → question by language")
    suggestions: dict[str, list[str]] = Field(description="name → what the shop's own orders suggest")


class Adoption(Strict):
    values: dict[str, str] = Field({}, description="what it asks for, by name")
    state: Literal["draft", "active"] = "active"
    language: Literal["en", "ko"] = Field("en", description="of its name")
