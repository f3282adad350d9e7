"""Solapi's list of numbers that refused by the 080 call: taken in when the shop starts and once a day from then on.

The list keeps a number for ever, so an entry counts by its date: a later yes of the customer stands, a call after that
is a new refusal. An entry without a date counts the first time it is seen.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from dangol.base.clock import Clock
from dangol.base.errors import DangolError, Unavailable
from dangol.base.instants import parse_instant
from dangol.base.settings import Settings
from dangol.deliver import refusals
from dangol.deliver.channels.calls import Requests, body_of, fetcher
from dangol.deliver.channels.solapi import BASE, authorization

log = logging.getLogger("dangol.deliver.blocklist")

EVERY = timedelta(days=1)
SOON = timedelta(minutes=30)  # after it could not be read
PAGE, MOST_PAGES = 500, 10_000  # numbers on a page, as many as Solapi gives; pages before something must be wrong


def run(clock: Clock, stopping: threading.Event) -> None:
    """Take the list in, again and again, until told to stop; nothing where the shop does not use Solapi."""
    config = settings.DANGOL
    if not (config.solapi_key and config.solapi_secret):
        return
    wait = timedelta(0)
    while not stopping.wait(wait.total_seconds()):
        try:
            take_in(config, fetcher(config), clock)
            wait = EVERY
        except (DangolError, DatabaseError) as error:
            log.warning("the list of refusals cannot be taken in: %s", error)
            wait = SOON
        finally:
            close_old_connections()


def take_in(
    config: Settings, requests: Requests, clock: Clock, new_salt: Callable[[], str] = lambda: secrets.token_hex(16)
) -> int:
    """Read the whole list; how many refusals are new.

    Raises Unavailable where it cannot be read to its end; the refusals read until then count.
    """
    entries = _entries(config, requests, clock, new_salt)
    return sum(refusals.listed(str(one.get("recipientNumber", "")), _since(one), clock.now()) for one in entries)


def _since(entry: Mapping[str, Any]) -> datetime | None:
    """When somebody called last; None where the entry does not say."""
    told = (parse_instant(entry.get(name)) for name in ("dateCreated", "dateUpdated"))
    return max((at for at in told if at is not None), default=None)


def _entries(
    config: Settings, requests: Requests, clock: Clock, new_salt: Callable[[], str]
) -> Iterator[Mapping[str, Any]]:
    start, seen = "", {""}
    for _ in range(MOST_PAGES):
        query = urlencode({"type": "DENIAL", "limit": str(PAGE)} | ({"startKey": start} if start else {}))
        proof = authorization(config.solapi_key, config.solapi_secret, clock.now(), new_salt())
        answer = requests.request("GET", f"{BASE}/iam/v1/black?{query}", headers={"authorization": proof})
        page = body_of(answer)
        listed = page.get("blackList")
        if answer.status != 200 or not isinstance(listed, list | dict):
            raise Unavailable(f"Solapi answers {answer.status} {answer.body[:200].decode('utf-8', 'replace')}")
        found = listed.values() if isinstance(listed, dict) else listed  # by their keys, as its own clients know it too
        yield from (one for one in found if isinstance(one, dict))
        start = str(page.get("nextKey") or "")
        if not start:
            return
        if start in seen:
            raise Unavailable(f"Solapi's list of refusals does not end: the page {start} comes again")
        seen.add(start)
    raise Unavailable(f"Solapi's list of refusals has more than {MOST_PAGES} pages; the rest was not read")
