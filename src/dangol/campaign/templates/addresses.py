"""Addresses in a source that lead nowhere from a mailbox. Pure."""

from __future__ import annotations

import html
import ipaddress
import re
from collections.abc import Iterator

from dangol.campaign.templates.markup import ADDRESSES, SCHEMES
from dangol.campaign.templates.tokens import COMMENT, LIQUID

ALLOWED = "a whole address such as https://shop.example/page, mailto: or tel:"
DYNAMIC = "\x01"  # stands for a character of Liquid, so that places stay what they are
_TAG = re.compile(r"<(?:[a-z][a-z0-9-]*)\b(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>", re.IGNORECASE)
_NAMED = re.compile(
    rf"\s({'|'.join(sorted(ADDRESSES - {'data'}))}|background-url)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE
)
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_HOST = re.compile(r"//(?:[^/?#@\s]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:\s]+)(?::\d{1,5})?(?=[/?#]|$)")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
NOWHERE = ("localhost", ".localhost", ".invalid", ".local", ".internal")


def broken_in(source: str) -> Iterator[tuple[int, str]]:
    """Each fixed address that leads nowhere: its place in the source, and how it reads there."""
    text = LIQUID.sub(_dynamic, COMMENT.sub(_dynamic, source))
    for tag in _TAG.finditer(text):
        if tag[0][1:5].lower() == "link":
            continue  # nothing is loaded from there
        for named in _NAMED.finditer(tag[0]):
            given = named[2].strip("\"'")
            if broken(html.unescape(given)):
                at = tag.start() + named.start(2)
                yield at, f"{named[1]}={source[at : at + len(named[2])].strip(chr(34) + chr(39))[:200]}"


def _dynamic(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", DYNAMIC, found[0])


def broken(address: str) -> bool:
    """Whether an address leads nowhere; one that begins with what Liquid puts there is judged when that is known."""
    address = address.strip()
    if address.startswith(DYNAMIC):
        return False
    scheme = _SCHEME.match(address)
    if scheme is None:
        return not (address.startswith("#") and len(address) > 1)
    name, rest = scheme[1].lower(), address[scheme.end() :]
    if name in {"http", "https"}:
        return _broken_web(rest)
    if name == "mailto":
        return "@" not in rest and DYNAMIC not in rest
    return name not in SCHEMES or not rest


def _broken_web(rest: str) -> bool:
    found = _HOST.match(rest)
    if found is None or re.search(r"\s", rest.strip()):
        return not rest.startswith("//" + DYNAMIC)
    host = found[1].lower().rstrip(".")
    if DYNAMIC in host:
        return False
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        labels = host.split(".")
        return len(labels) < 2 or host.endswith(NOWHERE) or not all(_LABEL.fullmatch(label) for label in labels)
