"""Sign-up forms over the API: made, made otherwise, put away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import Field

from dangol.privacy import forms
from dangol.privacy.models import SignUpForm
from dangol.web import guard
from dangol.web.api.lists import Page, Paging, whole
from dangol.web.api.parameters import Key
from dangol.web.api.shapes import Strict

router = Router(tags=["forms"])


class FormField(Strict):
    trait: str = Field(max_length=40)
    label: dict[str, str] = Field({}, description="by language")
    required: bool = False


class FormTold(Strict):
    title: dict[str, str] = Field({}, description="by language")
    fields: list[FormField] = Field([], description="what it asks beside the address")
    topics: list[str] = Field([], description="keys of the topics that can be ticked")
    thanks: dict[str, str] = Field({}, description="by language; said once the address is confirmed")


class FormShown(Schema):
    key: str
    title: dict[str, str]
    fields: list[FormField]
    topics: list[str]
    thanks: dict[str, str]
    created_at: datetime
    updated_at: datetime


@router.get("", response=Page[FormShown])
def everything(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """The forms that take people in, by key."""
    return whole(forms.everything(), paging, _shown, lambda row: row.key)


@router.get("/{key}", response=FormShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One form."""
    return _shown(forms.get(key))


@router.put("/{key}", response=FormShown)
def save(request: HttpRequest, key: Key, told: Body[FormTold]) -> dict[str, Any]:
    """Make a form, or make it otherwise; an archived one comes back."""
    return _shown(forms.save(key, told.dict(), guard.CLOCK.now()))


@router.delete("/{key}", response={204: None})
def archive(request: HttpRequest, key: Key) -> Status[None]:
    """Let a form take nobody in any more."""
    forms.archive(key, guard.CLOCK.now())
    return Status(204, None)


def _shown(row: SignUpForm) -> dict[str, Any]:
    return {"key": row.key, **forms.written(row), "created_at": row.created_at, "updated_at": row.updated_at}
