"""The customer file: every fact clustered by customer, and what the facts add up to."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import AmountField, InstantField


class Fact(models.Model):
    """One fact of one customer. Clustered by (customer, at) so that a history is read in one sweep."""

    pk = models.CompositePrimaryKey("customer_id", "at", "position")
    customer_id = models.BigIntegerField()
    at = InstantField()
    position = models.BigIntegerField()  # in the log
    type = models.CharField(max_length=8)  # track, page, screen, identify, group, alias
    name = models.CharField(max_length=300, default="")  # the event's, page's or screen's name
    source = models.CharField(max_length=64)
    message_id = models.CharField(max_length=200)
    received_at = InstantField()
    own = models.BooleanField(default=False)  # written by Dangol itself
    imported = models.BooleanField(default=False)  # backfilled: changes membership, triggers no campaign
    identifier_id = models.BigIntegerField(null=True)  # the identifier it came with: where an undone merge returns it
    home = models.BigIntegerField(null=True)  # the customer it was written for, where no identifier brought it
    properties = models.TextField(default="")  # JSON object or empty
    traits = models.TextField(default="")
    context = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["position"], name="profile_fact_position")]


class Profile(models.Model):
    """What the facts say about a customer now."""

    customer_id = models.BigIntegerField(primary_key=True)
    first_seen_at = InstantField()
    last_seen_at = InstantField()
    email = models.CharField(max_length=254, default="")
    phone = models.CharField(max_length=40, default="")
    name = models.CharField(max_length=300, default="")
    language = models.CharField(max_length=8, default="")
    user_id = models.CharField(max_length=300, default="")
    traits = models.JSONField(default=dict)  # key → value now
    trait_versions = models.JSONField(default=dict)  # key → [at in µs, position]: the newest timestamp wins
    tally = models.JSONField(default=dict)  # what further figures are kept from: see tally.py
    orders = models.IntegerField(default=0)
    revenue = AmountField(default=0)  # of completed orders in the shop's currency, before refunds
    refunded = AmountField(default=0)
    margin = AmountField(null=True)  # of the orders whose cost is known; empty where none is
    foreign = models.JSONField(default=dict)  # currency → amount of orders in other currencies, as text
    first_order_at = InstantField(null=True)
    last_order_at = InstantField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["email"], name="profile_profile_email"),
            models.Index(fields=["-last_seen_at"], name="profile_profile_last_seen"),
            models.Index(fields=["-revenue"], name="profile_profile_revenue"),
        ]


class Completed(models.Manager["Order"]):
    """Orders that were placed; not those of which only a change or a cancellation has arrived yet."""

    def get_queryset(self) -> models.QuerySet[Order]:
        return super().get_queryset().filter(completed=True)


class Order(models.Model):
    """What a source said of one order, however often and in whatever order it said it."""

    source = models.CharField(max_length=64)
    order_id = models.CharField(max_length=200)
    customer_id = models.BigIntegerField()
    at = InstantField()  # when it was completed: the earliest report counts
    position = models.BigIntegerField()  # of that report in the log
    completed = models.BooleanField(default=True)
    cancelled = models.BooleanField(default=False)
    revenue = AmountField(default=0)  # as the newest report has it
    currency = models.CharField(max_length=3)
    cost = AmountField(null=True)  # of its products, where every one of them names it
    categories = models.JSONField(default=dict)  # category → pieces
    items = models.JSONField(default=dict)  # product → [pieces, what they come to in ten-thousandths, or null]
    channel = models.CharField(max_length=32, default="")  # where it was placed: web, app, store …
    told_at = InstantField(null=True)  # of the report that the amount is from
    told_position = models.BigIntegerField(default=0)

    objects = Completed()
    every = models.Manager()

    class Meta:
        base_manager_name = "every"
        constraints = [models.UniqueConstraint(fields=["source", "order_id"], name="profile_order_once")]
        indexes = [
            models.Index(fields=["customer_id", "at"], name="profile_order_customer"),
            models.Index(fields=["at"], name="profile_order_at"),
        ]


class Refund(models.Model):
    """Money given back, for an order we know or for one from before we kept count."""

    position = models.BigIntegerField(primary_key=True)  # of the fact in the log
    source = models.CharField(max_length=64)
    order_id = models.CharField(max_length=200)
    customer_id = models.BigIntegerField()
    at = InstantField()
    amount = AmountField(null=True)  # empty: the whole order
    currency = models.CharField(max_length=3, default="")  # empty: the shop's

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "at"], name="profile_refund_customer"),
            models.Index(fields=["source", "order_id"], name="profile_refund_order"),
        ]


class Consent(models.Model):
    """The present state of one consent with its provenance: what the changes (ConsentChange) add up to."""

    customer_id = models.BigIntegerField()
    channel = models.CharField(max_length=16)
    purpose = models.CharField(max_length=16)
    state = models.CharField(max_length=16)  # pending, granted, expired, denied, withdrawn
    basis = models.CharField(max_length=32, default="")
    at = InstantField()
    position = models.BigIntegerField()
    source = models.CharField(max_length=64)
    evidence = models.JSONField(default=dict)  # wording shown, form …
    effective_until = InstantField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "channel", "purpose"], name="profile_consent_once")
        ]


class ConsentWording(models.Model):
    """What people read before they agreed; a text never changes, a new one is the next version."""

    channel = models.CharField(max_length=16)
    purpose = models.CharField(max_length=16)
    language = models.CharField(max_length=8)
    text = models.TextField()
    hash = models.CharField(max_length=64)  # SHA-256 of the text
    version = models.IntegerField()
    created_at = InstantField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "purpose", "language", "version"], name="profile_consent_wording_once"
            )
        ]
        indexes = [models.Index(fields=["hash"], name="profile_consent_wording_hash")]


class ConsentChange(models.Model):
    """One word on consent, as it was said; rows are only added, and move with their customer."""

    customer_id = models.BigIntegerField()
    channel = models.CharField(max_length=16)
    purpose = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    basis = models.CharField(max_length=32, default="")
    wording = models.ForeignKey(ConsentWording, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=64)
    evidence = models.JSONField(default=dict)  # all the fact tells beside channel, purpose, state and basis
    ip = models.CharField(max_length=45, default="")
    user_agent = models.CharField(max_length=500, default="")
    at = InstantField()
    position = models.BigIntegerField()  # of the fact in the log
    identifier_id = models.BigIntegerField(null=True)  # the identifier it came with: where an undone merge returns it
    imported = models.BooleanField(default=False)
    effective_until = InstantField(null=True)  # e.g. the end of an existing trade
    absorbed_id = models.BigIntegerField(null=True)  # only on the word that stands from a merge on: who joined …
    survivor_id = models.BigIntegerField(null=True)  # … whom; void once that merge is undone

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "at"], name="profile_consent_change_who"),
            models.Index(fields=["effective_until"], name="profile_consent_change_until"),
            models.Index(fields=["survivor_id"], name="profile_consent_change_merge"),
        ]


class Topic(models.Model):
    """Something the shop writes about, which a customer may want to hear of or not."""

    key = models.CharField(max_length=64, unique=True)
    name = models.JSONField()  # language → what customers read
    description = models.JSONField(default=dict)  # language → a sentence more
    opt_out = models.BooleanField(default=False)  # subscribed unless they said no; else only who said yes is
    place = models.IntegerField(default=0)  # where customers see it among the others
    archived_at = InstantField(null=True)  # offered to nobody any more
    created_at = InstantField()
    updated_at = InstantField()
    filed = models.JSONField(null=True)  # what its file last said


class TopicWord(models.Model):
    """One word on a topic, as a customer or somebody for them said it; rows follow their facts."""

    customer_id = models.BigIntegerField()
    topic = models.CharField(max_length=64)
    subscribed = models.BooleanField()
    at = InstantField()
    position = models.BigIntegerField(null=True)  # of the fact in the log; empty until it is there
    message_id = models.CharField(max_length=200, default="")  # of a word that was said here
    source = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "topic"], name="profile_topic_word_who"),
            models.Index(fields=["position"], name="profile_topic_word_fact"),
            models.Index(fields=["message_id"], name="profile_topic_word_said"),
        ]


class Restricted(models.Model):
    """A customer who is kept and not used: they asked for it."""

    customer_id = models.BigIntegerField(primary_key=True)  # as it was numbered when they asked
    since = InstantField()


class Recount(models.Model):
    """How far the daily recount of everybody's figures is; one row."""

    day = models.CharField(max_length=10)  # the shop's date that it is for
    after = models.BigIntegerField(default=0)  # the customer counted last
    checked = models.IntegerField(default=0)
    wrong = models.IntegerField(default=0)  # normally none
    finished_at = InstantField(null=True)


class ConsentNotice(models.Model):
    """What the law wants a customer to be told about their consent, and by when; an overdue one stops advertising."""

    customer_id = models.BigIntegerField()
    channel = models.CharField(max_length=16)
    purpose = models.CharField(max_length=16)
    kind = models.CharField(max_length=16)  # result: what was said and what came of it; reconfirmation: every two years
    state = models.CharField(max_length=16)  # what the customer had said
    about_at = InstantField()  # when they had said it
    due_at = InstantField()
    sent_at = InstantField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "channel", "purpose", "kind", "due_at"], name="profile_consent_notice_once"
            )
        ]
        indexes = [models.Index(fields=["sent_at", "due_at"], name="profile_consent_notice_due")]


class Prediction(models.Model):
    """What is expected of a customer in one figure, with how sure that is; the stage value writes it.

    `quantiles` are the values below which the figure lies with probability 0, .05, … 1, as 21 doubles
    (predictions.py): what an outcome may be, not only its mean.
    """

    pk = models.CompositePrimaryKey("customer_id", "figure")
    customer_id = models.BigIntegerField()
    figure = models.CharField(max_length=16)
    made_at = InstantField()
    quantiles = models.BinaryField()


class Copy(models.Model):
    """What the copy of the facts in columns holds, and in which files; one row, which names the copy that is valid."""

    home = models.CharField(max_length=32)  # which data folder's copy it is
    watermark = models.BigIntegerField()  # every fact up to this position of the log is in it
    parts = models.TextField()  # JSON: see columns/parts.py
    made_at = InstantField()
    checked_at = InstantField(null=True)  # when every byte was last held against its digest


class Stale(models.Model):
    """A customer whose facts in the copy in columns are no longer what the file has: moved, forgotten or blotted."""

    customer_id = models.BigIntegerField()
    purge = models.BooleanField(default=False)  # the old bytes are to leave at once

    class Meta:
        indexes = [models.Index(fields=["purge"], name="profile_stale_purge")]
