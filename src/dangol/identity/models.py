"""Customers, the identifiers that lead to them, the links between those, and every merge."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Customer(models.Model):
    """One person, known or still anonymous. A merged customer stays as a signpost: old ids resolve for ever."""

    created_at = InstantField()
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")


class Identifier(models.Model):
    """A value that leads to a customer: userId, anonymousId, email, phone or an external id."""

    kind = models.CharField(max_length=32)
    value = models.CharField(max_length=300)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="identifiers")
    home = models.BigIntegerField()  # the customer it first led to: what an undone merge goes back to
    first_seen_at = InstantField()
    seen = models.BooleanField(default=True)  # false: only an alias spoke of it so far
    shared = models.BooleanField(default=False)  # by more people than its kind allows: it joins nobody

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="identity_identifier_once")]


class Link(models.Model):
    """Two identifiers that were seen on one fact: what says that they are one customer."""

    left_id = models.BigIntegerField()  # identifiers, the lower id first
    right_id = models.BigIntegerField()
    at = InstantField()  # of the earliest such fact
    position = models.BigIntegerField()  # of that fact in the log; 0 where staff said so
    told = models.BooleanField(default=False)  # by an alias or by staff: joins even two people with a userId each
    cut_at = InstantField(null=True)  # staff said that they are not one customer

    class Meta:
        constraints = [models.UniqueConstraint(fields=["left_id", "right_id"], name="identity_link_once")]
        indexes = [models.Index(fields=["right_id"], name="identity_link_right")]


class Merge(models.Model):
    """Two customers found to be one: who joined whom, when and why."""

    survivor = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=64)  # the link that proved it, e.g. "anonymousId", "email", "alias", "staff"
    position = models.BigIntegerField()  # of the fact in the log that proved it
    merged_at = InstantField()
    moved = models.JSONField(default=list)  # the absorbed customer's identifiers then
    undone_at = InstantField(null=True)
