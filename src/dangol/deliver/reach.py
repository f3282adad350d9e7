"""Where a message goes: the address of each delivery's customer on its channel. Reads only.

A channel whose address is neither an e-mail nor a telephone number registers how it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dangol.deliver import subscriptions, suppressions
from dangol.deliver.models import Delivery
from dangol.profile.models import Profile

Places = dict[int, str]  # customer → address


def addresses(deliveries: Sequence[Delivery]) -> list[str]:
    """The address of each delivery, in their order; empty where the customer has none on that channel."""
    found: dict[str, Places] = {}
    for channel in {delivery.channel for delivery in deliveries}:
        customers = sorted({one.customer_id for one in deliveries if one.channel == channel})
        found[channel] = READERS[channel](customers) if channel in READERS else {}
    return [_told(delivery) or found[delivery.channel].get(delivery.customer_id, "") for delivery in deliveries]


def _told(delivery: Delivery) -> str:
    """The address of a channel that asks the customer for none."""
    if delivery.channel == "webhook":
        return str(delivery.message.get("url", ""))
    return {"task": "staff", "onsite": str(delivery.customer_id)}.get(delivery.channel, "")


def address_of(customer_id: int, channel: str = "email") -> str:
    """The address of one customer on a channel; empty where there is none."""
    return READERS[channel]([customer_id]).get(customer_id, "") if channel in READERS else ""


def all_of(customer_id: int, channel: str) -> list[str]:
    """Every address at which one customer may be reached on a channel: browsers are many."""
    if channel == "webpush":
        return subscriptions.all_of(customer_id)
    address = address_of(customer_id, channel)
    return [address] if address else []


def customers_at(channel: str, address: str) -> list[int]:
    """Who is reached at an address on a channel."""
    if channel == "webpush":
        return subscriptions.customers_at(address)
    if channel not in COLUMNS:
        return []
    written = {f"{COLUMNS[channel]}__in": suppressions.forms(channel, address)}
    found = Profile.objects.filter(**written).order_by("pk")
    return list(found.values_list("pk", flat=True))


def _emails(customers: Sequence[int]) -> Places:
    return _column(customers, "email")


def _phones(customers: Sequence[int]) -> Places:
    return _column(customers, "phone")


def _column(customers: Sequence[int], name: str) -> Places:
    return dict(Profile.objects.filter(pk__among=set(customers)).values_list("customer_id", name))


COLUMNS = {"email": "email", "sms": "phone", "kakao": "phone"}  # of the profile
READERS: dict[str, Callable[[Sequence[int]], Places]] = {
    "email": _emails,
    "sms": _phones,
    "kakao": _phones,
    "webpush": subscriptions.newest,
}
