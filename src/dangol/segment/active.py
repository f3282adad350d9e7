"""The segments that are at work, and their rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo

from dangol.base.errors import NotFound
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.profile.topics import opt_out
from dangol.segment.language import Rule
from dangol.segment.models import List, Member, Segment
from dangol.segment.parse import read_rule
from dangol.segment.rules import renamed

COMING = ("computing", "failed")  # states of a version that is not at work yet


def zone() -> tzinfo:
    """The shop's zone; UTC before there is a shop."""
    shop = Shop.objects.first()
    return shop.zone if shop else UTC


def get(key: str) -> Segment:
    """An active segment that people know. Raises NotFound."""
    segment = Segment.shown.filter(key=key, state="active").first()
    if segment is None:
        raise NotFound(f"no segment {key}")
    return segment


def newest(key: str) -> Segment:
    """A segment as it was saved last: also a draft, an archived one, or a version that is being computed.

    Raises NotFound.
    """
    rows = Segment.shown.select_related("computation")
    found = rows.filter(stands_for=key, state__in=COMING).first() or rows.filter(key=key).first()
    if found is None:
        raise NotFound(f"no segment {key}")
    return found


def all_active() -> list[Segment]:
    """Every active segment, by key, those that only campaigns know among them: for what keeps them, not for people."""
    return list(Segment.objects.filter(state="active").order_by("key"))


def visible() -> list[Segment]:
    """Every active segment that people know, by key."""
    return list(Segment.shown.filter(state="active").order_by("key"))


def at_work() -> list[Segment]:
    """Every segment that the live path keeps, by key: the active ones, and the versions that are being computed.

    What refers to a segment refers to its coming version where both are computed together.
    """
    rows = list(Segment.objects.filter(state__in=("active", "computing")).order_by("key"))
    coming = {row.stands_for: row.key for row in rows if row.state == "computing"}
    for row in rows:
        if row.state == "computing":
            row.rule = renamed(row.rule, coming)
    return rows


def held(customer_ids: Iterable[int], ids: Mapping[str, int]) -> dict[int, set[str]]:
    """The segments, of these (key → id), that customers are in; customers who are in none are missing."""
    keys = {number: key for key, number in ids.items()}
    found: dict[int, set[str]] = defaultdict(set)
    for part in parts(sorted(customer_ids)):
        rows = Member.objects.filter(customer_id__in=part).values_list("customer_id", "segment_id")
        for customer, number in rows:
            if number in keys:
                found[customer].add(keys[number])
    return found


def rules_of(segments: Sequence[Segment], where: tzinfo) -> dict[str, Rule]:
    """The rules of some segments, by key."""
    silent, makes = opt_out(), makings()
    return {segment.key: read_rule(segment.rule, where, silent, makes) for segment in segments}


def makings() -> dict[str, int]:
    """How often a list was made under each key, where it was more than once."""
    return dict(List.objects.filter(making__gt=1).values_list("key", "making"))


def read_forecasts() -> bool:
    """Whether any segment that is at work or being computed asks what is expected of customers."""
    return Segment.objects.filter(state__in=("active", "computing"), rule__icontains='"predicted"').exists()
