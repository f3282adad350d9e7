"""Who was erased, and what must be done so that they stay so."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Erasure(models.Model):
    """One erasure: what was taken out of the tables at once, and what is still to be taken out of the files."""

    customer_id = models.BigIntegerField(unique=True)  # leads to nobody any more
    at = InstantField()
    by = models.CharField(max_length=254, default="")
    reason = models.CharField(max_length=200, default="")
    todo = models.JSONField(default=dict)  # spellings and positions still to be taken out of the files; then empty
    report = models.JSONField(default=dict)  # how much of each kind went or stayed without a name
    finished_at = InstantField(null=True)


class ErasedCustomer(models.Model):
    """A customer id that stands for nobody: that of an erased person, or one merged into it before."""

    customer_id = models.BigIntegerField(primary_key=True)
    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="customers")


class Tombstone(models.Model):
    """A keyed hash of an identifier whose person was erased: knows it again without naming it."""

    hash = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=32)
    at = InstantField()


class Withheld(models.Model):
    """A fact that arrived for an erased person: its place in the log, until it is emptied there."""

    position = models.BigIntegerField(primary_key=True)


class Vault(models.Model):
    """What the law says must be proven after erasure, under a keyed hash; nothing of the house reads it to send."""

    hash = models.CharField(max_length=64, db_index=True)  # of the address or number, as a tombstone
    kind = models.CharField(max_length=32)  # consent
    told = models.JSONField()
    keep_until = InstantField(db_index=True)


class Restriction(models.Model):
    """A customer who is kept and not used, since when and why; the present one is in the profile stage."""

    customer_id = models.BigIntegerField(db_index=True)
    since = InstantField()
    until = InstantField(null=True)  # when it was lifted
    reason = models.CharField(max_length=200, default="")
    by = models.CharField(max_length=254, default="")


class Request(models.Model):
    """What a person asked of the shop, and until when the law wants an answer."""

    kind = models.CharField(max_length=16)  # access, correction, erasure, restriction, objection
    customer_id = models.BigIntegerField(null=True, db_index=True)
    source = models.CharField(max_length=64)  # staff, api, or the shop platform that passed it on
    external_id = models.CharField(max_length=200, null=True, unique=True)  # of a platform's request: taken in once
    asked_for = models.CharField(max_length=500, default="")  # what exactly, in the staff's words
    proof = models.CharField(max_length=500, default="")  # how the person showed who they are
    law = models.CharField(max_length=16)  # KR, EU, platform, other
    received_at = InstantField()
    due_at = InstantField()
    extended_at = InstantField(null=True)
    state = models.CharField(max_length=8, default="open")  # open, done, refused
    answered_at = InstantField(null=True)
    answered_by = models.CharField(max_length=254, default="")
    answer = models.CharField(max_length=500, default="")  # what was done, or why not
    result_hash = models.CharField(max_length=64, default="")  # SHA-256 of the copy that was handed out

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="privacy_request_due")]


class Access(models.Model):
    """One line of the log of accesses; each holds the hash of the one before, so that none can be changed alone."""

    at = InstantField()
    who = models.CharField(max_length=254)  # of the staff, a key's name, or the house itself
    what = models.CharField(max_length=32)  # export, erasure, correction …
    customer_id = models.BigIntegerField(null=True, db_index=True)
    reason = models.CharField(max_length=200, default="")
    ip = models.CharField(max_length=45, default="")
    detail = models.JSONField(default=dict)  # before and after, as far as it names nobody
    previous = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64)


class RetentionRule(models.Model):
    """How long one kind of data is kept, where the shop does not want the default; and when that was last seen to."""

    kind = models.CharField(max_length=32, primary_key=True)
    keep_days = models.IntegerField(null=True)  # empty: for ever
    standard = models.BooleanField(default=True)  # the default of this version, whatever keep_days says
    done_at = InstantField(null=True)


class RetentionRun(models.Model):
    """What was deleted because its time was over: kind, how many, up to when."""

    kind = models.CharField(max_length=32)
    at = InstantField()
    until = InstantField()
    count = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["-at"], name="privacy_retention_at")]


class Confirmation(models.Model):
    """One question whether an address may be written to, until its owner presses the button behind it."""

    customer_id = models.BigIntegerField(db_index=True)
    channel = models.CharField(max_length=16)
    purpose = models.CharField(max_length=16)
    address_hash = models.CharField(max_length=64, db_index=True)  # one question a day, whoever asks for it
    evidence = models.JSONField(default=dict)  # wording shown, page, ip and program of whoever filled in the form
    asked_at = InstantField()
    confirmed_at = InstantField(null=True)


class SignUpForm(models.Model):
    """A form by which people ask for news: a page of ours, and what a shop puts into its own."""

    key = models.CharField(max_length=64, unique=True)
    title = models.JSONField(default=dict)  # language → what stands above it
    fields = models.JSONField(default=list)  # beside the address: [{trait, label by language, required}]
    topics = models.JSONField(default=list)  # keys of those that can be ticked
    thanks = models.JSONField(default=dict)  # language → what is said when the address is confirmed
    archived_at = InstantField(null=True)  # takes nobody in any more
    created_at = InstantField()
    updated_at = InstantField()


class Policy(models.Model):
    """What the shop decided where the law leaves it a choice; there is one row, or none: the defaults."""

    notices = models.BooleanField(default=False)  # tell customers by e-mail what became of their word on consent
    silence = models.CharField(max_length=8, default="keep")  # when nobody answers a reconfirmation: keep or stop
    looked_at = InstantField(null=True)  # when the house last looked for consents to be confirmed
