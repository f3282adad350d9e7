"""The share of customers whom no campaign writes to, over the API."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Body, Router

from dangol.campaign import steps as campaign
from dangol.web.api import campaign_shapes

router = Router(tags=["campaigns"])


@router.get("", response=campaign_shapes.HoldoutTold)
def told(request: HttpRequest) -> dict[str, float]:
    """How many per cent of the customers are held out of every campaign."""
    return {"percent": campaign.holdout_of_all()}


@router.put("", response=campaign_shapes.HoldoutTold)
def save(request: HttpRequest, wanted: Body[campaign_shapes.HoldoutTold]) -> dict[str, float]:
    """Hold another share out: of runs that begin from now on."""
    return {"percent": campaign.hold_out_of_all(wanted.percent)}
