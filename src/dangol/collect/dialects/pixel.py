"""The pixel: a call in the query of an image's address, ?data=<base64 of JSON> or properties.subject=…"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl

from dangol.collect.dialects.told import BadBody, fields
from dangol.collect.rules import decode

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
DEEPEST = 8  # names in a dotted one


def payload(query: str) -> dict[str, Any]:
    """The call that a query holds, with its write key. Raises BadBody."""
    given = dict(parse_qsl(query, keep_blank_values=True)[:500])
    data = given.pop("data", None)
    call = _decoded(data) if data is not None else {}
    for name, value in given.items():
        _put(call, name.split("."), value)
    call["context"] = {"direct": True, **fields(call.get("context"))}  # the visitor's own program asked
    return call


def _decoded(data: str) -> dict[str, Any]:
    text = data.replace(" ", "+").replace("-", "+").replace("_", "/")
    try:
        return fields(decode(base64.b64decode(text + "=" * (-len(text) % 4))))
    except binascii.Error as error:
        raise BadBody("invalid_json", f"data is not base64: {error}") from error


def _put(call: dict[str, Any], names: list[str], value: str) -> None:
    """Set properties.subject as {"properties": {"subject": …}}; what the data says of the same name stays."""
    place = call
    for name in names[:-1][:DEEPEST]:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        place = inner
    place.setdefault(names[-1], value)
