"""Rows of an export of reviews → answers about an order, or reviews of a product. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dangol.collect.files.shape import Told, Unusable, clean, digest, instant, message_id, number, track, who_of
from dangol.collect.files.values import Reader, known_id

SURVEY = "order-review"
HIGHEST = 10


def fact(row: Mapping[str, str], read: Reader, latest: datetime) -> Told:
    """`Product Reviewed` where the row names a product, else `Survey Answered` about its order. Raises Unusable."""
    who = who_of(row)
    if not who.key:
        raise Unusable("no customer, or an order that is not in the file of orders")
    score = number(row, "score")
    if score is None or not 0 <= score <= HIGHEST:
        raise Unusable(f"score: found {row.get('score', '')[:60]!r}; allowed: a number from 0 to {HIGHEST}")
    at = instant(row, "time", read, latest)
    if at is None:
        raise Unusable("time: found nothing; allowed: a time such as 2026-03-09 14:30")
    text = "\n".join(part for part in (clean(row.get("title", "")), clean(row.get("text", ""))) if part)
    ids = {name: known_id(row[name]) for name in ("review_id", "order_id", "product_id") if row.get(name)}
    score = int(score) if score == int(score) else score
    key = message_id("review", *(ids.values() or [who.key]), *([] if "review_id" in ids else [digest([row["time"]])]))
    told: dict[str, Any]
    if "product_id" in ids:
        told = {**ids, "rating": score, "review_body": text}
        return track("Product Reviewed", who, at, told, key)
    told = {"survey": SURVEY, "score": score, "answer": text, **ids}
    return track("Survey Answered", who, at, told, key)
