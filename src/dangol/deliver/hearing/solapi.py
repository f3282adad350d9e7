"""Solapi's reports: an array of events, with a header that proves knowledge of a secret but not of the body.

So an event only counts with our own signed mark on it, which nobody but Solapi and we have seen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dangol.base.settings import Settings
from dangol.deliver.channels.solapi import DELIVERED, ON_ITS_WAY, marked
from dangol.deliver.hearing.told import Call, Fate, Told
from dangol.deliver.returned import Report


class Solapi:
    def genuine(self, call: Call, settings: Settings) -> bool:
        secret = settings.solapi_webhook_secret
        proof = hashlib.sha1(secret.encode()).hexdigest()  # noqa: S324 - Solapi's choice
        return bool(secret) and hmac.compare_digest(proof.encode(), call.headers.get("x-solapi-secret", "").encode())

    def told(self, call: Call, settings: Settings) -> Sequence[Told]:
        return [fate for event in _events(call.body) if (fate := _fate(event, settings))]


def _events(body: bytes) -> Iterator[Mapping[str, Any]]:
    found = json.loads(body)
    for event in found if isinstance(found, list) else [found]:
        data = event.get("data", event) if isinstance(event, dict) else None
        if isinstance(data, dict):
            yield data


def _fate(data: Mapping[str, Any], settings: Settings) -> Fate | None:
    delivery = marked(data, settings.secret)
    code = str(data.get("statusCode", ""))
    if delivery is None or code in ON_ITS_WAY or not code:
        return None
    if code == DELIVERED:
        return Fate(delivery, Report("delivered", said=code))
    said = f"{code} {data.get('statusMessage', '')}".strip()[:300]
    return Fate(delivery, Report("bounced", reason="address", said=said))
