"""Campaigns of a few steps in a test's hands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dangol.base.clock import SetClock
from dangol.campaign import steps
from dangol.campaign.models import Campaign
from dangol.deliver.models import Delivery
from dangol.profile.models import Fact as Row
from tests.shopkit import Kit

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def say(key: str, **more: Any) -> dict[str, Any]:
    """A step with a transactional message: it needs no consent and waits for no morning."""
    templates = {"en": {"subject": key, "html": "<p>Hi</p>"}}
    return {"key": key, "send": {"channel": "email", "class": "transactional", "templates": templates}, **more}


def begin(clock: SetClock, entry: dict[str, Any], *way: dict[str, Any], key: str = "c", **more: Any) -> Campaign:
    steps.put(key, {"name": "C", "definition": {"entry": entry, "steps": list(way), **more}}, clock.now())
    return steps.activate(key, clock.now())


def known(kit: Kit, *users: str, **traits: Any) -> None:
    for user in users:
        kit.identify(user, {"email": f"{user}@example.com", **traits})
    kit.run()


def sent(kit: Kit, user: str = "ann") -> list[str]:
    """The steps whose message reached a customer, in order."""
    rows = Delivery.objects.filter(customer_id=kit.customer(user), state="accepted").order_by("finished_at", "pk")
    return list(rows.values_list("step", flat=True))


def reasons() -> list[str]:
    rows = Row.objects.filter(name="Journey Left").order_by("position")
    return [row.properties.split('"reason":"')[1].split('"')[0] for row in rows]


def abandoned(within: str = "3h") -> dict[str, Any]:
    bought = {"key": "bought", "fact": "Order Completed", "match": "cart_id", "steps": [{"key": "end", "exit": True}]}
    return {"key": "wait", "wait_for": {"within": within, "branches": [bought], "otherwise": [say("remind")]}}
