"""Whether mailbox providers will believe the shop's letters: what the DNS says of its domain, and what it should say.

Pure but for the resolver, which is given: each finding has the record to paste.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4: beyond, receivers call the record broken
ASKING = re.compile(r"^[+?~-]?(include:|a\b|mx\b|ptr\b|exists:)|^redirect=", re.IGNORECASE)

Standing = Literal["good", "advice", "bad"]  # bad: letters will be refused or taken for spam


class Resolver(Protocol):
    """Asks the DNS. A name that is not there has no answers. Raises OSError where nobody answers."""

    def ask(self, name: str, kind: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Sending:
    """How the shop sends: what its settings say."""

    domain: str  # of the sender's address
    server: str = ""  # the mail server's host name
    selector: str = ""  # of our own DKIM signature; empty: the mail server signs or nobody
    key: str = ""  # the record of our key
    bounces: str = ""  # the domain that failures go to; empty: the sender's


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    about: str  # spf, dkim, dmarc, alignment, ptr, mx
    standing: Standing
    code: str  # what was found, see FOUND
    values: Sequence[str] = ()  # of which it speaks
    name: str = ""  # the record to paste, where one is wanted
    kind: str = ""
    value: str = ""

    @property
    def found(self) -> str:
        return FOUND[self.code].format(*self.values)


FOUND: Mapping[str, str] = {
    "record": "{0}",
    "no_record": "no record",
    "silent": "the DNS did not answer: {0}",
    "too_many": "{0} asks {1} times; allowed are {2}",
    "all_send": "{0} lets everybody send",
    "forbids_nobody": "{0} forbids nobody",
    "unsigned": "the shop does not sign: the mail server must, or `dangol dkim` makes a key",
    "our_key": "{0} holds the shop's key",
    "another_key": "{0} holds another key",
    "no_key": "{0} holds no key",
    "signed": "letters are signed for {0}",
    "failures": "failures go to {0}",
    "nobody_signs": "failures go to {0}, and nobody signs for {1}",
    "takes_mail": "{0}: {1}",
    "takes_none": "{0} takes no mail: no answer or failure arrives",
    "no_address": "{0} has no address",
    "named": "{0} is {1}",
    "nameless": "{0} has no name; letters that leave from it may be refused",
    "elsewhere": "{0} has a name that leads elsewhere, {1}; letters that leave from it may be refused",
}


def check(sending: Sending, resolver: Resolver) -> list[Finding]:
    """Everything that is looked at, in the order in which to mend it."""
    looks = (_spf, _dkim, _dmarc, _alignment, _mx, _ptr)
    found: list[Finding] = []
    for about, look in zip(("spf", "dkim", "dmarc", "alignment", "mx", "ptr"), looks, strict=True):
        try:
            found += look(sending, resolver)
        except OSError as error:
            found.append(Finding(about, "advice", "silent", (str(error),)))
    return found


def sound(findings: list[Finding]) -> bool:
    """Whether nothing bad was found."""
    return all(one.standing != "bad" for one in findings)


# --- who may send for the domain --------------------------------------------------------------------------------------


def _spf(sending: Sending, resolver: Resolver) -> Iterator[Finding]:
    name = _from(sending)
    records = _txt(resolver, name, "v=spf1")
    if len(records) != 1:
        wanted = f"v=spf1 {_named(sending.server)} ~all"
        yield Finding("spf", "bad", *_records(records), name, "TXT", wanted)
        return
    lookups = count_lookups(records[0], resolver, {name})
    ends = records[0].split()[-1].lower()
    if lookups > MOST_LOOKUPS:
        yield Finding("spf", "bad", "too_many", (records[0], str(lookups), str(MOST_LOOKUPS)))
    elif ends in {"+all", "all"}:
        yield Finding("spf", "bad", "all_send", (records[0],), name, "TXT", _ended(records[0], "~all"))
    elif ends in {"~all", "-all"} or ends.startswith("redirect="):
        yield Finding("spf", "good", "record", (records[0],))
    else:
        yield Finding("spf", "advice", "forbids_nobody", (records[0],), name, "TXT", _ended(records[0], "~all"))


def _records(records: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    return ("record", ("; ".join(records),)) if records else ("no_record", ())


def _named(server: str) -> str:
    """The mail server as SPF names it; one in the shop's own network sends by another, most often the domain's own."""
    address = _address(server)
    if address:
        return f"ip{address.version}:{address}" if address.is_global else "mx"
    return f"a:{server}" if server else "mx"


def _address(server: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(server)
    except ValueError:
        return None


def _ended(record: str, end: str) -> str:
    kept = [word for word in record.split() if not re.fullmatch(r"[+?~-]?all", word, re.IGNORECASE)]
    return " ".join([*kept, end])


def count_lookups(record: str, resolver: Resolver, seen: set[str]) -> int:
    """How often a receiver has to ask to understand an SPF record, with all that it includes."""
    count = 0
    for word in record.split()[1:]:
        if not ASKING.match(word):
            continue
        count += 1
        target = re.match(r"^(?:[+?~-]?include:|redirect=)(\S+)$", word, re.IGNORECASE)
        if target and target[1].lower() not in seen and count <= MOST_LOOKUPS:
            seen.add(target[1].lower())
            for inner in _txt(resolver, target[1], "v=spf1")[:1]:
                count += count_lookups(inner, resolver, seen)
    return count


# --- who signs, and what receivers do about it ------------------------------------------------------------------------


def _dkim(sending: Sending, resolver: Resolver) -> Iterator[Finding]:
    if not sending.selector:
        yield Finding("dkim", "advice", "unsigned")
        return
    name = f"{sending.selector}._domainkey.{sending.domain}"
    records = resolver.ask(name, "TXT")
    published = [_key_of(record) for record in records]
    if _key_of(sending.key) in published:
        yield Finding("dkim", "good", "our_key", (name,))
        return
    told = "another_key" if any(published) else "no_key"
    yield Finding("dkim", "bad", told, (name,), name, "TXT", sending.key)


def _key_of(record: str) -> str:
    tags = dict(tag.strip().partition("=")[::2] for tag in record.split(";") if "=" in tag)
    return re.sub(r"\s", "", tags.get("p", ""))


def _dmarc(sending: Sending, resolver: Resolver) -> Iterator[Finding]:
    for domain in (sending.domain, organisation(sending.domain)):
        records = _txt(resolver, f"_dmarc.{domain}", "v=DMARC1")
        if len(records) == 1 and re.search(r";\s*p\s*=\s*(none|quarantine|reject)\b", records[0], re.IGNORECASE):
            yield Finding("dmarc", "good", "record", (records[0],))
            return
        if records:
            break
    wanted = f"v=DMARC1; p=none; rua=mailto:postmaster@{organisation(sending.domain)}"
    yield Finding("dmarc", "bad", *_records(records), f"_dmarc.{organisation(sending.domain)}", "TXT", wanted)


def _alignment(sending: Sending, resolver: Resolver) -> Iterator[Finding]:
    """DMARC wants one of the two, SPF or DKIM, under the organisation that the sender's address names."""
    if sending.selector:
        yield Finding("alignment", "good", "signed", (sending.domain,))
    elif organisation(_from(sending)) == organisation(sending.domain):
        yield Finding("alignment", "good", "failures", (_from(sending),))
    else:
        yield Finding("alignment", "bad", "nobody_signs", (_from(sending), sending.domain))


def organisation(domain: str) -> str:
    """The part of a domain that belongs to one owner: a name and its ending, such as shop.co.kr."""
    labels = domain.lower().rstrip(".").split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in {"ac", "co", "com", "go", "ne", "net", "or", "org", "pe", "re"}  # fmt: skip # noqa: E501
    return ".".join(labels[-3:] if short else labels[-2:])


# --- whether the shop can be reached and found ------------------------------------------------------------------------


def _mx(sending: Sending, resolver: Resolver) -> Iterator[Finding]:
    for domain in dict.fromkeys((sending.domain, _from(sending))):
        servers = resolver.ask(domain, "MX")
        if servers and servers != ["0 ."]:
            yield Finding("mx", "good", "takes_mail", (domain, ", ".join(servers)))
        else:
            named = (
                sending.server if sending.server and not _address(sending.server) else f"mail.{organisation(domain)}"
            )
            wanted = f"10 {named}."
            yield Finding("mx", "bad", "takes_none", (domain,), domain, "MX", wanted)


def _ptr(sending: Sending, resolver: Resolver) -> Iterator[Finding]:
    """A relay sends from addresses of its own, so a missing name is only a piece of advice."""
    literal = _address(sending.server)
    if not sending.server or (literal and not literal.is_global):
        return
    addresses = [str(literal)] if literal else _addresses(sending.server, resolver)
    if not addresses:
        yield Finding("ptr", "bad", "no_address", (sending.server,))
    for address in addresses:
        names = [name.rstrip(".").lower() for name in resolver.ask(address, "PTR")]
        kind = "AAAA" if ":" in address else "A"
        if any(address in resolver.ask(name, kind) for name in names):
            yield Finding("ptr", "good", "named", (address, names[0]))
        else:
            told = ("elsewhere", (address, names[0])) if names else ("nameless", (address,))
            yield Finding("ptr", "advice", *told)


def _addresses(server: str, resolver: Resolver) -> list[str]:
    return [address for kind in ("A", "AAAA") for address in resolver.ask(server, kind)]


def _from(sending: Sending) -> str:
    """The domain of the envelope's sender, which SPF is about."""
    return sending.bounces or sending.domain


def _txt(resolver: Resolver, name: str, begins: str) -> list[str]:
    return [text for text in resolver.ask(name, "TXT") if text.lower().split(";")[0].split(" ")[0] == begins.lower()]
