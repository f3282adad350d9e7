"""Where facts come from, how far readers are, and our own facts on their way into the log."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from dangol.base.fields import InstantField
from dangol.collect.facts import OWN
from dangol.collect.shops.models import ShopConnection, ShopDelivery, ShopObject

__all__ = [
    "Cursor", "Import", "Outgoing", "SavedMapping", "ShopConnection", "ShopDelivery", "ShopObject", "Source",
    "WriteKey",
]  # fmt: skip


class Source(models.Model):
    """One place that sends facts: a site, a server, a file import."""

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    enabled = models.BooleanField(default=True)
    shorten_ip = models.BooleanField(default=False)  # keep /24 of an IPv4 address and /48 of an IPv6 one
    created_at = InstantField()

    def live_keys(self) -> list[WriteKey]:
        """The write keys that are taken now, the oldest first."""
        return [key for key in sorted(self.keys.all(), key=lambda key: key.pk) if key.revoked_at is None]

    @property
    def write_key(self) -> str:
        """The newest live write key: the one for new snippets; empty where there is none."""
        return next((key.key for key in reversed(self.live_keys())), "")

    @property
    def last_used_at(self) -> datetime | None:
        """When a fact last came with any of its keys."""
        return max((key.last_used_at for key in self.keys.all() if key.last_used_at), default=None)


class WriteKey(models.Model):
    """A public key that lets facts of one source in, and nothing out."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="keys")
    key = models.CharField(max_length=64, unique=True)
    created_at = InstantField()
    last_used_at = InstantField(null=True)
    revoked_at = InstantField(null=True)


class Heard(models.Model):
    """How many facts of a source came in one hour."""

    source = models.CharField(max_length=64)
    hour = models.BigIntegerField()  # since 1970
    count = models.BigIntegerField()
    newest_at = InstantField()  # when the last of them came

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "hour"], name="collect_heard_once")]


class Cursor(models.Model):
    """How far one reader has come in the log; moves in the transaction that holds the reader's work."""

    reader = models.CharField(max_length=32, primary_key=True)
    position = models.BigIntegerField(default=0)


class Outgoing(models.Model):
    """A fact that a stage wrote in its own transaction, until it stands in the log."""

    source = models.CharField(max_length=64, default=OWN)  # ours, or the shop's whose word we pass on
    message_id = models.CharField(max_length=200)
    body = models.BinaryField()  # JSON, the shape of a track call
    written_at = InstantField()
    imported = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="collect_outgoing_once")]


class Import(models.Model):
    """One run of an import: what was read, how far it has come, what came of it."""

    STATES = ("draft", "waiting", "running", "done", "failed")

    name = models.CharField(max_length=300)  # the files' names
    digest = models.CharField(max_length=64)  # of the files' bytes: running them twice adds nothing
    kind = models.CharField(max_length=16)  # orders, customers, events …; empty while a draft has none
    state = models.CharField(max_length=8, default="done", db_index=True)  # draft: uploaded, and looked at by a person
    mapping = models.JSONField(default=dict)
    choices = models.JSONField(default=dict)  # what a person chose: columns, channel, source of the consents
    files = models.JSONField(default=list)  # of an upload, as they lie in the data folder
    by = models.CharField(max_length=254, default="", blank=True)  # who started it
    progress = models.JSONField(default=dict)  # what is being done, how far, of how much
    counts = models.JSONField(default=dict)
    rejected = models.JSONField(default=list)  # files with the rows that could not be used
    error = models.TextField(default="", blank=True)
    started_at = InstantField()
    beat_at = InstantField(null=True)  # a sign of life while it runs
    finished_at = InstantField(null=True)


class SavedMapping(models.Model):
    """Which column is which field, under a name; a file with the same header row finds it by itself."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=16)
    files = models.JSONField(default=list)  # of each file: its header's digest, and column → field
    saved_at = InstantField()
    used_at = InstantField(null=True)
