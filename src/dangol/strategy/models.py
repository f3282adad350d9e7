"""What the plan is made of: how many each play concerns, as they were counted last, and what plays did so far."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Count(models.Model):
    """How many customers each play concerns; one row, made anew in the background where the shop is large."""

    at = InstantField()
    customers = models.BigIntegerField()
    position = models.BigIntegerField(default=0)  # of the newest fact in anybody's file then
    seconds = models.FloatField()  # that counting took
    told = models.JSONField()  # see counting.py
    earnings = models.JSONField(default=dict)  # what orders look like: see takings.py
    stages = models.JSONField(default=dict)  # stage of the lifecycle → customers


class Score(models.Model):
    """What a play did in this shop so far, as the newest `Play Scored` fact says it."""

    play = models.CharField(max_length=64, primary_key=True)
    at = InstantField()
    position = models.BigIntegerField()  # of that fact in the log
    told = models.JSONField()  # its properties: see scores.py
