"""Which clocks a customer may live by, where no trait names their time zone. Pure.

What is told of a country counts: the state of the address, the area code of the telephone number, and both where they
differ. Where nothing narrows it, every zone of the country is possible.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel.core import get_global
from phonenumbers import timezone

from dangol.base.phones import country_of

EAST, MIDDLE, MOUNTAIN, WEST = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
# States of the United States by their zones; in some a county goes by the neighbour's clock.
STATES: Mapping[tuple[str, ...], str] = {
    (EAST,): "CT Connecticut, DE Delaware, DC District of Columbia, GA Georgia, ME Maine, MD Maryland,"
    " MA Massachusetts, NH New Hampshire, NJ New Jersey, NY New York, NC North Carolina, OH Ohio,"
    " PA Pennsylvania, RI Rhode Island, SC South Carolina, VT Vermont, VA Virginia, WV West Virginia",
    (EAST, MIDDLE): "FL Florida, IN Indiana, KY Kentucky, MI Michigan, TN Tennessee",
    (MIDDLE,): "AL Alabama, AR Arkansas, IL Illinois, IA Iowa, LA Louisiana, MN Minnesota, MS Mississippi, MO Missouri,"
    " OK Oklahoma, WI Wisconsin",
    (MIDDLE, MOUNTAIN): "KS Kansas, NE Nebraska, ND North Dakota, SD South Dakota, TX Texas",
    (MOUNTAIN,): "CO Colorado, MT Montana, NM New Mexico, UT Utah, WY Wyoming",
    (MOUNTAIN, "America/Phoenix"): "AZ Arizona",
    (MOUNTAIN, WEST): "ID Idaho, NV Nevada, OR Oregon",
    (WEST,): "CA California, WA Washington",
    ("America/Anchorage", "America/Adak"): "AK Alaska",
    ("Pacific/Honolulu",): "HI Hawaii",
}
US = {
    name.upper(): zones
    for zones, states in STATES.items()
    for state in states.split(", ")
    for name in state.split(" ", 1)
}
# Area codes that lie in two zones, of which the tables of telephone numbers know one.
SPLIT = {
    area: US[state]
    for state, areas in {
        "IN": "219 574 812 930", "KY": "270 364 502 606", "FL": "448 850", "MI": "906", "TN": "423 865 931",
        "KS": "620 785", "NE": "308 402", "ND": "701", "SD": "605", "TX": "432 806 915", "ID": "208 986",
        "OR": "458 541", "NV": "775",
    }.items()
    for area in areas.split()
}  # fmt: skip
REGION = ("state", "region", "province", "province_code")  # what forms and shop platforms call it


def possible(traits: Mapping[str, Any], phone: str, countries: Collection[str]) -> tuple[ZoneInfo, ...]:
    """The zones in which a customer of these countries may be, by name; none where no country is told."""
    found: set[str] = set()
    for country in countries:
        found |= (_of_address(traits, country) | _of_phone(phone, country)) or _of_country(country)
    return tuple(ZoneInfo(name) for name in sorted(found))


def _of_address(traits: Mapping[str, Any], country: str) -> set[str]:
    address = traits.get("address")
    places = (address if isinstance(address, Mapping) else {}, traits)
    told = (place.get(name) for place in places for name in REGION)
    names = {name.strip().upper() for name in told if isinstance(name, str)}
    return {zone for name in names for zone in US.get(name, ())} if country == "US" else set()


def _of_phone(number: str, country: str) -> set[str]:
    """The zones of an area code; none for a number that is at home nowhere, such as one that is free to call."""
    if country_of(number) != country:
        return set()
    split = SPLIT.get(number[2:5], ()) if country == "US" else ()
    return set(_of_number(number)) & _of_country(country) | set(split)


@lru_cache(maxsize=4096)
def _of_number(number: str) -> tuple[str, ...]:
    return tuple(timezone.time_zones_for_number(phonenumbers.parse(number)))


@lru_cache(maxsize=256)
def _of_country(country: str) -> frozenset[str]:
    return frozenset(zone for zone, where in get_global("zone_territories").items() if where == country)
