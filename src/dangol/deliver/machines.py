"""Tells what programs open and click from what people do. Pure."""

from __future__ import annotations

import re

MACHINES = re.compile(
    r"googleimageproxy|yahoomailproxy|bot\b|crawl|spider|scan|preview|proofpoint|mimecast|barracuda|symantec|safelinks"
    r"|facebookexternalhit|curl/|wget/|python-|go-http-client|java/|libwww|okhttp|headless",
    re.IGNORECASE,
)


def is_machine(user_agent: str) -> bool:
    """Whether an open or a click comes from a program: image proxies, link scanners, privacy relays, no name at all."""
    name = user_agent.strip()
    return name in {"", "Mozilla/5.0"} or MACHINES.search(name) is not None
