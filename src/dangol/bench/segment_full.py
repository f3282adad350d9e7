"""A question over everybody: ours, and the same in DuckDB's SQL by hand over the same columns; a new segment's birth.

The facts are made by DuckDB and lie in the copy in columns only, where both look; modules that need Django are imported
once the scratch shop's folder is known.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dangol.bench.segment import _set_up

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
DAY = 86_400_000_000
RULE: dict[str, Any] = {
    "all": [
        {"event": "Order Completed", "count": {"at_least": 2}, "within": "30d"},
        {"event": "Email Opened", "count": 0, "within": "14d"},
        {"event": "Order Completed", "sum": {"of": "revenue", "over": 100}},
    ]
}
BORN: dict[str, Any] = {"event": "Order Completed", "count": {"at_least": 1}, "within": "90d"}
AT_ONCE = 1_000_000  # facts made at a time
MADE = """
SELECT customer_id, {t} - (h % (400 * {day}::UBIGINT))::BIGINT AS "at", position, kind.type, kind.name AS event,
  kind.name, kind.own,
  CASE WHEN kind.type = 'identify' THEN '' ELSE '{{"order_id":"o' || position || '","revenue":' || (h % 300)
    || ',"currency":"KRW","category":"cups","products":[{{"product_id":"p' || (h % 1000)
    || '","price":12.5,"quantity":1}}]}}' END AS properties,
  CASE WHEN kind.type = 'identify' THEN '{{"plan":"gold","email":"c' || customer_id || '@example.com"}}' ELSE '' END
    AS traits, '' AS context
FROM (SELECT *, CASE WHEN p < 55 THEN {{'type': 'track', 'name': 'Product Viewed', 'own': false}}
    WHEN p < 65 THEN {{'type': 'track', 'name': 'Product Added', 'own': false}}
    WHEN p < 70 THEN {{'type': 'track', 'name': 'Checkout Started', 'own': false}}
    WHEN p < 80 THEN {{'type': 'track', 'name': 'Order Completed', 'own': false}}
    WHEN p < 90 THEN {{'type': 'track', 'name': 'Email Opened', 'own': true}}
    ELSE {{'type': 'identify', 'name': '', 'own': false}} END AS kind
  FROM (SELECT {first} + (i % {many})::BIGINT AS customer_id, {low} + i + 1 AS position, hash({low} + i) AS h,
    (hash(3 * ({low} + i)) % 100)::INTEGER AS p FROM range({rows}) t(i)))
"""
BY_HAND = """
SELECT customer_id FROM (
  SELECT customer_id,
    count(*) FILTER (event = 'Order Completed' AND "at" >= {t} - 30 * {day}) AS bought,
    count(*) FILTER (event = 'Email Opened' AND "at" >= {t} - 14 * {day}) AS opened,
    sum(json_extract_string(properties, '$.revenue')::DOUBLE) FILTER (event = 'Order Completed') AS spent
  FROM read_parquet([{files}])
  WHERE event IN ('Order Completed', 'Email Opened') AND "at" <= {t}
  GROUP BY customer_id
) WHERE bought >= 2 AND opened = 0 AND spent > 100
"""


def run(customers: int = 100_000, facts: int = 2_000_000, rounds: int = 5) -> dict[str, Any]:
    """Fill the columns of a scratch shop, then ask both ways in turn; the quickest and the middle of `rounds` count."""
    with tempfile.TemporaryDirectory(prefix="dangol-bench-") as folder:
        _set_up(folder)
        from dangol.profile.columns import manifest
        from dangol.profile.models import Copy

        filling = _timed(lambda: _fill(customers, facts))
        found: dict[str, list[int]] = {}
        took: dict[str, list[float]] = {"by_hand": [], "ours": []}
        for _ in range(rounds):
            for name, ask in (("by_hand", _by_hand), ("ours", _ours)):
                start = time.perf_counter()
                found[name] = ask()
                took[name].append(time.perf_counter() - start)
        kept = manifest.read(Copy.objects.get().parts)
        by_hand, ours = (sorted(took[name]) for name in ("by_hand", "ours"))
        born, members = _birth()
        return {
            "bench": "segment full",
            "customers": customers,
            "facts": facts,
            "fill_seconds": round(filling, 1),
            "mb_per_million_facts": round(sum(part.bytes for part in kept) / facts, 1),
            "members": len(found["ours"]),
            "same_members": sorted(found["ours"]) == sorted(found["by_hand"]),
            "by_hand_seconds": round(by_hand[len(by_hand) // 2], 2),
            "ours_seconds": round(ours[len(ours) // 2], 2),
            "ratio_of_medians": round(ours[len(ours) // 2] / by_hand[len(by_hand) // 2], 2),
            "ratio_of_quickest": round(ours[0] / by_hand[0], 2),
            "new_segment_seconds": round(born, 2),
            "new_segment_members": members,
        }


def _fill(customers: int, facts: int) -> None:
    """Bases of about a million facts each, as the keeper writes them, and the row that names them."""
    from dangol.base import duck
    from dangol.base.clock import to_us
    from dangol.collect import steps as collect
    from dangol.profile.columns import keeping, manifest, parts, rows

    here = manifest.folder()
    here.mkdir(mode=0o700)
    (here / manifest.HOME).write_text("bench", "utf-8")
    pieces = max(facts // AT_ONCE, 1)
    many, each = customers // pieces, facts // pieces
    made = []
    for number in range(pieces):
        first, last = number * many + 1, (number + 1) * many
        named = {"t": to_us(NOW), "day": DAY, "first": first, "many": many, "low": number * each, "rows": each}
        with duck.connected(here / "spill") as connection:
            fresh = connection.sql(MADE.format(**named)).to_arrow_table().cast(rows.SCHEMA)
        bounds = (0, facts, 0 if number == 0 else first, manifest.ALL if number == pieces - 1 else last)
        made.append(parts.write(here, [], fresh, bounds))
    collect.advance(facts)
    keeping.commit(made, facts, {}, NOW, checked=True)


def _by_hand() -> list[int]:
    from dangol.base import duck
    from dangol.base.clock import to_us
    from dangol.profile.columns import manifest
    from dangol.profile.models import Copy

    here = manifest.folder()
    files = ", ".join(f"'{here / part.file}'" for part in manifest.read(Copy.objects.get().parts))
    with duck.connected(Path(here) / "spill") as connection:
        found = connection.sql(BY_HAND.format(t=to_us(NOW), day=DAY, files=files)).fetchall()
    return [row[0] for row in found]


def _ours() -> list[int]:
    from dangol.segment import asking

    return asking.evaluate(RULE, NOW)


def _birth() -> tuple[float, int]:
    """Saving a segment until all its members and flips are written; how many it has."""
    from dangol.segment import reads, steps

    took = _timed(lambda: steps.save("born", {"where": BORN}, NOW, wait=True))
    return took, reads.size("born")


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
