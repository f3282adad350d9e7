"""The processes of `dangol bench send` that know Django: one plans the messages, the others hand them over."""
# ruff: noqa: PLC0415 - Django is set up first

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

CAMPAIGN, TRIGGER, EVENT = "bench", "segment:1", "Bench Started"
PART = 500  # customers made and planned in one transaction


def plan(messages: int) -> dict[str, Any]:
    """Customers who agreed, each with a run of a shipped play's campaign and its first message in the ledger."""
    from django.conf import settings

    from dangol.deliver import dkim

    open_shop()
    campaign, now = _campaign(), datetime.now(UTC)
    dkim.make_key(settings.DANGOL.folder)
    seconds = 0.0
    for start in range(1, messages + 1, PART):
        customers = range(start, min(start + PART, messages + 1))
        make_customers(customers, now)
        seconds += _plan(campaign, customers, now)
    return {"planned_per_second": round(messages / max(seconds, 0.001))}


def open_shop() -> None:
    """The shop, in a zone where it is about noon: marketing waits out the night."""
    from dangol.base.models import Shop

    now = datetime.now(UTC)
    Shop.objects.update(
        timezone=f"Etc/GMT{now.hour - 12:+d}".replace("+0", "").replace("-0", ""), sender_name="Bench",
        sender_email="hello@shop.example", url="https://shop.example/", postal_address="1 Road, Town", locale="en",
    )  # fmt: skip


def _campaign() -> Any:
    from dangol.campaign import steps as campaign
    from dangol.strategy import steps as strategy

    now = datetime.now(UTC)
    definition = dict(strategy.play("welcome").definition) | {"entry": {"fact": EVENT}}
    campaign.put(CAMPAIGN, {"name": "Bench", "definition": definition}, now)
    return campaign.activate(CAMPAIGN, now)


def make_customers(numbers: range, now: datetime) -> None:
    """Customers who agreed to letters a month ago."""
    from dangol.profile.models import Consent, Profile

    seen, agreed = now - timedelta(days=40), now - timedelta(days=30)
    Profile.objects.bulk_create(
        Profile(
            customer_id=n, email=f"customer-{n}@example.com", name=f"Customer {n}", language="en",
            traits={"firstName": f"Name{n}", "city": "Seoul"}, first_seen_at=seen, last_seen_at=now,
        )
        for n in numbers
    )  # fmt: skip
    Consent.objects.bulk_create(
        Consent(
            customer_id=n, channel="email", purpose="marketing", state="granted", at=agreed, position=n, source="site"
        )
        for n in numbers
    )  # fmt: skip


def _plan(campaign: Any, numbers: range, now: datetime) -> float:
    """Runs and their messages; the seconds that planning took."""
    from django.db import transaction

    from dangol.campaign.models import Run
    from dangol.campaign.rules import Send
    from dangol.deliver import steps

    step = campaign.definition["steps"][0]
    context = {"event": {"name": EVENT, "at": now.isoformat(), "properties": {"page": "/cups/celadon"}}}
    message = {"templates": step["send"]["templates"]}
    Run.objects.bulk_create(
        Run(campaign=campaign, customer_id=n, home=n, trigger=TRIGGER, arm="treated", context=context, entered_at=now)
        for n in numbers
    )
    sends = [
        Send(CAMPAIGN, step["key"], n, TRIGGER, "email", "marketing", message, context, now, now + timedelta(days=3))
        for n in numbers
    ]
    started = time.perf_counter()
    with transaction.atomic():
        steps.plan(sends, now)
    return time.perf_counter() - started


def work() -> dict[str, Any]:
    """Hand over what is due until nothing is."""
    from dangol.base.clock import SystemClock
    from dangol.deliver import steps
    from dangol.deliver.models import Delivery

    clock, begun = SystemClock(), time.process_time()
    while steps.work(clock, steps.AT_ONCE):
        pass
    cpu = time.process_time() - begun
    return {"cpu_seconds": round(cpu, 2), "states": Counter(Delivery.objects.values_list("state", flat=True))}


def main(verb: str, *arguments: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    import django

    django.setup()
    if verb == "plan":
        print(json.dumps(plan(int(arguments[0]))), flush=True)
        return
    import dangol.deliver.steps  # noqa: F401 - what a worker has loaded long before

    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(work()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
