"""Campaigns over the API: save, read, let run, pause, and what became of the runs and messages."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Body, Field, Query, Router, Schema

from dangol.base.errors import NotFound
from dangol.campaign import experiments, reads
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.campaign.parsing import parse
from dangol.campaign.reads import Standing
from dangol.deliver import gaps
from dangol.deliver import reads as deliveries
from dangol.segment import lists
from dangol.web import guard
from dangol.web.api import campaign_shapes
from dangol.web.api.lists import Page, Paging, whole
from dangol.web.api.parameters import Key

router = Router(tags=["campaigns"])


@router.get("", response=Page[campaign_shapes.CampaignShown])
def campaigns(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """All campaigns, by key."""
    return whole(campaign.everyone(), paging, shown, lambda row: row.key)


@router.get("/{key}", response=campaign_shapes.CampaignShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One campaign."""
    return shown(campaign.get(key))


class Change(Schema):
    """How a changed definition is taken up."""

    apply_to: Literal["all", "new"] = Field("all", description="those under way too, or who enters from now on")
    version: int | None = Field(None, ge=1, description="the version that was changed: 409 where it is not the newest")


class Call(Schema):
    """Who shall enter a campaign, and why."""

    customer: str = Field(max_length=400, description="id, or kind:value such as userId:42")
    trigger: str = Field(min_length=1, max_length=100, description="what it is about: once for each, ever")
    properties: dict[str, Any] = Field(default_factory=dict, description="`event` in templates")


@router.put("/{key}", response=campaign_shapes.CampaignShown)
def save(request: HttpRequest, key: Key, shape: Body[dict[str, Any]], how: Query[Change]) -> dict[str, Any]:
    """Save a campaign: `{"name", "definition"}`. A new one is a draft; a running one goes on with what was saved."""
    return shown(campaign.put(key, shape, guard.CLOCK.now(), apply_to=how.apply_to, version=how.version))


@router.post("/{key}/activate", response=campaign_shapes.CampaignShown)
def activate(request: HttpRequest, key: Key, whom: Query[campaign_shapes.Existing]) -> dict[str, Any]:
    """Let a campaign run."""
    return shown(campaign.activate(key, guard.CLOCK.now(), existing=whom.existing))


@router.post("/{key}/pause", response=campaign_shapes.CampaignShown)
def pause(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Let no step fire and nobody enter until it is activated again."""
    return shown(campaign.pause(key, guard.CLOCK.now()))


@router.post("/{key}/drain", response=campaign_shapes.CampaignShown)
def drain(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Let nobody enter any more; whoever is under way goes on to the end."""
    return shown(campaign.drain(key, guard.CLOCK.now()))


@router.post("/{key}/archive", response=campaign_shapes.CampaignShown)
def archive(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Put a campaign away: whoever is under way leaves it."""
    return shown(campaign.archive(key, guard.CLOCK.now()))


@router.post("/{key}/runs")
def begin(request: HttpRequest, key: Key, call: Body[Call]) -> dict[str, Any]:
    """Let one customer enter a campaign that is entered by a call; whether that began a run."""
    customer = lists.resolve([call.customer]).get(call.customer)
    if customer is None:
        raise NotFound(f"no customer is known by {call.customer}")
    run = campaign.begin_for(key, customer, call.properties, call.trigger, guard.CLOCK.now())
    return {"campaign": key, "customer": str(customer), "started": run is not None}


@router.get("/{key}/results", response=campaign_shapes.CampaignResults)
def results(request: HttpRequest, key: Key) -> dict[str, Any]:
    """How many entered and where they are, what became of the messages, and why the gate stopped some."""
    row = campaign.get(key)
    tested = experiments.results(row.pk, parse(row.definition), guard.CLOCK.now())
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
        "costs": [cost.as_json() for cost in deliveries.costs(key)],
        "experiments": [_experiment(one) for one in tested],
        "missing": [
            {"step": one.step, "channel": one.channel, "variant": one.variant, "template": one.template,
             "version": one.version, "messages": one.messages, "values": dict(one.names)}
            for one in gaps.of_campaign(key)
        ],
    }  # fmt: skip


def _experiment(told: experiments.Results) -> dict[str, Any]:
    return {
        "step": told.step,
        "still_open": told.still_open,
        "variants": [
            {"variant": arm.key, "sent": arm.sent, "converted": arm.converted, "share": arm.share} for arm in told.arms
        ],
        "compared": [
            {"first": one.first, "second": one.second, "wins": round(one.wins, 6), "needed": one.needed,
             "better": one.better or None}
            for one in told.compared
        ],
    }  # fmt: skip


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
