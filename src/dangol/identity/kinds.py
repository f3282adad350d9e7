"""The kinds of identifiers: how each is written, which is believed before which, and how far each can be trusted.

A strong identifier names one person: two different ones never meet in one customer unless the shop says so (an alias,
or a member of staff). A weak one, such as a browser or an address, may be shared by a family; beyond a few people it
says nothing about anybody.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from dangol.base.phones import e164

Key = tuple[str, str]  # kind, value

USER = "userId"
ANONYMOUS = "anonymousId"


@dataclass(frozen=True, slots=True)
class Kind:
    """What holds for one kind of identifier."""

    rank: int  # a fact belongs to the identifier of the lowest rank that it brings
    one: bool = False  # a customer has at most one of them
    people: int = 5  # with more customers than this it is shared, and joins nobody


KINDS = {
    USER: Kind(0, one=True),
    "shopify": Kind(1, one=True),
    "woocommerce": Kind(1, one=True),
    "cafe24": Kind(1, one=True),
    "loyalty_card": Kind(2, people=3),
    "email": Kind(3, people=3),
    "phone": Kind(4, people=3),
    "device": Kind(7),
    ANONYMOUS: Kind(6),
    "push": Kind(8),
}
OTHER = Kind(5, people=3)  # whatever else a shop numbers its customers by

# What programs and forms write when they mean nobody.
NOBODY = {
    "", "null", "undefined", "none", "nil", "nan", "guest", "anonymous", "unknown", "n/a", "0", "-1", "false",
    "true", "[object object]", "00000000-0000-0000-0000-000000000000", "비회원",
}  # fmt: skip
NOBODY_MAIL = {"test", "noemail", "no-email", "none", "guest", "anonymous", "noreply", "no-reply", "donotreply"}


def kind(name: str) -> Kind:
    return KINDS.get(name, OTHER)


def rank(key: Key) -> int:
    return kind(key[0]).rank


def usable(key: Key, blocked: Iterable[str] = ()) -> bool:
    """Whether a key names somebody; `blocked` are further values, in lower case, that a shop knows to mean nobody."""
    name, value = key[0], key[1].lower()
    if value in NOBODY or value in blocked:
        return False
    if name == "email":
        return value.partition("@")[0] not in NOBODY_MAIL
    if name == "phone":
        return len(set(value.lstrip("+")[-7:])) > 1  # 000-0000-0000
    return True


def normal(name: str, value: str, region: str = "") -> str:
    """The one way a value is written: NFC, e-mail in lower case, phone in E.164 where it can be told.

    `region` is the ISO 3166 code of the country that a number without one is from.
    """
    value = value if value.isascii() else unicodedata.normalize("NFC", value)
    if name == "email":
        return value.strip().lower()
    if name == "phone":
        return e164(value, region)
    return value
