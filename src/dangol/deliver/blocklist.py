"""Solapi's list of numbers that refused by the 080 call: taken in when the shop starts and once a day from then on.

A number is a refusal the first time it is seen; the list keeps it for ever, and a later yes of the customer stands.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from dangol.base.clock import Clock
from dangol.base.errors import DangolError, Unavailable
from dangol.base.settings import Settings
from dangol.deliver import refusals
from dangol.deliver.channels.calls import Requests, body_of, fetcher
from dangol.deliver.channels.solapi import BASE, authorization

log = logging.getLogger("dangol.deliver.blocklist")

EVERY = timedelta(days=1)
SOON = timedelta(minutes=30)  # after it could not be read
PAGE, MOST_PAGES = 100, 1_000


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
    """Read the whole list; how many refusals are new. Raises Unavailable where it cannot be read to its end."""
    numbers = list(_numbers(config, requests, clock, new_salt))
    return sum(refusals.refuse(number, refusals.TEXTS, clock.now()) for number in numbers)


def _numbers(config: Settings, requests: Requests, clock: Clock, new_salt: Callable[[], str]) -> Iterator[str]:
    start = ""
    for _ in range(MOST_PAGES):
        query = urlencode({"limit": str(PAGE)} | ({"startKey": start} if start else {}))
        proof = authorization(config.solapi_key, config.solapi_secret, clock.now(), new_salt())
        answer = requests.request("GET", f"{BASE}/iam/v1/black?{query}", headers={"authorization": proof})
        page = body_of(answer)
        if answer.status != 200 or not isinstance(page.get("blackList"), list):
            raise Unavailable(f"Solapi answers {answer.status} {answer.body[:200].decode('utf-8', 'replace')}")
        yield from (str(one.get("recipientNumber", "")) for one in page["blackList"] if isinstance(one, dict))
        start = str(page.get("nextKey") or "")
        if not start:
            return
