"""Idempotency: a POST that is sent again with its key is answered again and not done again.

What was done and the answer to it are stored in one transaction, so a crash leaves either both or neither.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from dangol.web import guard
from dangol.web.api.problems import JSON, Refused
from dangol.web.models import ApiKey, Idempotency

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
KEPT = timedelta(hours=48)
Place = tuple[int, str, str]  # API key, route, idempotency key

_under_way: set[Place] = set()
_lock = threading.Lock()


def once(request: HttpRequest, api_key: ApiKey, do: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer to a POST: the first one again where its key has been used with the same body.

    Raises Refused: 422 for another body under the same key, 409 while the first is under way.
    """
    name = request.headers[HEADER]
    if not 0 < len(name) <= LONGEST or not name.isprintable():
        raise Refused(422, f"{HEADER}: found {len(name)} characters; allowed: 1 to {LONGEST}, printable")
    place = (api_key.pk, f"{request.method} {request.path}"[:300], name)
    digest = hashlib.sha256(request.body).hexdigest()
    with _alone(place):
        return _again(place, digest) or _first(place, digest, do)


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    with _lock:
        if place in _under_way:
            raise Refused(409, f"a request with this {HEADER} is under way")
        _under_way.add(place)
    try:
        yield
    finally:
        with _lock:
            _under_way.discard(place)


def _again(place: Place, digest: str) -> HttpResponse | None:
    row = Idempotency.objects.filter(api_key=place[0], route=place[1], key=place[2]).first()
    if row is None or row.status is None:
        return None
    if row.body_hash != digest:
        raise Refused(422, f"this {HEADER} was used with another body")
    answer = HttpResponse(row.answer.encode(), status=row.status, content_type=JSON)
    answer[REPLAYED] = "true"
    return answer


def _first(place: Place, digest: str, do: Callable[[], HttpResponse]) -> HttpResponse:
    now = guard.CLOCK.now()
    with transaction.atomic():
        Idempotency.objects.filter(created_at__lt=now - KEPT).delete()
        row, fresh = Idempotency.objects.get_or_create(
            api_key_id=place[0], route=place[1], key=place[2], defaults={"body_hash": digest, "created_at": now}
        )
        if not fresh and (stored := _again(place, digest)):  # another process was first
            return stored
        answer = do()
        if answer.status_code >= 400:
            transaction.set_rollback(True)
            return answer
        Idempotency.objects.filter(pk=row.pk).update(status=answer.status_code, answer=answer.content.decode())
    return answer
