"""Customers, the identifiers that lead to them, and every merge."""

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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="identity_identifier_once")]


class Merge(models.Model):
    """Two customers found to be one: who joined whom, when and why."""

    survivor = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=64)  # the link that proved it, e.g. "anonymousId", "email", "alias"
    position = models.BigIntegerField()  # of the fact in the log that proved it
    merged_at = InstantField()
