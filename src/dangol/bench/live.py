"""What the live path of segments costs: per fact, per timer, per customer with a long history; SQLite, one process.

The shop is filled by SQL, `facts` of each customer over a year. Everything else is what the loop calls. Times are of
the clock on the wall; `…_cpu_us` is what the process itself needed, which other work on the machine changes less.
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
from typing import TYPE_CHECKING, Any

from dangol.bench.segments_of import hundred

if TYPE_CHECKING:
    from dangol.collect.facts import Fact

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
YEAR_US = 365 * 86_400 * 1_000_000
CATEGORY = "CASE h % 4 WHEN 0 THEN 'cups' WHEN 1 THEN 'bowls' WHEN 2 THEN 'plates' ELSE 'lamps' END"
# k counts the facts of a customer; h is as good as random.
FACTS = f"""
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {{total}}),
    r AS (SELECT i, i / {{per}} + 1 AS c, i % {{per}} AS k, (i * 2654435761) % 4294967296 AS h FROM n)
    INSERT INTO profile_fact (customer_id, at, position, type, name, source, message_id, received_at, own, imported,
        properties, traits, context)
    SELECT c, {{now}} - ({YEAR_US} / {{per}}) * ({{per}} - k) + h % 1000000000, i + 1,
        CASE k WHEN 3 THEN 'identify' ELSE 'track' END,
        CASE WHEN k = 3 THEN '' WHEN k % 10 = 9 THEN 'Order Completed' WHEN k = 5 THEN 'Consent Changed'
            WHEN k = 15 THEN 'Email Opened' WHEN k % 4 = 1 THEN 'Product Added' ELSE 'Product Viewed' END,
        'bench', printf('%016x%016x', h, i), {{now}}, k = 15, 0,
        CASE WHEN k = 3 THEN ''
            WHEN k = 5 THEN '{{{{"channel":"email","purpose":"marketing","state":"granted","basis":"explicit"}}}}'
            WHEN k = 15 THEN printf('{{{{"campaign":"c%d","step":"mail"}}}}', h % 9)
            WHEN k % 10 = 9 THEN printf('{{{{"order_id":"o%d","revenue":%d,"currency":"KRW","products":'
                || '[{{{{"category":"%s","price":%d}}}}]}}}}', i, 5 + h % 300, {CATEGORY}, h % 300)
            ELSE printf('{{{{"product_id":"p%d","name":"Cup %d","category":"%s","price":%d}}}}', h % 900, h % 900,
                {CATEGORY}, h % 300) END,
        CASE k WHEN 3 THEN printf('{{{{"plan":"gold","email":"c%d@example.com","birthday":"1980-%02d-%02d"}}}}', c,
            1 + h % 12, 1 + h % 28) ELSE '' END,
        '{{{{"ip":"203.0.113.9","page":{{{{"url":"https://shop.example/"}}}}}}}}'
    FROM r"""  # noqa: S608 - constants only
PROFILES = """
    INSERT INTO profile_profile (customer_id, first_seen_at, last_seen_at, email, phone, name, language, user_id,
        traits, trait_versions, tally, orders, revenue, refunded, "foreign")
    SELECT customer_id, min(at), max(at), '', '', '', '', '', '{}', '{}', '{}', 0, 0, 0, '{}'
    FROM profile_fact GROUP BY customer_id"""
EVENTS = ("Product Viewed",) * 5 + ("Product Added",) * 2 + ("Order Completed", "Email Opened", "Segment Entered")
LONG = (1_000, 10_000, 100_000)  # facts of one customer
NEVER_SO_MANY = 2**62
VIEWED = {"event": "Product Viewed"}
EVER: dict[str, Any] = {  # segments about all views of a customer, or a year of them
    "views-ever": {**VIEWED, "count": {"at_least": 50}},
    "views-worth": {**VIEWED, "sum": {"of": "price", "over": 1_000}},
    "views-of-kinds": {**VIEWED, "distinct": {"of": "category", "at_least": 2}},
    "views-of-a-year": {**VIEWED, "average": {"of": "price", "over": 10}, "within": "365d"},
    "viewed-last": {"last_event": "Product Viewed", "within": "7d"},
}


def run(
    customers: int = 100_000,
    facts: int = 20,
    batch: int = 2_000,
    rounds: int = 5,
    seed: int = 1,
    *,
    summed: bool = True,
) -> dict[str, Any]:
    """Fill a scratch shop, let a hundred segments be at work, then touch customers in batches as the loop does.

    Without `summed` no history counts as long, so that nothing is summed up.
    """
    with tempfile.TemporaryDirectory(prefix="dangol-bench-") as folder:
        _set_up(folder)
        _fill(customers, facts)
        from django.db import transaction

        from dangol.segment import live, long

        if not summed:
            long.LONG = NEVER_SO_MANY
        rng = random.Random(seed)
        told: dict[str, Any] = {"bench": "live", "customers": customers, "facts_of_each": facts, "batch": batch}
        with transaction.atomic():
            told["compile_seconds"] = round(_timed(lambda: live.refresh([1], NOW)), 2)
            told["one_leaf_more_cpu_ms"] = _one_leaf_more()
            told |= _histories(customers, rng)
            told |= _batches(customers, batch, rounds, rng)
            told |= _timers()
            told |= _long(customers)
        return told


def _set_up(folder: str) -> None:
    os.environ["DANGOL_DATA"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _fill(customers: int, facts: int) -> None:
    from django.db import connection

    from dangol.base.clock import to_us
    from dangol.segment.models import Segment

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute(FACTS.format(total=customers * facts, per=facts, now=to_us(NOW)))
        cursor.execute(PROFILES)
    Segment.objects.bulk_create(
        Segment(key=key, name=key, rule=rule, created_at=NOW, updated_at=NOW) for key, rule in hundred().items()
    )


def _one_leaf_more() -> float:
    """A segment of one new leaf is saved: the turn in which the loop finds it, less one in which nothing is new."""
    from dangol.segment import live
    from dangol.segment.models import Segment

    took = []
    for number in range(5):
        rule = {"event": "Wishlist Opened", "count": {"at_least": 2 + number}}
        before = _needed(lambda: live.refresh([1], NOW))
        Segment.objects.create(key=f"one-{number}", name="One", rule=rule, created_at=NOW, updated_at=NOW)
        took.append(_needed(lambda: live.refresh([1], NOW)) - before)
    Segment.objects.filter(key__startswith="one-").delete()
    live.refresh([1], NOW)
    return _ms(took)


def _histories(customers: int, rng: random.Random) -> dict[str, float]:
    """Reading 1,000 customers: all that is known of them, and what the live path keeps of them."""
    from dangol.profile import steps as profile
    from dangol.segment import live, standing

    whole, kept = [], []
    for _ in range(5):
        ids = rng.sample(range(1, customers + 1), min(1_000, customers))
        live.refresh(ids, NOW)
        other = rng.sample(range(1, customers + 1), min(1_000, customers))
        whole.append(_timed(lambda other=other: list(profile.histories(other))))  # type: ignore[misc]
        kept.append(_timed(lambda ids=ids: standing.read(ids)))  # type: ignore[misc]
    return {"read_1000_histories_ms": _ms(whole), "read_1000_standing_ms": _ms(kept)}


def _batches(customers: int, batch: int, rounds: int, rng: random.Random) -> dict[str, float]:
    from dangol.profile import rows
    from dangol.segment import live

    first, later, cpu, changes = [], [], [], 0
    for number in range(rounds):
        some = [(rng.randint(1, customers), _fact(number * batch + n, rng)) for n in range(batch)]
        ids = {customer for customer, _ in some}
        first.append(_timed(lambda ids=ids: live.refresh(ids, NOW)))  # type: ignore[misc]
        rows.insert([(fact, customer, None) for customer, fact in some])
        start, began = time.perf_counter(), time.process_time()
        changes += len(live.refresh(ids, NOW, facts=some))
        later.append(time.perf_counter() - start)
        cpu.append(time.process_time() - began)
    return {
        "first_touch_us_per_customer": round(sorted(first)[rounds // 2] / batch * 1e6),
        "per_fact_us": round(sorted(later)[rounds // 2] / batch * 1e6),
        "per_fact_cpu_us": round(sorted(cpu)[rounds // 2] / batch * 1e6),
        "changes_per_fact": round(changes / batch / rounds, 2),
    }


def _fact(number: int, rng: random.Random, at: datetime = NOW) -> Fact:
    from dangol.collect.facts import OWN, Fact

    name = rng.choice(EVENTS)
    properties = {"revenue": rng.randrange(5, 300), "category": "cups", "products": [{"category": "cups", "price": 9}]}
    source = OWN if name in {"Email Opened", "Segment Entered"} else "site"
    return Fact(10**12 + number, source, f"b{number}", "track", name, at, at, properties=properties)


def _timers() -> dict[str, float]:
    """Everybody whom the batches touched has a flip within a day or so: all that is due then, in turns of 500."""
    from dangol.segment import live
    from dangol.segment.models import Flip

    quiet = [_timed(lambda: (live.wake(NOW - timedelta(days=1)), live.next_flip())) for _ in range(50)]
    until = NOW + timedelta(days=1, seconds=1)
    due = Flip.objects.filter(at__lte=until).count()
    start = time.perf_counter()
    while (next_one := live.next_flip()) is not None and next_one <= until:
        live.wake(until)
    took = time.perf_counter() - start
    return {"idle_turn_ms": _ms(quiet), "due_customers": due, "due_customers_per_second": round(due / took)}


def _long(customers: int) -> dict[str, float]:
    """Customers with long histories of views: judged whole, and then one view more at a time, as the process needs it.

    Beside the hundred there are segments about all views there ever were. The first view more sums up the past.
    """
    from dangol.segment import asking, live
    from dangol.segment.models import Segment

    Segment.objects.bulk_create(
        Segment(key=key, name=key, rule=rule, created_at=NOW, updated_at=NOW) for key, rule in EVER.items()
    )
    live.refresh([1], NOW)  # compiles them
    told: dict[str, float] = {}
    for number, count in enumerate(LONG, 1):
        customer = customers + number
        rng = _grown_old(customer, number, count)
        told[f"whole_with_{count}_facts_cpu_ms"] = _ms([_needed(lambda c=customer: live.refresh([c], NOW))])  # type: ignore[misc]
        took = [_one_more(customer, 10**13 + number * 10**6 + count + n, rng) for n in range(9)]
        told[f"first_touch_with_{count}_facts_cpu_ms"] = _ms(took[:1])
        told[f"touch_with_{count}_facts_cpu_ms"] = _ms(took[2:])  # the second compiles what long histories need
        asked = [_needed(lambda c=customer, k=key: asking.explain(k, c, NOW)) for key in (*EVER, "looks-a-lot")]  # type: ignore[misc]
        told[f"explain_with_{count}_facts_cpu_ms"] = _ms(asked)
        told |= _kept_of(customer, count)
    return told


def _kept_of(customer: int, count: int) -> dict[str, float]:
    """What is kept of a long history beside it: how large that is, and what reading it takes; a view reads it once."""
    from dangol.segment import summaries
    from dangol.segment.models import Summary

    rows = dict(Summary.objects.filter(customer_id=customer).values_list("group", "state"))
    read = [_needed(lambda: [summaries.read(group, [customer]) for group in rows]) for _ in range(9)]
    return {
        f"summary_with_{count}_facts_kb": round(sum(len(state) for state in rows.values()) / 1000, 1),
        f"read_summary_with_{count}_facts_cpu_ms": _ms(read),
    }


def _grown_old(customer: int, number: int, count: int) -> random.Random:
    """A customer with so many views, spread over a year."""
    from dangol.profile import rows
    from dangol.profile.models import Profile

    rng, step = random.Random(number), timedelta(seconds=365 * 86_400 / count)
    views = [_view(10**13 + number * 10**6 + n, NOW - step * (count - n), rng) for n in range(count)]
    rows.insert([(view, customer, None) for view in views])
    Profile.objects.create(customer_id=customer, first_seen_at=views[0].at, last_seen_at=NOW)
    return rng


def _one_more(customer: int, position: int, rng: random.Random) -> float:
    from dangol.profile import rows
    from dangol.segment import live

    view = _view(position, NOW, rng)
    rows.insert([(view, customer, None)])
    return _needed(lambda: live.refresh([customer], NOW, facts=[(customer, view)]))


def _view(number: int, at: datetime, rng: random.Random) -> Fact:
    from dangol.collect.facts import Fact

    properties = {"category": rng.choice(["cups", "bowls"]), "price": rng.randrange(300)}
    return Fact(number, "site", f"v{number}", "track", "Product Viewed", at, at, properties=properties)


def _needed(work: Callable[[], Any]) -> float:
    """Seconds that the process itself needed."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _ms(took: list[float]) -> float:
    return round(sorted(took)[len(took) // 2] * 1000, 1)
