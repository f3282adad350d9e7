"""Segments, who is in them now, when each customer may flip next, how sizes went, and lists kept by hand."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField
from dangol.segment.rules import HIDDEN


class Computation(models.Model):
    """Segments whose members are computed over all history; a row for each time that was begun."""

    state = models.CharField(max_length=10, default="queued")  # queued, running, done, failed
    of = models.IntegerField(default=0)  # customers when it was begun
    done = models.IntegerField(default=0)  # of them
    after = models.BigIntegerField(default=0)  # members are written up to this customer: a restart goes on behind it
    started_at = InstantField(null=True)
    finished_at = InstantField(null=True)
    leased_until = InstantField(null=True)  # by the process that is at it
    error = models.TextField(default="")


class Shown(models.Manager["Segment"]):
    """The segments that people know: all but those that only campaigns do (hidden.py), in whatever state."""

    def get_queryset(self) -> models.QuerySet[Segment]:
        return super().get_queryset().exclude(key__startswith=HIDDEN).exclude(stands_for__startswith=HIDDEN)


class Segment(models.Model):
    """A rule that holds for some customers now. Whoever answers people asks `shown`; `objects` is for the machine.

    A version whose members are not computed yet is a row of its own, under a key that no person can choose
    (`regulars@7`): the version before stays at work beside it until the new one takes its key.
    """

    key = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    rule = models.JSONField()  # the `where` of the segment language
    state = models.CharField(max_length=10, default="active")  # draft, active, archived; computing, failed, gone
    version = models.IntegerField(default=1)
    created_at = InstantField()
    updated_at = InstantField()
    stands_for = models.CharField(max_length=64, default="")  # the key it will have when it is computed
    computation = models.ForeignKey(Computation, null=True, on_delete=models.SET_NULL)
    filed = models.JSONField(null=True)  # what its file last said: name and where

    objects = models.Manager["Segment"]()
    shown = Shown()


class Member(models.Model):
    """A customer in a segment, since when."""

    pk = models.CompositePrimaryKey("segment_id", "customer_id")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="members", db_index=False)  # pk has it
    customer_id = models.BigIntegerField()
    since = InstantField()

    class Meta:
        indexes = [models.Index(fields=["customer_id"], name="segment_member_customer")]


class Flip(models.Model):
    """The earliest instant at which a customer's membership may change without a new fact."""

    customer_id = models.BigIntegerField(primary_key=True)
    at = InstantField(db_index=True)


class Touched(models.Model):
    """A customer whom the live path judged while segments are computed: what it wrote is newer, and stands."""

    customer_id = models.BigIntegerField(primary_key=True)


class Day(models.Model):
    """What happened to a segment's size on one day of the shop's calendar; days without a change have no row."""

    pk = models.CompositePrimaryKey("key", "day")
    key = models.CharField(max_length=64)  # of the segment
    day = models.DateField()
    entered = models.IntegerField(default=0)  # as many as there are `Segment Entered` facts
    gone = models.IntegerField(default=0)  # and `Segment Left`
    shifted = models.IntegerField(default=0)  # more or fewer without a word: computed anew, imported, merged, erased


class List(models.Model):
    """A list of customers that people keep by hand; who is on it is said by `List Changed` facts.

    The row of a list that was removed stays: facts of that making may still be on their way.
    """

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    making = models.IntegerField(default=1)  # how often a list was made under the key; the facts of others are not its
    removed_at = InstantField(null=True)
    created_at = InstantField()
    updated_at = InstantField()


class Standing(models.Model):
    """How the leaves stood for a customer when it was last judged (see standing.py)."""

    customer_id = models.BigIntegerField(primary_key=True)
    state = models.BinaryField()


class Summary(models.Model):
    """What the facts of one customer with a long history add up to for a group of leaves (see summaries.py)."""

    pk = models.CompositePrimaryKey("customer_id", "group")
    customer_id = models.BigIntegerField()
    group = models.BigIntegerField()  # the group's key
    state = models.BinaryField()


class Audit(models.Model):
    """How far the daily audit is, which holds what the live path wrote against all history; one row.

    `found` names some of whom it found wrong, as audits.Difference has it; `before` are the days before, the newest
    first, as audits.Run has them.
    """

    day = models.CharField(max_length=10)  # the shop's date that it is for
    after = models.CharField(max_length=100, default="")  # the key of the segment looked at last
    segments = models.IntegerField(default=0)  # of those that people know
    checked = models.IntegerField(default=0)  # customers in all of them
    wrong = models.IntegerField(default=0)  # whose memberships or next flip were not what the rule says; normally none
    copy_wrong = models.IntegerField(default=0)  # of whom the copy in columns said something else than the rows
    finished_at = InstantField(null=True)
    found = models.JSONField(default=list)
    before = models.JSONField(default=list)
