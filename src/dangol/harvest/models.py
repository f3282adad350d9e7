"""What the owner says of margins and letters, the letters that were written, and comparisons of large campaigns."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import AmountField, InstantField


class Terms(models.Model):
    """What the owner says; one row, or none where nobody changed anything."""

    margin_percent = AmountField(null=True)  # what usually stays of revenue once goods are paid; empty: not said
    letter = models.BooleanField(default=True)  # whether the monthly letter is sent
    changed_at = InstantField()


class Letter(models.Model):
    """The letter to the owner about one month of the shop's calendar: one for each month, ever."""

    month = models.CharField(max_length=7, primary_key=True)  # 2026-10
    body = models.JSONField()  # what it says: see letter.py
    written_at = InstantField()
    to = models.JSONField(default=list)  # addresses that it was handed over for
    sent_at = InstantField(null=True)
    outcome = models.CharField(max_length=500, default="")  # what the channel answered last
    attempts = models.IntegerField(default=0)


class Kept(models.Model):
    """The comparison of a campaign too large to be made anew each time somebody looks."""

    campaign = models.CharField(max_length=64, primary_key=True)
    at = InstantField()  # up to when it counts
    body = models.JSONField()
