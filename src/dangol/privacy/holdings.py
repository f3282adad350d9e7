"""What the tables hold about a person: one line for each, so that nothing is forgotten when they ask for a copy.

A test walks every table that leads to a customer: it is either here or in EXPLAINED.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Field, Model, Q, QuerySet

from dangol.base.instants import iso
from dangol.campaign.models import Exposure, Run
from dangol.converse.models import Conversation, Task, Utterance
from dangol.deliver.models import Card, Delivery, Link, OutboxMessage, Returned, Subscription
from dangol.identity.models import Identifier, Merge
from dangol.offer.models import Coupon, PointEntry, PointStanding, Redemption
from dangol.privacy.models import Confirmation, Request, Restriction
from dangol.profile import predictions
from dangol.profile.models import (
    Consent,
    ConsentChange,
    ConsentNotice,
    Fact,
    Order,
    Prediction,
    Profile,
    Refund,
    TopicWord,
)
from dangol.segment.models import Member, Segment
from dangol.survey.models import Answer
from dangol.value.models import Buyer

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Holding:
    """One table: how its rows lead to a customer, and what each says beyond its own columns."""

    key: str  # its name in the copy
    model: type[Model]
    by: tuple[str, ...] = ("customer_id__in",)
    order: tuple[str, ...] = ("pk",)
    hidden: frozenset[str] = frozenset()  # columns that say nothing about the person
    texts: frozenset[str] = frozenset()  # columns of JSON kept as text
    only: Mapping[str, Any] = field(default_factory=dict)  # of the rows, those that say something: by their columns
    more: Callable[[Any], Row] = field(default=lambda _row: {})

    def rows(self, ids: Collection[int]) -> QuerySet[Any]:
        about = Q()
        for path in self.by:
            about |= Q(**{path: ids})
        return self.model._base_manager.filter(about).order_by(*self.order)

    def told(self, ids: Collection[int]) -> Iterator[Row]:
        """Every row about these customers, in plain values."""
        columns = [column for column in self.model._meta.concrete_fields if column.attname not in self.hidden]
        for row in self.rows(ids).filter(**self.only).iterator(chunk_size=500):
            yield {column.attname: self._plain(column, row) for column in columns} | self.more(row)

    def _plain(self, column: Field[Any, Any], row: Model) -> Any:
        value = getattr(row, column.attname)
        if column.attname in self.texts:
            return msgspec.json.decode(value) if value else {}
        return plain(value)


def plain(value: Any) -> Any:
    """A column's value as JSON has it."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        return list(value)
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _wording(row: ConsentChange) -> Row:
    return {"wording": {"version": row.wording.version, "text": row.wording.text}} if row.wording else {}


def _content(row: Delivery) -> Row:
    shown = OutboxMessage.objects.filter(delivery=row).first()
    links = list(Link.objects.filter(delivery=row).order_by("index").values_list("url", flat=True))
    content = {"subject": shown.subject, "text": shown.text, "html": shown.html, "to": shown.to} if shown else {}
    told = Returned.objects.filter(delivery=row).order_by("at").values("kind", "hard", "reason", "status", "at")
    returned = [{name: plain(value) for name, value in one.items()} for one in told]
    return {"content": content, "links": links, "returned": returned}


HOLDINGS = (
    Holding("profile", Profile, ("pk__in",), hidden=frozenset({"trait_versions"})),
    Holding("identifiers", Identifier, hidden=frozenset({"home"})),
    Holding("merges", Merge, ("survivor_id__in", "absorbed_id__in")),
    Holding("consents", Consent),
    Holding("consent_changes", ConsentChange, order=("at", "position"), more=_wording),
    Holding("topics", TopicWord, order=("at", "pk"), hidden=frozenset({"message_id"})),
    Holding("facts", Fact, order=("at", "position"), hidden=frozenset({"pk"}),
            texts=frozenset({"properties", "traits", "context"})),
    Holding("orders", Order, order=("at",)),
    Holding("refunds", Refund, order=("at",)),
    Holding("forecasts", Prediction, hidden=frozenset({"pk", "quantiles"}), order=("figure",),
            more=lambda row: {"quantiles": predictions.unpack(row.quantiles)}),
    Holding("bought", Buyer, hidden=frozenset({"told"})),
    Holding("segments", Member, hidden=frozenset({"pk"}), order=("segment_id",),
            only={"segment__in": Segment.shown.filter(state="active")},
            more=lambda row: {"segment": row.segment.key, "name": row.segment.name, "rule": row.segment.rule}),
    Holding("coupons", Coupon, order=("issued_at",), hidden=frozenset({"home", "key", "folded", "by"}),
            more=lambda row: {"offer": row.offer.key, "name": row.offer.name}),
    Holding("points", PointEntry, order=("at",), hidden=frozenset({"home", "key", "by"})),
    Holding("loyalty", PointStanding, ("pk__in",), hidden=frozenset({"next_at"})),
    Holding("redemptions", Redemption, order=("at",), hidden=frozenset({"home"}),
            more=lambda row: {"offer": row.offer.key}),
    Holding("campaigns", Run, more=lambda row: {"campaign": row.campaign.key, "name": row.campaign.name}),
    Holding("cards", Card),
    Holding("browsers", Subscription, hidden=frozenset({"auth"})),
    Holding("experiments", Exposure, more=lambda row: {"campaign": row.campaign.key}),
    Holding("messages", Delivery, hidden=frozenset({"lease", "leased_until"}), more=_content),
    Holding("answers", Answer, more=lambda row: {"question": row.survey.question}),
    Holding("tasks", Task),
    Holding("conversations", Conversation),
    Holding("utterances", Utterance, order=("at",)),
    Holding("consent_notices", ConsentNotice, order=("due_at",)),
    Holding("confirmations", Confirmation, hidden=frozenset({"address_hash"})),
    Holding("requests", Request),
    Holding("restrictions", Restriction),
)  # fmt: skip

EXPLAINED = {
    "identity.Customer": "the number itself, which stands in every row",
    "profile.Restricted": "that it stands now; since when and why is in restrictions",
    "profile.Stale": "that the copy in columns is out of date for the number; deleted once it is not",
    "collect.ShopObject": "that a thing of the shop is theirs; the thing itself is in orders and facts",
    "segment.Touched": "a number while segments are computed, gone when they are",
    "segment.Flip": "when the machine looks at the person again; what comes of it is in segments",
    "segment.Standing": "how each rule stood when the machine last looked; what comes of it is in segments",
    "segment.Summary": "counts and sums over facts, kept so that these need not be read again; the facts are told",
    "value.Stale": "that orders are to be counted again; what comes of it is in bought",
    "deliver.Early": "kept while a message is being handed over; then it is told with its message",
    "deliver.Link": "told with its message",
    "deliver.OutboxMessage": "told with its message",
    "deliver.Returned": "told with its message",
    "privacy.Erasure": "written when the person is erased: then there is nobody to give a copy to",
    "privacy.ErasedCustomer": "written when the person is erased",
    "privacy.Access": "who of the staff looked at what; told by the register of requests, not copied",
}
