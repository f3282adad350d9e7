"""The ledger: every attempt to reach a customer, and what keeps us from trying."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Delivery(models.Model):
    """One message to one customer: one per (campaign, step, customer, trigger), whatever crashes."""

    campaign = models.CharField(max_length=64)
    step = models.CharField(max_length=64)
    customer_id = models.BigIntegerField()
    trigger = models.CharField(max_length=200)
    channel = models.CharField(max_length=16)
    message_class = models.CharField(max_length=16)  # marketing, transactional
    message = models.JSONField()  # templates by language, survey, as the campaign had them when it planned this
    context = models.JSONField(default=dict)  # the fact that started the run
    state = models.CharField(max_length=12, default="planned")
    # planned → leased → attempting → accepted | deferred | bounced | failed | unknown | cancelled | expired
    planned_at = InstantField()
    due_at = InstantField()
    expires_at = InstantField(null=True)
    lease = models.CharField(max_length=32, default="")
    leased_until = InstantField(null=True)
    attempts = models.IntegerField(default=0)
    unconfirmed = models.IntegerField(default=0)  # attempts of which nobody knows how they ended
    attempted_at = InstantField(null=True)
    finished_at = InstantField(null=True)
    address = models.CharField(max_length=254, default="")
    subject = models.CharField(max_length=500, default="")
    language = models.CharField(max_length=8, default="")
    decision = models.JSONField(default=list)  # the gate's reasons, kept with the delivery
    outcome = models.CharField(max_length=500, default="")  # what the channel answered

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "step", "customer_id", "trigger"], name="deliver_delivery_once")
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="deliver_delivery_due"),
            models.Index(fields=["customer_id", "channel", "attempted_at"], name="deliver_delivery_customer"),
        ]


class Link(models.Model):
    """A link in one message, so that a click can be told and the target cannot be altered."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="links")
    index = models.IntegerField()
    url = models.CharField(max_length=2000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "index"], name="deliver_link_once")]


class Suppression(models.Model):
    """An address that must not be written to."""

    channel = models.CharField(max_length=16)
    address_hash = models.CharField(max_length=64)  # keyed hash: survives erasure without naming anybody
    purpose = models.CharField(max_length=16, default="*")
    reason = models.CharField(max_length=16)  # hard_bounce, complaint, unsubscribe, manual
    created_at = InstantField()
    expires_at = InstantField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "address_hash", "purpose"], name="deliver_suppression_once")
        ]


class OutboxMessage(models.Model):
    """What the sandbox channel holds: the message as it would have left, rendered in full."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="outbox")
    channel = models.CharField(max_length=16)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=500)
    text = models.TextField()
    html = models.TextField()
    headers = models.JSONField(default=dict)
    at = InstantField()
