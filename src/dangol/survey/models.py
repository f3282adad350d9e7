"""Questions asked of customers, and the answers that came back."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Survey(models.Model):
    """A question and its scale."""

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=8, default="csat")  # csat: 1 … 5
    question = models.JSONField()  # language → text
    created_at = InstantField()


class Answer(models.Model):
    """One customer's answer to one delivery's question; a second one replaces the first until it is closed."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="answers")
    delivery_id = models.BigIntegerField(unique=True)
    customer_id = models.BigIntegerField(db_index=True)  # whose it is now
    home = models.BigIntegerField()  # who was asked: an undone merge gives it back
    campaign = models.CharField(max_length=64)
    score = models.IntegerField()
    answer = models.TextField(default="")
    at = InstantField()
