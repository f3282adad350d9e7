"""Who may use the admin API, and what was already answered."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class ApiKey(models.Model):
    """A secret key for the admin API; only its hash is kept."""

    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=16)  # what people see of it
    hash = models.CharField(max_length=64, unique=True)  # SHA-256: the key has 256 bits of its own
    scopes = models.JSONField(default=list)
    created_at = InstantField()
    last_used_at = InstantField(null=True)
    revoked_at = InstantField(null=True)


class Idempotency(models.Model):
    """The first answer to a POST with an Idempotency-Key, given again to its repeats."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    route = models.CharField(max_length=300)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.IntegerField(null=True)  # empty while the first is under way
    answer = models.TextField(default="")
    created_at = InstantField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "route", "key"], name="web_idempotency_once")]
