"""Shops that tell us what happens in them: how to know them again, what they said, and how far we have read."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class ShopConnection(models.Model):
    """One shop on one platform; its facts come under the key of its source."""

    platform = models.CharField(max_length=16)  # shopify, woocommerce, cafe24
    source = models.OneToOneField("collect.Source", models.PROTECT)
    domain = models.CharField(max_length=255)  # the shop's host on its platform
    sealed = models.JSONField(default=dict)  # name of a secret → sealed text
    previous = models.TextField(default="", blank=True)  # the webhook secret before this one, sealed
    previous_until = InstantField(null=True)
    state = models.CharField(max_length=12, default="active")  # active, paused, uninstalled
    polls = models.BooleanField(default=False)  # whether it can be asked: it has what asking needs
    cursors = models.JSONField(default=dict)  # what is asked for → the newest change that is safe in our tables
    backfill = models.JSONField(default=dict)  # the same for history asked for by a person; empty when done
    created_at = InstantField()
    last_webhook_at = InstantField(null=True)
    last_poll_at = InstantField(null=True)
    next_poll_at = InstantField(null=True, db_index=True)
    failures = models.IntegerField(default=0)  # polls in a row that did not come to their end
    error = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "domain"], name="collect_shop_once")]


class ShopDelivery(models.Model):
    """One webhook as it came, and what became of it; kept so that a better mapping can read it again."""

    STATES = ("mapped", "ignored", "waiting", "privacy", "failed")

    connection = models.ForeignKey(ShopConnection, models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=200)  # the platform's, or the body's digest where it gives none
    topic = models.CharField(max_length=100)
    body = models.TextField()
    at = InstantField(db_index=True)
    state = models.CharField(max_length=8)
    reason = models.CharField(max_length=300, default="", blank=True)
    facts = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "delivery_id"], name="collect_delivery_once")]
        indexes = [models.Index(fields=["state", "id"], name="collect_delivery_state")]


class ShopObject(models.Model):
    """The newest version of a thing of the shop that we know: an older one that arrives later says nothing."""

    connection = models.ForeignKey(ShopConnection, models.CASCADE, related_name="objects_known")
    kind = models.CharField(max_length=16)
    object_id = models.CharField(max_length=100)
    at = InstantField()  # the platform's own time of the change
    digest = models.CharField(max_length=32)  # of what matters to us
    customer = models.CharField(max_length=100, default="", blank=True)  # the shop's id of whose it is

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind", "object_id"], name="collect_object_once")]
