"""Campaigns and each customer's run through one."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Campaign(models.Model):
    """A journey that carries out a play."""

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    play = models.CharField(max_length=64, default="")
    state = models.CharField(max_length=10, default="draft")  # draft, active, paused
    definition = models.JSONField()  # entry, steps, goal, holdout: see rules.py
    version = models.IntegerField(default=1)
    created_at = InstantField()
    activated_at = InstantField(null=True)


class Run(models.Model):
    """One customer's way through a campaign for one trigger; held-out customers have one too, and get nothing."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="runs")
    customer_id = models.BigIntegerField()
    trigger = models.CharField(max_length=200)  # what started it: one run per (campaign, customer, trigger), ever
    arm = models.CharField(max_length=10)  # treated, holdout
    context = models.JSONField(default=dict)  # the fact that started it, for templates
    entered_at = InstantField()
    step = models.IntegerField(default=0)  # index of the next step
    due_at = InstantField(null=True)  # when the next step is due; empty when finished
    state = models.CharField(max_length=10, default="active")  # active, finished, left
    ended_at = InstantField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "customer_id", "trigger"], name="campaign_run_once")]
        indexes = [
            models.Index(fields=["due_at"], name="campaign_run_due"),
            models.Index(fields=["customer_id"], name="campaign_run_customer"),
        ]
