"""What waiting and splitting look at, of the customers of one batch: read for all at once, when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.campaign import hours
from dangol.profile.models import Profile
from dangol.segment import asking
from dangol.segment.paths import split_path
from dangol.segment.values import at_path

ZONES = ("timezone", "time_zone", "timeZone")  # traits in which a customer's zone is told


class Cohort:
    """The customers of one batch."""

    def __init__(self, customers: Collection[int], segments: Collection[str], shop: Shop, now: datetime) -> None:
        self._customers, self._segments, self.shop, self.now = sorted(set(customers)), segments, shop, now

    def holds(self, segment: str, customer: int) -> bool:
        """Whether a segment's rule holds for a customer now."""
        return customer in self._members.get(segment, ())

    @cached_property
    def _members(self) -> Mapping[str, set[int]]:
        return {key: asking.holding(key, self._customers) for key in self._segments}

    @cached_property
    def _traits(self) -> dict[int, dict[str, Any]]:
        return {
            customer: traits
            for part in parts(self._customers)
            for customer, traits in Profile.objects.filter(pk__in=part).values_list("customer_id", "traits")
        }

    @cached_property
    def _hours(self) -> dict[int, int]:
        zones = {customer: self.person(customer).zone for customer in self._customers}
        return hours.best(zones, self.shop.zone, self.now)

    def person(self, customer: int) -> Member:
        return Member(self, customer)


class Member:
    """One of them."""

    def __init__(self, cohort: Cohort, customer: int) -> None:
        self._cohort, self._customer = cohort, customer

    def trait(self, path: str) -> Any:
        return at_path(self._cohort._traits.get(self._customer, {}), split_path(path) or ())

    @property
    def zone(self) -> tzinfo:
        """The customer's own, where a trait tells one that there is; otherwise the shop's."""
        traits = self._cohort._traits.get(self._customer, {})
        told = next((traits[name] for name in ZONES if isinstance(traits.get(name), str)), "")
        try:
            return ZoneInfo(told) if told else self._cohort.shop.zone
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return self._cohort.shop.zone

    @property
    def best_hour(self) -> int:
        return self._cohort._hours.get(self._customer, hours.USUAL)
