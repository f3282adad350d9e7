"""What staff have to do for one customer."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Task(models.Model):
    """One thing for a person to do for one customer."""

    key = models.CharField(max_length=200, unique=True)  # what caused it: the same cause makes one task
    customer_id = models.BigIntegerField(db_index=True)  # whose it is now
    home = models.BigIntegerField()  # for whom it was opened: an undone merge gives it back
    kind = models.CharField(max_length=32)  # dissatisfied; call, letter, visit: a campaign asked
    reason = models.JSONField(default=dict)  # the fact behind it, e.g. survey, score, answer
    state = models.CharField(max_length=8, default="open")  # open, done
    taken_by = models.CharField(max_length=254, default="")  # whoever said that they look after it
    taken_at = InstantField(null=True)
    outcome = models.CharField(max_length=16, default="")  # reached, not_reached, refused, done
    opened_at = InstantField()
    done_at = InstantField(null=True)
    note = models.TextField(default="")
