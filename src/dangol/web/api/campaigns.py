"""Campaigns over the API: save, read, let run, pause, and what became of the runs and messages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Body, Query, Router

from dangol.campaign import reads
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.campaign.reads import Standing
from dangol.deliver import reads as deliveries
from dangol.web import guard
from dangol.web.api import shapes
from dangol.web.api.lists import Page, Paging, whole
from dangol.web.api.parameters import Key

router = Router(tags=["campaigns"])


@router.get("", response=Page[shapes.CampaignShown])
def campaigns(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """All campaigns, by key."""
    return whole(campaign.everyone(), paging, shown, lambda row: row.key)


@router.get("/{key}", response=shapes.CampaignShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One campaign."""
    return shown(campaign.get(key))


@router.put("/{key}", response=shapes.CampaignShown)
def save(request: HttpRequest, key: Key, shape: Body[dict[str, Any]]) -> dict[str, Any]:
    """Save a campaign: `{"name", "definition"}`. A new one is a draft; a running one goes on with what was saved."""
    return shown(campaign.put(key, shape, guard.CLOCK.now()))


@router.post("/{key}/activate", response=shapes.CampaignShown)
def activate(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Let a campaign run."""
    return shown(campaign.activate(key, guard.CLOCK.now()))


@router.post("/{key}/pause", response=shapes.CampaignShown)
def pause(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Let no step fire and nobody enter until it is activated again."""
    return shown(campaign.pause(key, guard.CLOCK.now()))


@router.get("/{key}/results", response=shapes.CampaignResults)
def results(request: HttpRequest, key: Key) -> dict[str, Any]:
    """How many entered and where they are, what became of the messages, and why the gate stopped some."""
    campaign.get(key)
    standing = reads.standings().get(key, Standing())
    return {
        "campaign": key,
        "entered": standing.entered,
        "held_out": standing.held_out,
        "under_way": standing.under_way,
        "finished": standing.finished,
        "left": standing.left,
        "messages": {step: dict(states) for step, states in deliveries.states(key).items()},
        "refusals": dict(deliveries.refusals(key)),
    }


def shown(row: Campaign) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "play": row.play,
        "state": row.state,
        "version": row.version,
        "definition": row.definition,
        "created_at": row.created_at,
        "activated_at": row.activated_at,
    }
