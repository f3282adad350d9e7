"""Segments, who is in them now, and when each customer may flip next."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Segment(models.Model):
    """A rule that holds for some customers now."""

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    rule = models.JSONField()  # the `where` of the segment language
    state = models.CharField(max_length=10, default="active")  # active, archived
    version = models.IntegerField(default=1)
    created_at = InstantField()
    updated_at = InstantField()


class Member(models.Model):
    """A customer in a segment, since when."""

    pk = models.CompositePrimaryKey("segment_id", "customer_id")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="members")
    customer_id = models.BigIntegerField()
    since = InstantField()

    class Meta:
        indexes = [models.Index(fields=["customer_id"], name="segment_member_customer")]


class Flip(models.Model):
    """The earliest instant at which a customer's membership may change without a new fact."""

    customer_id = models.BigIntegerField(primary_key=True)
    at = InstantField(db_index=True)
