"""How long segments take: a few touched customers on the live path, everybody at once, both engines side by side.

Modules that need Django are imported once the scratch shop's folder is known.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
EVENTS = ("Product Viewed", "Product Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed")
ORDER = "Order Completed"
SEGMENTS: dict[str, Any] = {
    "new": {"all": [{"event": ORDER, "count": 0}, {"first_event": "*", "within": "30d"}]},
    "first-order": {"event": ORDER, "count": 1},
    "regulars": {"event": ORDER, "count": {"at_least": 3}, "within": "365d"},
    "lapsing": {"all": [{"event": ORDER, "within": "365d"}, {"event": ORDER, "count": 0, "within": "90d"}]},
    "lost": {"all": [{"event": ORDER}, {"event": ORDER, "count": 0, "within": "365d"}]},
    "cart-abandoned": {
        "all": [
            {"event": "Product Added", "within": "1d"},
            {"event": "Product Added", "count": 0, "within": "1h"},
            {"event": ORDER, "count": 0, "within": "1d"},
        ]
    },
    "big-spenders": {"event": ORDER, "sum": {"of": "revenue", "at_least": 500}, "within": "365d"},
    "browsing": {"event": "Product Viewed", "count": {"at_least": 5}, "within": "7d"},
    "gold": {"trait": "plan", "is": "gold"},
    "cups": {"event": ORDER, "where": [{"property": "category", "in": ["cups", "bowls"]}], "within": "180d"},
    "dissatisfied": {"survey": "csat", "score": {"at_most": 2}, "within": "90d"},
    "reachable-gold": {"all": [{"segment": "gold"}, {"consent": "email"}, {"segment": "lost", "is": False}]},
}


def run(
    facts: int = 30_000, customers: int = 3_000, batch: int = 20, rounds: int = 50, seed: int = 1
) -> dict[str, Any]:
    """Fill a scratch shop with `facts` of `customers`, then time the live path and full evaluations."""
    with tempfile.TemporaryDirectory(prefix="dangol-bench-") as folder:
        _set_up(folder)
        from dangol.segment import asking, steps
        from dangol.segment import live as segments_live

        rng = random.Random(seed)
        _fill(facts, customers, rng)
        saved = _timed(lambda: [steps.save(key, {"where": where}, NOW) for key, where in SEGMENTS.items()])
        batches = [rng.sample(range(1, customers + 1), min(batch, customers)) for _ in range(rounds + 1)]
        segments_live.refresh(batches[0], NOW)  # compiles the plan, once
        live = [_timed(lambda some=some: segments_live.refresh(some, NOW)) for some in batches[1:]]  # type: ignore[misc]
        single = [_timed(lambda some=some: segments_live.refresh(some[:1], NOW)) for some in batches[1:]]  # type: ignore[misc]
        lapsing = _timed(lambda: asking.count(SEGMENTS["lapsing"], NOW))
        return {
            "bench": "segment",
            "facts": facts,
            "customers": customers,
            "segments": len(SEGMENTS),
            "save_all_seconds": round(saved, 2),
            "refresh_1_customer_p10_ms": _ms(single, 0.1),
            "refresh_1_customer_p50_ms": _ms(single, 0.5),
            f"refresh_{batch}_customers_p10_ms": _ms(live, 0.1),
            f"refresh_{batch}_customers_p50_ms": _ms(live, 0.5),
            f"refresh_{batch}_customers_p99_ms": _ms(live, 0.99),
            "evaluate_one_rule_seconds": round(lapsing, 2),
            **_engines(batches),
        }


def _engines(batches: list[list[int]]) -> dict[str, Any]:
    """The same plan over the same tables: what compiling costs once, and what each engine then takes."""
    from dangol.base.clock import to_us
    from dangol.segment import evaluation, rules
    from dangol.segment.engines import Plan
    from dangol.segment.parse import read_rule

    parsed = rules.ordered({key: read_rule(where, UTC) for key, where in SEGMENTS.items()})
    start = time.perf_counter()
    plan = Plan(parsed, UTC)
    expression = time.perf_counter() - start
    tables = [evaluation.tables(plan, dict.fromkeys(some, to_us(NOW))) for some in batches]
    first = {"polars": _timed(lambda: plan.on_polars(tables[0])), "duckdb": _timed(lambda: plan.on_duckdb(tables[0]))}
    later = {
        "polars": [_timed(lambda some=some: plan.on_polars(some)) for some in tables[1:]],  # type: ignore[misc]
        "duckdb": [_timed(lambda some=some: plan.on_duckdb(some)) for some in tables[1:]],  # type: ignore[misc]
    }
    return {
        "leaves": len(plan.compiled.leaves),
        "compile_expression_ms": round(expression * 1000, 1),
        **{f"{engine}_first_ms": round(took * 1000, 1) for engine, took in first.items()},
        **{f"{engine}_p10_ms": _ms(took, 0.1) for engine, took in later.items()},
        **{f"{engine}_p50_ms": _ms(took, 0.5) for engine, took in later.items()},
    }


def _set_up(folder: str) -> None:
    os.environ["DANGOL_DATA"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _fill(facts: int, customers: int, rng: random.Random) -> None:
    from dangol.profile.models import Fact, Profile

    made = [_fact(position, 1 + position % customers, rng) for position in range(facts)]
    Fact.objects.bulk_create([Fact(**values) for values in made], batch_size=2_000)
    first: dict[int, datetime] = {}
    for values in made:
        first[values["customer_id"]] = min(first.get(values["customer_id"], NOW), values["at"])
    files = [Profile(customer_id=customer, first_seen_at=at, last_seen_at=NOW) for customer, at in first.items()]
    Profile.objects.bulk_create(files, batch_size=1_000)


def _fact(position: int, customer: int, rng: random.Random) -> dict[str, Any]:
    at = NOW - timedelta(seconds=rng.randrange(400 * 86_400))
    about = {
        "customer_id": customer, "at": at, "position": position, "source": "bench", "message_id": f"m{position}",
        "received_at": at,
    }  # fmt: skip
    if rng.random() < 0.1:
        plan = rng.choice(["gold", "silver", "none"])
        return {**about, "type": "identify", "traits": f'{{"plan":"{plan}","email":"c{customer}@example.com"}}'}
    if rng.random() < 0.02:
        asked = f'{{"survey":"csat","score":{rng.randrange(1, 6)}}}'
        return {**about, "type": "track", "name": "Survey Answered", "own": True, "properties": asked}
    if rng.random() < 0.05:
        told = '{"channel":"email","purpose":"marketing","state":"granted","basis":"explicit"}'
        return {**about, "type": "track", "name": "Consent Changed", "properties": told}
    name, category = rng.choice(EVENTS), rng.choice(["cups", "bowls", "plates", "lamps"])
    bought = f'{{"order_id":"o{position}","revenue":{rng.randrange(5, 300)},"currency":"KRW","category":"{category}"}}'
    return {**about, "type": "track", "name": name, "properties": bought}


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _ms(took: list[float], share: float) -> float:
    return round(sorted(took)[int(len(took) * share)] * 1000, 1)
