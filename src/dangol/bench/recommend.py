"""What recommending costs: a study of everybody's orders, and how long it takes to say what to show to one customer."""
# ruff: noqa: PLC0415 - Django is set up first

from __future__ import annotations

import contextlib
import os
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dangol.bench.shop import make

ORDERS, LINES, VIEWS = 3, 3, 12  # of a customer
PART = 2_000


def run(customers: int, products: int, questions: int, seed: int) -> dict[str, Any]:
    """The seconds of a study, and the milliseconds of a question: of a customer, and of one product."""
    with tempfile.TemporaryDirectory(prefix="dangol-bench-") as name:
        make(Path(name))
        os.environ |= {"DANGOL_DATA": name, "DJANGO_SETTINGS_MODULE": "dangol.django_settings"}
        import django

        django.setup()
        rng, now = random.Random(seed), datetime.now(UTC)
        _history(customers, products, rng, now)
        return _measured(customers, products, questions, rng, now)


def _measured(customers: int, products: int, questions: int, rng: random.Random, now: datetime) -> dict[str, Any]:
    from dangol.offer import reads, studying

    cpu = time.process_time()
    study = studying.study(now)
    took = time.process_time() - cpu
    asked = [rng.randint(1, customers) for _ in range(questions)]
    keys = [f"P{rng.randint(1, products)}" for _ in range(questions)]
    return {
        "bench": "recommend",
        "customers": customers,
        "facts": customers * (ORDERS + VIEWS),
        "products": study.products,
        "study_seconds": study.seconds,
        "study_cpu_seconds": round(took, 2),
        "for_customer_ms": _spread([_timed(reads.for_customer, one, now) for one in asked]),
        "for_customer_cpu_ms": _cpu_ms(asked, now),
        "with_product_ms": _spread([_timed(reads.with_product, one) for one in keys]),
        "shown_on_average": round(
            sum(len(reads.for_customer(one, now)) for one in asked[:200]) / min(questions, 200), 1
        ),
    }


def _cpu_ms(asked: list[int], now: datetime) -> float:
    from dangol.offer import reads

    start = time.process_time()
    for one in asked:
        reads.for_customer(one, now)
    return round(1_000 * (time.process_time() - start) / len(asked), 2)


def _timed(question: Any, *about: Any) -> float:
    from dangol.base.errors import NotFound

    start = time.perf_counter()
    with contextlib.suppress(NotFound):  # nobody ever looked at this one
        question(*about)
    return 1_000 * (time.perf_counter() - start)


def _spread(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {f"p{p}": round(ordered[min(len(ordered) * p // 100, len(ordered) - 1)], 2) for p in (50, 99)}


def _history(customers: int, products: int, rng: random.Random, now: datetime) -> None:
    """Customers who look at and buy products of a taste of their own; a few products are bought by most."""
    from django.db import transaction

    from dangol.profile.models import Fact

    position = 0
    for start in range(1, customers + 1, PART):
        rows = []
        for customer in range(start, min(start + PART, customers + 1)):
            taste = rng.randrange(0, products, max(products // 20, 1))
            for name, properties, at in _doings(taste, products, rng, now):
                position += 1
                rows.append(Fact(
                    customer_id=customer, at=at, position=position, type="track", name=name, source="site",
                    message_id=f"m{position}", received_at=at, properties=properties,
                ))  # fmt: skip
        with transaction.atomic():
            Fact.objects.bulk_create(rows, batch_size=1_000)


def _doings(taste: int, products: int, rng: random.Random, now: datetime) -> list[tuple[str, str, datetime]]:
    import msgspec

    def product() -> dict[str, Any]:
        near = rng.random() < 0.7
        step = int(rng.paretovariate(1.2 if near else 1.1))
        number = 1 + (taste + step if near else step) % products
        return {"product_id": f"P{number}", "name": f"Product {number}", "price": 10 + number % 90}

    def at() -> datetime:
        return now - timedelta(days=rng.uniform(0, 360))

    bought = [{"order_id": "1", "products": [product() for _ in range(LINES)]} for _ in range(ORDERS)]
    told = [("Order Completed", one) for one in bought] + [("Product Viewed", product()) for _ in range(VIEWS)]
    return [(name, msgspec.json.encode(properties).decode(), at()) for name, properties in told]
