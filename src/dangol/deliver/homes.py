"""Where customers are, as far as their files tell: their clock, the clocks that may be theirs, and their countries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.deliver import law, objects
from dangol.deliver.law import places, zones
from dangol.profile.models import Profile

ASKED = ("timezone", "country", "state", "region", "province", "address")  # the traits that tell


@dataclass(frozen=True, slots=True)
class Home:
    """Where a customer is."""

    zone: tzinfo  # the customer's, where it is known, else the shop's
    clocks: tuple[tzinfo, ...]  # each that may be the customer's, where a law's hours go by the customer's clock
    theirs: frozenset[str]  # ISO 3166, as far as the file tells
    countries: frozenset[str]  # whose laws a message touches: theirs and the shop's


def home(traits: Mapping[str, Any], phone: str, shop: Shop) -> Home:
    """Where one customer is."""
    zone, theirs = objects.zone(traits, shop), places.countries(traits, phone)
    countries = places.under(theirs, shop.country.upper())
    return Home(zone, _clocks(traits, phone, shop, theirs, countries) or (zone,), theirs, countries)


def _clocks(
    traits: Mapping[str, Any], phone: str, shop: Shop, theirs: frozenset[str], countries: frozenset[str]
) -> tuple[tzinfo, ...]:
    if not countries & law.OPEN or objects.told_zone(traits) is not None:
        return ()
    return zones.possible(traits, phone, theirs or countries)


def homes(customers: Sequence[int], shop: Shop) -> dict[int, Home]:
    """The homes of these customers, as far as they have a file."""
    names = [f"traits__{name}" for name in ASKED]
    return {
        customer: home(dict(zip(ASKED, told, strict=True)), phone, shop)
        for part in parts(sorted(set(customers)))
        for customer, phone, *told in Profile.objects.filter(pk__in=part).values_list("customer_id", "phone", *names)
    }
