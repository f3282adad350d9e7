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
    orders = models.IntegerField(default=0)
    revenue = AmountField(default=0)  # of completed orders, before refunds
    refunded = AmountField(default=0)
    first_order_at = InstantField(null=True)
    last_order_at = InstantField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["email"], name="profile_profile_email"),
            models.Index(fields=["-last_seen_at"], name="profile_profile_last_seen"),
            models.Index(fields=["-revenue"], name="profile_profile_revenue"),
        ]


class Order(models.Model):
    """A completed order; the same order reported twice by one source is one order."""

    source = models.CharField(max_length=64)
    order_id = models.CharField(max_length=200)
    customer_id = models.BigIntegerField()
    at = InstantField()
    revenue = AmountField()
    currency = models.CharField(max_length=3)
    cancelled = models.BooleanField(default=False)
    position = models.BigIntegerField()
    identifier_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "order_id"], name="profile_order_once")]
        indexes = [models.Index(fields=["customer_id", "at"], name="profile_order_customer")]


class Refund(models.Model):
    """Money given back, for an order we know or for one from before we kept count."""

    position = models.BigIntegerField(primary_key=True)  # of the fact in the log
    source = models.CharField(max_length=64)
    order_id = models.CharField(max_length=200)
    customer_id = models.BigIntegerField()
    at = InstantField()
    amount = AmountField()
    identifier_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "at"], name="profile_refund_customer"),
            models.Index(fields=["source", "order_id"], name="profile_refund_order"),
        ]


class Consent(models.Model):
    """The present state of one consent with its provenance; its history is the `Consent Changed` facts."""

    customer_id = models.BigIntegerField()
    channel = models.CharField(max_length=16)
    purpose = models.CharField(max_length=16)
    state = models.CharField(max_length=16)  # granted, denied, withdrawn
    basis = models.CharField(max_length=32, default="")
    at = InstantField()
    position = models.BigIntegerField()
    source = models.CharField(max_length=64)
    evidence = models.JSONField(default=dict)  # wording shown, form, ip …

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "channel", "purpose"], name="profile_consent_once")
        ]
