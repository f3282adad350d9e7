"""Campaigns and each customer's run through one."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField
from dangol.campaign.templates.models import Brand, Template, TemplateVersion

__all__ = ["Brand", "Campaign", "Run", "Template", "TemplateVersion"]


class Campaign(models.Model):
    """A journey or broadcast that carries out a play."""

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    play = models.CharField(max_length=64, default="")
    state = models.CharField(max_length=10, default="draft")  # draft, active, draining, paused, archived
    definition = models.JSONField()  # as it was saved last: see definition.py
    digest = models.CharField(max_length=64, default="")  # of the definition
    version = models.IntegerField(default=1)
    created_at = InstantField()
    activated_at = InstantField(null=True)
    filed = models.JSONField(null=True)  # what its file last said: name and definition
    next_at = InstantField(null=True, db_index=True)  # when the next broadcast or occurrence of a schedule begins


class Version(models.Model):
    """A definition that a campaign had: who entered under it may finish under it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    saved_at = InstantField()
    open = models.BooleanField(default=True)  # whether anybody may be under way by it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="campaign_version_once")]


class Policy(models.Model):
    """What holds for all campaigns; one row."""

    holdout_percent = models.FloatField(default=0)  # customers whom no campaign writes to, to measure them all together


class Allocation(models.Model):
    """The shares of a step's variants on one day: set before its first message, and kept for all of them.

    Versions of a campaign that share out a step otherwise have shares of their own.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="allocations")
    step = models.CharField(max_length=64)
    split = models.CharField(max_length=16, default="")  # which variants, and how they are shared out
    day = models.DateField()  # of the shop's calendar
    shares = models.JSONField()  # variant → its share, of one

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "step", "split", "day"], name="campaign_allocation_once")
        ]


class Exposure(models.Model):
    """Which variant a run got at a step, and how probable that was."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="exposures")
    step = models.CharField(max_length=64)
    customer_id = models.BigIntegerField()
    home = models.BigIntegerField()
    trigger = models.CharField(max_length=200)
    variant = models.CharField(max_length=64)
    propensity = models.FloatField()
    split = models.CharField(max_length=16, default="")  # with the day: the batch
    day = models.DateField()  # of the shop's calendar
    at = InstantField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "step", "home", "trigger"], name="campaign_exposure_once")
        ]
        indexes = [models.Index(fields=["customer_id"], name="campaign_exposure_customer")]


class UsualHours(models.Model):
    """How the customers of the shop spread over the hours of its day, counted up to a position of the log; one row."""

    position = models.BigIntegerField()
    zone = models.CharField(max_length=64)
    hours = models.JSONField()  # hour → facts


class Wave(models.Model):
    """Many who enter together, some thousands a turn: a broadcast, an occurrence, who was there, facts of before."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="waves")
    slot = models.CharField(max_length=100)  # what it is: one wave for each, ever
    segment = models.CharField(max_length=100)
    at = InstantField()  # when it was to begin, on the calendar
    begun_at = InstantField()  # when it did: whoever is a member by then may enter
    after = models.BigIntegerField(default=0)  # members up to this customer have entered
    entered = models.IntegerField(default=0)
    ended_at = InstantField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "slot"], name="campaign_wave_once")]
        indexes = [models.Index(fields=["ended_at"], name="campaign_wave_open")]


class Present(models.Manager["Run"]):
    """Runs without those that stand aside."""

    def get_queryset(self) -> models.QuerySet[Run]:
        return super().get_queryset().filter(aside=False)


class Run(models.Model):
    """One customer's way through a campaign for one trigger; held-out customers have one too, and get nothing."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="runs")
    customer_id = models.BigIntegerField()  # whose it is now
    home = models.BigIntegerField()  # whose it was when it began: an undone merge gives it back
    aside = models.BooleanField(default=False)  # since a merge another run of the same trigger goes on instead
    trigger = models.CharField(max_length=200)  # what started it: one run per (campaign, home, trigger), ever
    arm = models.CharField(max_length=10)  # treated, holdout
    share = models.FloatField(null=True)  # of customers, of one, that were drawn to be treated when it began
    context = models.JSONField(default=dict)  # the fact that started it, for templates
    entered_at = InstantField()
    version = models.IntegerField(default=1)  # of the definition it goes by
    step = models.CharField(max_length=64, default="")  # key of the step it stands at: no other has it
    phase = models.CharField(max_length=4, default="wait")  # wait: before the step; for: in it, until something happens
    since = InstantField(null=True)  # when what is waited for began to count
    about = models.CharField(max_length=120, default="")  # the cart or order it is about
    due_at = InstantField(null=True)  # when it is looked at again; empty when it has ended
    reached_at = InstantField(null=True)  # when a goal that is a rule held
    state = models.CharField(max_length=10, default="active")  # active, finished, left
    ended_at = InstantField(null=True)
    ended_for = models.CharField(
        max_length=10, default=""
    )  # finished, goal, exit, exited, no_date, no_coupon; empty: put away

    objects = Present()
    every = models.Manager()

    class Meta:
        base_manager_name = "every"
        constraints = [models.UniqueConstraint(fields=["campaign", "home", "trigger"], name="campaign_run_once")]
        indexes = [
            models.Index(
                fields=["campaign", "due_at"], condition=models.Q(due_at__isnull=False), name="campaign_run_due"
            ),
            models.Index(fields=["customer_id"], name="campaign_run_customer"),
        ]
