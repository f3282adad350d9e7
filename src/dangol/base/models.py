"""The shop itself: what its people set, as against what starts the server (settings.py)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import models


class Shop(models.Model):
    """The one shop of this data folder."""

    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="USD")
    locale = models.CharField(max_length=8, default="en")
    country = models.CharField(max_length=2, default="", blank=True)  # ISO 3166, decides the law that applies
    url = models.CharField(max_length=500, default="", blank=True)
    sender_name = models.CharField(max_length=200, default="", blank=True)
    sender_email = models.CharField(max_length=254, default="", blank=True)
    postal_address = models.CharField(max_length=500, default="", blank=True)
    phone = models.CharField(max_length=40, default="", blank=True)
    demo = models.BooleanField(default=False)  # history is the public data set, people are invented

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def region() -> str:
    """The country whose law and telephone numbers are the shop's own (ISO 3166); empty where nobody said."""
    return Shop.objects.values_list("country", flat=True).first() or ""
