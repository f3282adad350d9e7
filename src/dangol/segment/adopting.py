"""Segments of the library made a shop's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from dangol.profile.models import Order
from dangol.segment import library, steps
from dangol.segment.library import Ready
from dangol.segment.models import Segment

LOOKED_AT = 2_000  # of the newest orders
SUGGESTED = 12


def adopt(key: str, values: Mapping[str, str], language: str, now: datetime, *, state: str = "active") -> Segment:
    """Save a segment of the library as one of the shop's, with what it asks for; a draft, or at work.

    One that was filled in gets its values in its name, and another key beside those that are there already.
    Raises NotFound and Invalid.
    """
    ready = library.get(key)
    where = library.filled(ready, values)
    name = ready.name.get(language) or ready.name["en"]
    if ready.asks:
        name = f"{name}: {', '.join(values[asked] for asked in ready.asks)}"[:200]
    shape = {"name": name, "where": where, "state": state}
    return steps.save(_free(key, where) if ready.asks else key, shape, now)


def _free(key: str, where: object) -> str:
    """The key, or with a number behind it where another rule stands under it."""
    taken = {row.key: row for row in Segment.objects.filter(key__startswith=key, stands_for="")}
    candidate, number = key, 1
    while candidate in taken and taken[candidate].rule != where:
        number += 1
        candidate = f"{key}-{number}"
    return candidate


def suggestions(ready: Ready) -> dict[str, list[str]]:
    """What could be filled in, from the shop's newest orders, the most bought first."""
    if "category" not in ready.asks:
        return {}
    found: Counter[str] = Counter()
    for categories in Order.objects.order_by("-at").values_list("categories", flat=True)[:LOOKED_AT]:
        found.update(dict.fromkeys(categories or {}, 1))
    return {"category": [name for name, _ in found.most_common(SUGGESTED)]}
