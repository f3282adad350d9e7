"""Asks the DNS about the shop's own domain."""

from __future__ import annotations

from urllib.parse import urlsplit

import dns.exception
import dns.resolver
import dns.reversename

from dangol.base.errors import Misconfigured
from dangol.base.models import Shop
from dangol.base.settings import Settings
from dangol.deliver import dkim
from dangol.deliver.domain import Sending
from dangol.deliver.rules import parse_mailbox

SECONDS = 5.0  # for one question


class Dns:
    """The machine's own resolver."""

    def __init__(self) -> None:
        self._resolver = dns.resolver.Resolver()
        self._resolver.lifetime = SECONDS

    def ask(self, name: str, kind: str) -> list[str]:
        """The answers as text. Raises OSError where nobody answers."""
        asked = dns.reversename.from_address(name) if kind == "PTR" else name
        try:
            answers = self._resolver.resolve(asked, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise OSError(f"{name} {kind}: {type(error).__name__}") from error
        if kind == "TXT":
            return [b"".join(answer.strings).decode("utf-8", "replace") for answer in answers]
        return sorted(answer.to_text() for answer in answers)


def sending(settings: Settings) -> Sending:
    """How the shop sends, by its settings. Raises Misconfigured where it has no sender yet."""
    mailbox = parse_mailbox(Shop.objects.get().sender_email)
    if mailbox is None:
        raise Misconfigured("the shop has no sender yet: settings, the sender's e-mail address")
    signer = dkim.load(settings.folder, settings.dkim_selector)
    return Sending(
        domain=mailbox.rpartition("@")[2],
        server=urlsplit(settings.smtp_url).hostname or "",
        selector=settings.dkim_selector,
        key=dkim.record(signer) if signer else "",
        bounces=settings.bounce_address.rpartition("@")[2],
    )
