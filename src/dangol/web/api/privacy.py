"""The rights of persons over the API: copies, corrections, restriction, erasure, and the register of requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dangol.identity import steps as identity
from dangol.privacy import requests as register
from dangol.privacy import steps as privacy
from dangol.privacy.models import Request
from dangol.privacy.requests import Asked
from dangol.profile import consents, topics
from dangol.profile.models import ConsentChange
from dangol.web import guard, paper
from dangol.web.api.lists import Page, Paging, page, whole
from dangol.web.api.parameters import CustomerId, RequestId, Text
from dangol.web.api.shapes import Strict
from dangol.web.client import ip_of

router = Router(tags=["privacy"])


def _actor(request: HttpRequest) -> privacy.Actor:
    key = request.api_key  # type: ignore[attr-defined]
    return privacy.Actor(f"API key {key.name}", ip_of(request))


class Why(Schema):
    """Why it is done; kept in the log of accesses."""

    reason: Text = Field("asked for over the API", max_length=200, min_length=1)


class Erased(Schema):
    """What went and what stayed without a name."""

    customer: str
    at: datetime
    finished_at: datetime | None = Field(description="null while files are still to be written anew")
    report: dict[str, int]


class Corrected(Schema):
    """Traits as the person says they are; null takes one away."""

    traits: dict[str, Any]
    reason: Text = Field("", max_length=200)


class Restriction(Schema):
    """Whether the customer is kept and not used."""

    customer: str
    restricted: bool


class ConsentWord(Schema):
    """One word on consent, as it was said."""

    channel: str
    purpose: str
    state: str
    basis: str
    wording: str | None = Field(description="the wording that was shown, where it is one of the shop's")
    source: str
    evidence: dict[str, Any]
    ip: str
    user_agent: str
    at: datetime
    imported: bool
    effective_until: datetime | None


@router.post("/customers/{customer_id}/forget", response=Erased)
def forget(request: HttpRequest, customer_id: CustomerId, why: Why) -> dict[str, Any]:
    """Erase a person from every table and file; nothing that arrives later brings them back. There is no way back."""
    done = privacy.forget(customer_id, guard.CLOCK.now(), actor=_actor(request), reason=why.reason)
    return {"customer": str(done.customer_id), "at": done.at, "finished_at": done.finished_at, "report": done.report}


class CopyForm(Schema):
    """In which form, and why."""

    format: Literal["json", "html"] = Field("json", description="for programs, or a page for people")
    reason: Text = Field("asked for over the API", max_length=200, description="kept in the log of accesses")


@router.get("/customers/{customer_id}/export", response=dict[str, Any])
def export(request: HttpRequest, customer_id: CustomerId, form: Query[CopyForm]) -> HttpResponse:
    """A copy of everything about a person: every table that holds something, under its own name."""
    copy = privacy.copy_of(customer_id, guard.CLOCK.now(), _actor(request), form.reason)
    return paper.answer(copy) if form.format == "html" else paper.data(copy)


@router.post("/customers/{customer_id}/correct", response={204: None})
def correct(request: HttpRequest, customer_id: CustomerId, said: Corrected) -> Status[None]:
    """Correct traits; it takes effect as an `identify` fact."""
    privacy.correct(customer_id, said.traits, guard.CLOCK.now(), _actor(request), said.reason)
    return Status(204, None)


@router.post("/customers/{customer_id}/restrict", response=Restriction)
def restrict(request: HttpRequest, customer_id: CustomerId, why: Why) -> dict[str, Any]:
    """Keep a customer's data and do not use them: no segment, no campaign, no message."""
    privacy.restrict(customer_id, guard.CLOCK.now(), _actor(request), why.reason)
    return {"customer": str(identity.current(customer_id)), "restricted": True}


@router.post("/customers/{customer_id}/unrestrict", response=Restriction)
def unrestrict(request: HttpRequest, customer_id: CustomerId, why: Why) -> dict[str, Any]:
    """Use a customer's data again."""
    privacy.lift(customer_id, guard.CLOCK.now(), _actor(request), why.reason)
    return {"customer": str(identity.current(customer_id)), "restricted": False}


@router.post("/customers/{customer_id}/object", response={204: None})
def object_to_marketing(request: HttpRequest, customer_id: CustomerId, why: Why) -> Status[None]:
    """Withdraw consent to marketing on every channel."""
    privacy.object_to_marketing(customer_id, guard.CLOCK.now(), _actor(request), why.reason)
    return Status(204, None)


@router.get("/customers/{customer_id}/consents", response=Page[ConsentWord])
def consent_words(request: HttpRequest, customer_id: CustomerId, paging: Query[Paging]) -> dict[str, Any]:
    """Everything a customer ever said about consent, the newest first."""
    before, rows = paging.number(), consents.history(privacy.current(customer_id))
    start = next((n for n, row in enumerate(rows, 1) if row.pk == before), 0) if before else 0
    return page(rows[start : start + paging.limit + 1], paging, _word, lambda row: str(row.pk))


class TopicSaid(Schema):
    """One topic as it stands for a customer."""

    topic: str
    subscribed: bool
    said_at: datetime | None = Field(description="null where nothing was said: then its kind decides")


class TopicWordTold(Strict):
    """What a person told the staff about a topic."""

    topic: Text = Field(max_length=64)
    subscribed: bool
    reason: Text = Field(min_length=1, max_length=200, description="how it was said; kept with the fact and in the log")


@router.get("/customers/{customer_id}/topics", response=Page[TopicSaid])
def topics_of(request: HttpRequest, customer_id: CustomerId, paging: Query[Paging]) -> dict[str, Any]:
    """To which of the shop's topics a customer is subscribed, by key."""
    rows = topics.standing(privacy.current(customer_id))
    return whole(rows, paging, _topic, lambda row: row.topic.key)


@router.post("/customers/{customer_id}/topics", response=TopicSaid)
def say_of_topic(request: HttpRequest, customer_id: CustomerId, told: TopicWordTold) -> dict[str, Any]:
    """Write down what a person told the staff about a topic; it counts at once."""
    privacy.say_of_topic(
        customer_id, told.topic, told.subscribed, guard.CLOCK.now(), _actor(request), told.reason
    )  # fmt: skip
    rows = topics.standing(privacy.current(customer_id))
    return _topic(next(row for row in rows if row.topic.key == told.topic))


def _topic(row: topics.Standing) -> dict[str, Any]:
    return {"topic": row.topic.key, "subscribed": row.subscribed, "said_at": row.said_at}


def _word(row: ConsentChange) -> dict[str, Any]:
    names = ("channel", "purpose", "state", "basis", "source", "evidence", "ip", "user_agent", "at", "imported")
    told = {name: getattr(row, name) for name in names}
    return told | {"wording": row.wording.text if row.wording else None, "effective_until": row.effective_until}


# --- the register ---------------------------------------------------------------------------------------------------


class RequestShown(Schema):
    """What a person asked, and until when the law wants an answer."""

    id: str
    kind: str
    customer: str | None
    source: str
    asked_for: str
    proof: str
    law: str
    received_at: datetime
    due_at: datetime
    state: str
    answered_at: datetime | None
    answered_by: str
    answer: str
    result_hash: str


class RequestTold(Schema):
    """A request as it came in."""

    kind: Literal["access", "correction", "erasure", "restriction", "objection"]
    customer: int | None = Field(None, ge=1, le=2**63 - 1)
    asked_for: Text = Field("", max_length=500)
    proof: Text = Field("", max_length=500, description="how the person showed who they are")
    received_at: datetime | None = Field(None, description="with offset; now when left out")


class Answered(Schema):
    """How a request ended; a refusal needs a reason."""

    state: Literal["done", "refused"]
    answer: Text = Field("", max_length=500)


class Wanted(Paging):
    """Which requests."""

    state: Literal["open", "done", "refused"] | None = None


@router.get("/requests", response=Page[RequestShown])
def requests(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """The register of requests, the newest first."""
    rows = register.everything(wanted.limit + 1, wanted.number(), wanted.state)
    return page(rows, wanted, _request, lambda row: str(row.pk))


@router.post("/requests", response=RequestShown)
def receive(request: HttpRequest, told: RequestTold) -> dict[str, Any]:
    """Enter a request; the answer says when it is due."""
    asked = Asked(told.kind, told.customer, told.asked_for, told.proof, told.received_at, source="api")
    return _request(register.receive(asked, guard.CLOCK.now(), _actor(request)))


@router.post("/requests/{request_id}/answer", response=RequestShown)
def answer(request: HttpRequest, request_id: RequestId, told: Answered) -> dict[str, Any]:
    """Close a request, once."""
    return _request(register.answer(request_id, told.state, guard.CLOCK.now(), _actor(request), told=told.answer))


def _request(row: Request) -> dict[str, Any]:
    names = ("kind", "source", "asked_for", "proof", "law", "received_at", "due_at", "state", "answered_at",
             "answered_by", "answer", "result_hash")  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    return told | {"id": str(row.pk), "customer": str(row.customer_id) if row.customer_id else None}
