"""Reads the mailbox in which failures of our letters arrive, by IMAP, and leaves it as it was.

Messages are neither marked nor moved: the box may be one that people read. How far it has been read is kept here.
"""

from __future__ import annotations

import imaplib
import logging
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connection

from dangol.base.clock import Clock
from dangol.base.errors import Misconfigured
from dangol.deliver import returns
from dangol.deliver.models import Box

log = logging.getLogger("dangol.deliver.box")

EVERY = 60.0  # seconds between two looks
PATIENCE = 30.0  # seconds for any answer
LARGEST = 5 * 1024 * 1024  # bytes; a report is small
AT_ONCE = 500  # messages of one look
TROUBLE = (OSError, imaplib.IMAP4.error)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the box is."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    secure: bool  # TLS from the first byte; otherwise STARTTLS is asked for and insisted on

    @classmethod
    def of(cls, url: str) -> Place:
        """Raises Misconfigured."""
        place = urlsplit(url)
        if place.scheme not in {"imap", "imaps"} or not (place.hostname and place.username and place.password):
            raise Misconfigured("setting imap_url: allowed is imaps://user:password@host/INBOX, or imap:// (STARTTLS)")
        secure = place.scheme == "imaps"
        folder = unquote(place.path.lstrip("/")) or "INBOX"
        port = place.port or (993 if secure else 143)
        return cls(place.hostname, port, unquote(place.username), unquote(place.password), folder, secure)

    @property
    def name(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


def look(place: Place, now: datetime, context: ssl.SSLContext | None = None) -> int:
    """Take every message that has come since the last look; how many reported something of ours.

    Raises OSError and imaplib's errors; what was read until then is kept.
    """
    box = Box.objects.filter(pk=place.name).first() or Box(pk=place.name, validity=0)
    booked = 0
    with _opened(place, context) as client:
        validity = _number(client, "UIDVALIDITY")
        if box.validity != validity:  # seen for the first time, or numbered anew: what lies in it bears no mark of ours
            box.validity, box.last_uid = validity, max(_number(client, "UIDNEXT") - 1, 0)
        for uid in _newer(client, box.last_uid):
            mail = _fetched(client, uid)
            booked += bool(mail and returns.take(mail, now))
            box.last_uid = uid
            box.save()
    box.read_at, box.fault = now, ""
    box.save()
    return booked


@contextmanager
def _opened(place: Place, context: ssl.SSLContext | None) -> Iterator[imaplib.IMAP4]:
    secured = context or ssl.create_default_context()
    if place.secure:
        client: imaplib.IMAP4 = imaplib.IMAP4_SSL(place.host, place.port, ssl_context=secured, timeout=PATIENCE)
    else:
        client = imaplib.IMAP4(place.host, place.port, timeout=PATIENCE)
    try:
        if not place.secure:
            client.starttls(secured)  # raises where the server does not offer it: a password never travels in clear
        client.login(place.user, place.password)
        _done(client.select(_quoted(place.folder), readonly=True))
        yield client
    finally:
        with suppress(*TROUBLE):
            client.logout()


def _quoted(folder: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", folder) + '"'


def _done(answer: tuple[str, Any]) -> Any:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"the server answered {kind}: {data!r}"[:200])
    return data


def _number(client: imaplib.IMAP4, name: str) -> int:
    _, data = client.response(name)
    told = data[0] if data else None
    return int(told) if isinstance(told, bytes | str) else 0


def _newer(client: imaplib.IMAP4, last: int) -> list[int]:
    data = _done(client.uid("SEARCH", f"UID {last + 1}:*"))
    found = sorted(int(uid) for uid in (data[0] or b"").split())
    return [uid for uid in found if uid > last][:AT_ONCE]  # `5:*` names the last message even where it is the fourth


def _fetched(client: imaplib.IMAP4, uid: int) -> bytes:
    """The whole message; empty where it is gone, or too large to be a report."""
    told = _done(client.uid("FETCH", str(uid), "(RFC822.SIZE)"))
    size = re.search(rb"RFC822\.SIZE (\d+)", told[0] if told and isinstance(told[0], bytes) else b"")
    if size is None or int(size[1]) > LARGEST:
        return b""
    answer = _done(client.uid("FETCH", str(uid), "(BODY.PEEK[])"))
    return next((part[1] for part in answer if isinstance(part, tuple)), b"")


def run(clock: Clock, stopping: threading.Event, looking: Callable[[Place, datetime], int] = look) -> None:
    """Look every minute until told to stop. Returns at once where no box is set."""
    if not settings.DANGOL.imap_url:
        return
    place = Place.of(settings.DANGOL.imap_url)
    while not stopping.wait(EVERY):
        try:
            looking(place, clock.now())
        except TROUBLE as error:
            log.warning("the box %s cannot be read: %s", place.name, error)
            Box.objects.update_or_create(
                pk=place.name,
                defaults={"fault": str(error)[:300]},
                create_defaults={"fault": str(error)[:300], "validity": 0},
            )
        except Exception:
            log.exception("reading the box %s failed; it is tried again", place.name)
        finally:
            connection.close()
