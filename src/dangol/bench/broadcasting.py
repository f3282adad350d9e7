"""The process of `dangol bench broadcast`: a shop whose customers agreed to letters, and the turns that plan one."""
# ruff: noqa: PLC0415 - Django is set up first

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dangol.bench import sending

SEGMENT, BROADCAST, OTHER = "everybody", "bench-broadcast", "bench-other"
PART = 5_000  # customers that are made in one transaction


def plan(customers: int, others: int) -> dict[str, Any]:
    """Let the loop turn until the whole broadcast is in the ledger."""
    from django.conf import settings

    from dangol.base import garbage
    from dangol.base.clock import SystemClock
    from dangol.campaign.models import Wave
    from dangol.collect import steps as collect
    from dangol.collect.log import open_log
    from dangol.deliver.models import Delivery
    from dangol.loop import Runner

    _fill(customers, others, SystemClock().now())
    log = open_log(settings.DANGOL.folder)
    collect.use_log(log)
    _begin(others, SystemClock().now())
    runner = Runner(log, SystemClock())
    garbage.collect_seldom()
    turns, waited, began, cpu = list[float](), 0.0, time.perf_counter(), time.process_time()
    while not waited or Wave.objects.filter(ended_at=None).exists():
        start = time.perf_counter()
        runner.turn()
        turns.append(time.perf_counter() - start)
        if not waited and Delivery.objects.filter(campaign=OTHER).count() == others:
            waited = time.perf_counter() - began
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    log.close()
    planned = Delivery.objects.filter(campaign=BROADCAST).count()
    return {
        "planned": planned,
        "seconds": round(seconds, 2),
        "planned_per_second": round(planned / seconds),
        "cpu_us_per_message": round(1e6 * cpu / max(planned, 1)),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "turns": len(turns),
        "longest_turn_ms": round(1000 * max(turns)),
        "others_waited_ms": round(1000 * waited),
    }


def _fill(customers: int, others: int, now: datetime) -> None:
    """Customers who agreed to letters, all of them members of one segment, for which no fact has to be read."""
    from django.db import transaction

    from dangol.segment.models import Member, Segment

    sending.open_shop()
    where = {"trait": "city", "is": "Seoul"}
    segment = Segment.objects.create(key=SEGMENT, name=SEGMENT, rule=where, created_at=now, updated_at=now)
    for start in range(1, customers + others + 1, PART):
        numbers = range(start, min(start + PART, customers + others + 1))
        with transaction.atomic():
            sending.make_customers(numbers, now)
            Member.objects.bulk_create(
                Member(segment=segment, customer_id=n, since=now - timedelta(days=1)) for n in numbers if n <= customers
            )


def _begin(others: int, now: datetime) -> None:
    """Both campaigns run; the messages of the other are due with the broadcast."""
    from django.db.models import Max

    from dangol.campaign import steps as campaign
    from dangol.campaign.models import Campaign, Run
    from dangol.profile.models import Profile
    from dangol.strategy import steps as strategy

    step = strategy.play("welcome").definition["steps"][0]
    letter = {"key": step["key"], "send": step["send"]}
    entries: Mapping[str, Mapping[str, Any]] = {
        OTHER: {"fact": sending.EVENT},
        BROADCAST: {"broadcast": (now + timedelta(seconds=1)).isoformat(), "segment": SEGMENT},
    }
    for key, entry in entries.items():
        campaign.put(key, {"name": key, "definition": {"entry": entry, "steps": [letter]}}, now)
        campaign.activate(key, now)
    other, last = Campaign.objects.get(key=OTHER), Profile.objects.aggregate(last=Max("pk"))["last"]
    Run.objects.bulk_create(
        Run(
            campaign=other, customer_id=n, home=n, trigger=sending.TRIGGER, arm="treated", step=step["key"],
            entered_at=now, due_at=now + timedelta(seconds=1),
        )
        for n in range(last - others + 1, last + 1)
    )  # fmt: skip
    time.sleep(1.1)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    import django

    django.setup()
    print(json.dumps(plan(int(sys.argv[1]), int(sys.argv[2]))), flush=True)
