"""How often and for how much customers have bought, counted; and every forecast that was made of it."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import AmountField, InstantField


class Buyer(models.Model):
    """What a customer's orders come to for the models. Days are the shop's dates, numbered (date.toordinal)."""

    customer_id = models.BigIntegerField(primary_key=True)
    days = models.IntegerField()  # on which they bought
    first_day = models.IntegerField()
    last_day = models.IntegerField()
    paid_days = models.IntegerField(default=0)  # days on which money in the shop's currency came in …
    spent = AmountField(default=0)  # … and how much, net of refunds
    told = models.IntegerField(default=0)  # the forecast of the shop that the customer's own follows

    class Meta:
        indexes = [models.Index(fields=["told"], name="value_buyer_told")]


class Kind(models.Model):
    """How many customers bought on so many days, between these two: all that the model of purchases reads."""

    pk = models.CompositePrimaryKey("first_day", "last_day", "days")
    first_day = models.IntegerField()
    last_day = models.IntegerField()
    days = models.IntegerField()
    n = models.IntegerField()


class Purse(models.Model):
    """How many customers paid on so many days, and about how much each time: all that the model of money reads."""

    pk = models.CompositePrimaryKey("paid_days", "step")
    paid_days = models.IntegerField()
    step = models.IntegerField()  # of the amount, on a scale of 2 %: rules.step_of
    n = models.IntegerField()


class Stale(models.Model):
    """A customer whose orders have changed since they were counted here."""

    customer_id = models.BigIntegerField(primary_key=True)


class Word(models.Model):
    """What the owner says of the shop's customers; one row."""

    weeks_between = models.FloatField(null=True)  # a good customer buys about every so many weeks
    order_amount = AmountField(null=True)  # an order is about so much
    said_at = InstantField()


class Forecast(models.Model):
    """One forecast of the whole shop: with the orders up to its day it says again what was said of every customer."""

    day = models.IntegerField(unique=True)
    made_at = InstantField()
    customers = models.IntegerField()
    repeaters = models.IntegerField()
    orders = models.IntegerField()
    span_days = models.IntegerField()
    known = models.JSONField()  # draws.Known, as lists
    prior = models.JSONField()  # {"purchases": [means, spreads], "money": the same or null}
    totals = models.JSONField()  # days ahead → [mean, 10 %, 50 %, 90 %] of all these customers' orders
    scores = models.JSONField(default=dict)  # days ahead → what came of it: scoring.Score
