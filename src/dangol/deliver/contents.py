"""Keeps what messages consist of: once, however many messages say it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db.models import QuerySet

from dangol.deliver.models import Content

EMPTY = ""  # the key of a message that says nothing


def keep(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The key of each message's content; what is not kept yet is, in the caller's transaction."""
    alike = {id(message): message for message in messages}  # campaigns tell many customers the same object
    known_by = {number: _key(message) for number, message in alike.items()}
    keys = [known_by[id(message)] for message in messages]
    bodies = {key: message for key, message in zip(keys, messages, strict=True) if key != EMPTY}
    known = set(Content.objects.filter(pk__in=bodies).values_list("key", flat=True))
    new = [Content(key=key, body=body) for key, body in bodies.items() if key not in known]
    Content.objects.bulk_create(new, ignore_conflicts=True)
    return keys


def asking(survey: str) -> QuerySet[Content, str]:
    """The keys of all contents that ask a survey."""
    return Content.objects.filter(body__survey=survey).values_list("key", flat=True)


def _key(message: Mapping[str, Any]) -> str:
    if not message:
        return EMPTY
    return hashlib.sha256(msgspec.json.encode(message, order="sorted")).hexdigest()
