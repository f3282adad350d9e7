"""Templates over the API: save, read, remove, look at one as a customer would read it; and how the shop looks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Body, Field, Query, Router, Schema, Status

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.campaign.templates import TemplateFault, brand, stored
from dangol.campaign.templates.models import Template
from dangol.deliver import previews
from dangol.profile import reads as profile
from dangol.web import guard
from dangol.web.api import campaign_shapes
from dangol.web.api.lists import Page, Paging, whole
from dangol.web.api.parameters import Key

router = Router(tags=["templates"])


@router.get("/templates", response=Page[campaign_shapes.TemplateShown])
def templates(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """All templates and partials, by key."""
    return whole(stored.everyone(), paging, shown, lambda row: row.key)


@router.get("/templates/{key}", response=campaign_shapes.TemplateShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One template, as it was written last."""
    return shown(stored.get(key))


class Change(Schema):
    """What a change was made to."""

    version: int | None = Field(
        None, ge=0, description="the version that was changed, 0 for a new template: 409 where it is not the newest"
    )


@router.put("/templates/{key}", response=campaign_shapes.TemplateShown)
def save(request: HttpRequest, key: Key, shape: Body[dict[str, Any]], how: Query[Change]) -> dict[str, Any]:
    """Save `{"name", "templates": {language: {subject, html or mjml, preheader, text}}}`, or a partial as
    `{"name", "source"}`. Each change is a version; campaigns that run go on with theirs.
    """
    return shown(stored.put(key, shape, guard.CLOCK.now(), version=how.version))


@router.delete("/templates/{key}", response={204: None})
def remove(request: HttpRequest, key: Key) -> Status[None]:
    """Remove a template; campaigns that run go on with it. A partial that templates hold stays."""
    stored.remove(key, guard.CLOCK.now())
    return Status(204, None)


@router.post("/templates/{key}/preview", response=campaign_shapes.PreviewShown)
def preview(request: HttpRequest, key: Key, asked: campaign_shapes.PreviewAsked) -> dict[str, Any]:
    """A template as a customer would read it, what was missing, and what to look at. Nothing is sent."""
    found = stored.get(key)
    if found.partial:
        raise NotFound(f"{key} is a partial, and no message of its own")
    if asked.customer and not profile.known(asked.customer):
        raise NotFound(f"no customer has the id {asked.customer}")
    texts = stored.newest_of(found).ready
    try:
        made = previews.preview(texts, asked.language, asked.customer, asked.event, guard.CLOCK.now())
    except TemplateFault as error:
        raise Invalid([Fault("/templates", str(error), "a template that can be rendered for this customer")]) from error
    return told(made)


def told(made: previews.Preview) -> dict[str, Any]:
    """A preview as the API tells it."""
    rendered = made.rendered
    return {
        "language": rendered.language,
        "subject": rendered.subject,
        "html": rendered.html,
        "text": rendered.text,
        "missing": list(rendered.missing),
        "hints": [{"code": hint.code, "found": hint.found} for hint in made.hints],
    }


@router.get("/brand", response=campaign_shapes.BrandShown)
def how_it_looks(request: HttpRequest) -> dict[str, Any]:
    """How the shop looks in its messages."""
    return brand.shown(brand.current())


@router.put("/brand", response=campaign_shapes.BrandShown)
def set_brand(request: HttpRequest, shape: Body[dict[str, Any]]) -> dict[str, Any]:
    """Set what is given, keep the rest. Messages that leave from now on look like it."""
    return brand.shown(brand.put(shape))


def shown(row: Template) -> dict[str, Any]:
    """A template as the API tells it."""
    newest = stored.newest_of(row)
    return {
        "key": row.key,
        "name": row.name,
        "partial": row.partial,
        "version": row.version,
        "templates": newest.shape.get("templates"),
        "source": newest.shape.get("source"),
        "created_at": row.created_at,
        "changed_at": row.changed_at,
    }
