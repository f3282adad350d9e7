"""Where facts come from, how far readers are, and our own facts on their way into the log."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Source(models.Model):
    """One place that sends facts: a site, a server, a file import."""

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    write_key = models.CharField(max_length=64, unique=True)
    enabled = models.BooleanField(default=True)
    created_at = InstantField()
    last_used_at = InstantField(null=True)


class Cursor(models.Model):
    """How far one reader has come in the log; moves in the transaction that holds the reader's work."""

    reader = models.CharField(max_length=32, primary_key=True)
    position = models.BigIntegerField(default=0)


class Outgoing(models.Model):
    """A fact that a stage wrote in its own transaction, until it stands in the log."""

    message_id = models.CharField(max_length=200, unique=True)
    body = models.BinaryField()  # JSON, the shape of a track call
    written_at = InstantField()


class Import(models.Model):
    """One run of an import: what was read, what came of it, and where it stopped."""

    name = models.CharField(max_length=300)  # the file's name
    digest = models.CharField(max_length=64)  # of the file's bytes: running it twice adds nothing
    kind = models.CharField(max_length=16)  # orders, customers, products, events
    mapping = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    started_at = InstantField()
    finished_at = InstantField(null=True)
