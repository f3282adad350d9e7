"""What people look at in identity: merges, and identifiers that several people share. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from dangol.base.errors import NotFound
from dangol.base.models import region
from dangol.base.parts import parts
from dangol.identity import kinds, signposts
from dangol.identity.models import Identifier, Merge


def merges(*, customer: int | None = None, before: int | None = None, limit: int = 50) -> list[Merge]:
    """Merges, the newest first: of everybody, or those that made one customer what it is."""
    rows = Merge.objects.order_by("-pk")
    if customer is not None:
        rows = rows.filter(survivor_id__in=signposts.behind({customer}))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows[:limit])


def merge(number: int) -> Merge:
    """One merge. Raises NotFound."""
    found = Merge.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"there is no merge {number}")
    return found


def merge_of(absorbed: int) -> Merge:
    """The merge by which a customer became part of another. Raises NotFound."""
    found = Merge.objects.filter(absorbed_id=absorbed, undone_at=None).order_by("-pk").first()
    if found is None:
        raise NotFound(f"customer {absorbed} is not part of another")
    return found


def keys(identifier_ids: list[int]) -> list[tuple[str, str]]:
    """The kind and value of identifiers, those that are gone left out."""
    rows = Identifier.objects.filter(id__in=identifier_ids, seen=True).order_by("id")
    return list(rows.values_list("kind", "value"))


def shared(limit: int = 50) -> list[Identifier]:
    """Identifiers of more people than their kind allows, which join nobody, the newest first."""
    return list(Identifier.objects.filter(shared=True).order_by("-pk")[:limit])


def count_shared() -> int:
    return Identifier.objects.filter(shared=True).count()


def leading_to(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The customers whom identifiers (kind, value as people write it) lead to; those nobody is known by are missing."""
    by_kind: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    where = region()
    for key in keys:
        kind, value = key
        by_kind[kind][kinds.normal(kind, value, where if kind == "phone" else "")].append(key)
    found: dict[tuple[str, str], int] = {}
    for kind, values in by_kind.items():
        for part in parts(sorted(values)):
            rows = Identifier.objects.filter(kind=kind, value__in=part)
            for value, customer in rows.values_list("value", "customer_id"):
                found |= dict.fromkeys(values[value], customer)
    return found


def standing_for(ids: Collection[int]) -> dict[int, int]:
    """The customers that ids, also those from before a merge, stand for now; ids that never were one are missing."""
    return dict(signposts.current_of(ids))
