"""The owner's limits, and everything that was proposed and done within them."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import AmountField, InstantField


class Limit(models.Model):
    """How far it may go; one row, or none where nobody ever switched it on."""

    mode = models.CharField(max_length=10, default="off")  # off, proposes, acts
    plays = models.JSONField(default=list)  # keys of the plays it may touch; empty: every play
    contacts = models.IntegerField(null=True)  # marketing messages to a customer in 30 days; empty: as caps allow
    budget = AmountField(null=True)  # of messages in 30 days; empty: none is set
    discount = models.FloatField(default=0)  # the greatest discount a play may give, in per cent
    staff_hours = models.FloatField(null=True)  # that people have for plays in 30 days; empty: not limited
    hours = models.IntegerField(default=8)  # office hours to object before an act is carried out
    opens = models.CharField(max_length=5, default="09:00")
    closes = models.CharField(max_length=5, default="18:00")
    changed_at = InstantField()
    looked_at = InstantField(null=True)  # when it last looked at the plan


class Act(models.Model):
    """One thing it proposed: what, why, and what became of it."""

    play = models.CharField(max_length=64)
    verb = models.CharField(max_length=10)  # activate, pause
    why = models.CharField(max_length=16)  # the code of its reason: see rules.REASONS
    reason = models.JSONField(default=dict)  # the same in a sentence, by language
    state = models.CharField(max_length=10, default="proposed")
    # proposed → doing → done → undone;  proposed → declined | withdrawn;  doing → failed
    before = models.CharField(max_length=10, default="")  # the state of its campaign; empty: there was none
    proposed_at = InstantField()
    due_at = InstantField(null=True)  # when it is carried out unless somebody objects; empty: when it is accepted
    done_at = InstantField(null=True)
    ended_at = InstantField(null=True)  # when it was declined, withdrawn, undone, or failed
    by = models.CharField(max_length=254, default="")  # who accepted, declined or undid; empty: the autopilot itself
    trouble = models.CharField(max_length=500, default="")  # why it failed

    class Meta:
        indexes = [models.Index(fields=["play", "-proposed_at"], name="autopilot_act_play")]
        constraints = [
            models.UniqueConstraint(
                fields=["play"], condition=models.Q(state__in=("proposed", "doing")), name="autopilot_act_open_once"
            )
        ]
