"""Our mark on every letter: the address its failures go to says which delivery it is about, and that we said so.

VERP: `bounces+mark@shop.example`. The mark is signed, so that nobody can silence a customer by a forged failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from dangol.base import links
from dangol.base.errors import Misconfigured
from dangol.base.settings import Settings
from dangol.deliver.rules import parse_mailbox

RETURN, MESSAGE = "b", "m"  # kinds of signed marks: of the return path, and of the Message-ID


def return_path(settings: Settings) -> Callable[[int], str] | None:
    """Makes the return path of a delivery; None where failures go to the sender. Raises Misconfigured."""
    if not settings.bounce_address:
        return None
    if parse_mailbox(settings.bounce_address) is None or len(settings.bounce_address.partition("@")[0]) > 20:
        raise Misconfigured(
            f"setting bounce_address: found {settings.bounce_address!r}; allowed: one address, at most 20 before the @"
        )
    return partial(_marked, settings.secret, settings.bounce_address)


def _marked(secret: bytes, address: str, delivery: int) -> str:
    local, _, domain = address.partition("@")
    return f"{local}+{links.sign_folded(secret, RETURN, delivery)}@{domain}"


def mark(secret: bytes, delivery: int) -> str:
    """What goes along with a message and comes back with every report about it."""
    return f"{delivery}.{links.sign(secret, MESSAGE, delivery)}"


def marked(secret: bytes, text: str) -> int | None:
    """The delivery that a mark names; None where it is not ours."""
    return delivery_of(secret, [f"{text}@"])


def delivery_of(secret: bytes, mailboxes: Iterable[str]) -> int | None:
    """The delivery that one of these mailboxes or message ids is the mark of; None where none is ours."""
    for mailbox in mailboxes:
        local = mailbox.rpartition("@")[0]
        found = links.unsign_folded(secret, RETURN, local.rpartition("+")[2])
        if found:
            return found[0]
        number, _, mark = local.partition(".")
        signed = links.unsign(secret, MESSAGE, mark) if number.isdecimal() else None
        if signed and str(signed[0]) == number:
            return signed[0]
    return None
