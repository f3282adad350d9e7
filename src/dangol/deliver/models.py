"""The ledger: every attempt to reach a customer, and what keeps us from trying."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db import models
from django.db.models import Q

from dangol.base.fields import AmountField, InstantField


class Content(models.Model):
    """What messages of one step consist of, kept once for all of them: it never changes, its key is its hash."""

    key = models.CharField(max_length=64, primary_key=True)  # SHA-256 of the body
    body = models.JSONField()  # templates by language, survey, tracking: see campaign/contents.py


@lru_cache(maxsize=256)
def content(key: str) -> Mapping[str, Any]:
    """The content of this key. Raises Content.DoesNotExist."""
    body: Mapping[str, Any] = Content.objects.get(pk=key).body
    return body


class Delivery(models.Model):
    """One message to one customer: one per (campaign, step, home, trigger, instead), whatever crashes."""

    campaign = models.CharField(max_length=64)
    step = models.CharField(max_length=64)
    customer_id = models.BigIntegerField()  # whose it is now
    home = models.BigIntegerField()  # for whom it was planned: an undone merge gives it back
    trigger = models.CharField(max_length=200)
    instead = models.BooleanField(default=False)  # goes out because the first of this key did not arrive
    channel = models.CharField(max_length=16)
    message_class = models.CharField(max_length=16)  # marketing, transactional
    content = models.CharField(max_length=64, default="")  # key of what the campaign said when it planned this
    context = models.JSONField(default=dict)  # the fact that started the run
    state = models.CharField(max_length=12, default="planned")
    # planned → leased → attempting → accepted | deferred | bounced | failed | unknown | cancelled | expired
    planned_at = InstantField()
    due_at = InstantField()
    expires_at = InstantField(null=True)
    lease = models.CharField(max_length=32, default="")
    leased_until = InstantField(null=True)
    attempts = models.IntegerField(default=0)
    unconfirmed = models.IntegerField(default=0)  # attempts of which nobody knows how they ended
    attempted_at = InstantField(null=True)
    finished_at = InstantField(null=True)
    address = models.CharField(max_length=254, default="")
    subject = models.CharField(max_length=500, default="")
    language = models.CharField(max_length=35, default="")  # BCP 47
    decision = models.JSONField(default=list)  # the gate's reasons, kept with the delivery
    outcome = models.CharField(max_length=500, default="")  # what the channel answered
    reference = models.CharField(max_length=100, default="")  # what the provider calls the message
    # By the price list, of what was handed over; empty: the list does not say; 0 without a currency: it went nowhere.
    cost = AmountField(null=True)
    currency = models.CharField(max_length=3, default="")

    said: Mapping[str, Any] | None = None  # what a message would say that is in no ledger

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "step", "home", "trigger", "instead"], name="deliver_delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(state__in=("planned", "deferred")), name="deliver_delivery_waiting"
            ),
            models.Index(
                fields=["leased_until"], condition=Q(state__in=("leased", "attempting")), name="deliver_delivery_taken"
            ),
            models.Index(fields=["customer_id", "channel", "attempted_at"], name="deliver_delivery_customer"),
            models.Index(fields=["finished_at"], condition=Q(cost__isnull=False), name="deliver_delivery_priced"),
        ]

    @property
    def message(self) -> Mapping[str, Any]:
        """Templates by language, survey, tracking; shared by many deliveries, so never to be changed."""
        if self.said is not None:
            return self.said
        return content(self.content) if self.content else {}


class Link(models.Model):
    """A link in one message, so that a click can be told and the target cannot be altered."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="links")
    index = models.IntegerField()
    url = models.CharField(max_length=2000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "index"], name="deliver_link_once")]


class Suppression(models.Model):
    """An address that must not be written to."""

    channel = models.CharField(max_length=16)
    address_hash = models.CharField(max_length=64)  # keyed hash: survives erasure without naming anybody
    purpose = models.CharField(max_length=16, default="*")
    reason = models.CharField(max_length=16)  # hard_bounce, complaint, unsubscribe, manual
    created_at = InstantField()
    expires_at = InstantField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "address_hash", "purpose"], name="deliver_suppression_once")
        ]


class ContactPolicy(models.Model):
    """How often and when customers hear from the shop; one row, or none where nobody changed anything."""

    caps = models.JSONField(default=list)  # [{most, days, channel}]: see caps.py
    quiet_from = models.CharField(max_length=5, default="", blank=True)  # 21:00; empty: no night of the shop's own
    quiet_to = models.CharField(max_length=5, default="", blank=True)
    changed_at = InstantField()


class Returned(models.Model):
    """What a mail server or a mailbox provider reported of a message after it was handed over; each thing once."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="returned")
    channel = models.CharField(max_length=16)
    address_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)  # bounced, complained, delivered
    hard = models.BooleanField(default=False)
    reason = models.CharField(max_length=16, default="")
    status = models.CharField(max_length=16, default="")  # RFC 3463
    at = InstantField()  # when it was read

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "kind"], name="deliver_returned_once")]
        indexes = [models.Index(fields=["channel", "address_hash", "at"], name="deliver_returned_address")]


class Early(models.Model):
    """What was reported of a message before we had written down how its hand-over ended; booked as soon as that is."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="early")
    kind = models.CharField(max_length=16)
    report = models.JSONField()  # the fields of a returned.Report
    at = InstantField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "kind"], name="deliver_early_once")]


class Receiver(models.Model):
    """How a receiving domain bears our letters; a row only where it is or was in trouble, or where a rate is set."""

    domain = models.CharField(max_length=253, primary_key=True)
    rate = models.IntegerField(null=True)  # letters a minute while it is slowed; empty: as fast as the setting
    failures = models.IntegerField(default=0)  # letters that it put off since it last took one
    rests = models.IntegerField(default=0)  # how often it was left alone since then
    until = InstantField(null=True)  # when it is tried again
    answer = models.CharField(max_length=16, default="")  # the code it put the last one off with, such as 421 4.7.0
    minute = InstantField(null=True)  # …
    letters = models.IntegerField(default=0)  # … and how many left for it within that minute
    at = InstantField()  # when that was learnt


class Warming(models.Model):
    """How many letters a sender's domain has sent today, and on how many days it has sent any."""

    domain = models.CharField(max_length=253, primary_key=True)
    day = models.DateField()  # the shop's local day
    days = models.IntegerField()  # of sending, this one included
    letters = models.IntegerField(default=0)  # on this day


class Tally(models.Model):
    """How many letters of a campaign ended how, by parts of time: what the autopilot judges."""

    campaign = models.CharField(max_length=64)
    message_class = models.CharField(max_length=16)
    at = InstantField()  # where the part of time begins
    ending = models.CharField(max_length=16)  # accepted, refused, gone
    letters = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "message_class", "at", "ending"], name="deliver_tally_once")
        ]
        indexes = [models.Index(fields=["at"], name="deliver_tally_at")]


class Gap(models.Model):
    """How many messages printed a value that was not there, by what they consisted of; without a name all of these."""

    campaign = models.CharField(max_length=64)
    step = models.CharField(max_length=64)
    channel = models.CharField(max_length=16)
    content = models.CharField(max_length=64)  # key of what the messages said
    variant = models.CharField(max_length=64, default="")
    template = models.CharField(max_length=64, default="")  # the kept one that they named; empty: the step's own
    version = models.IntegerField(default=0)
    name = models.CharField(max_length=100, default="")  # such as customer.first_name
    messages = models.IntegerField()
    last_at = InstantField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "step", "channel", "content", "name"], name="deliver_gap_once")
        ]
        indexes = [models.Index(fields=["template", "version"], name="deliver_gap_template")]


class Act(models.Model):
    """Something the autopilot did about the shop's e-mail, and who took it back."""

    subject = models.CharField(max_length=64, default="")  # a campaign's key; empty: all marketing
    measure = models.CharField(max_length=20)  # warned, marketing_paused, campaign_paused
    reason = models.CharField(max_length=20)  # complaints, refused, gone
    share = models.FloatField()  # of the letters
    at = InstantField()
    ended_at = InstantField(null=True)
    ended_by = models.CharField(max_length=254, default="")

    class Meta:
        indexes = [models.Index(fields=["subject", "measure"], name="deliver_act_subject")]


class Vetting(models.Model):
    """What the DNS said of the sender's domain, for one way of sending; and who let marketing leave all the same."""

    key = models.CharField(max_length=32, primary_key=True)  # of domain, server, selector, key and bounces
    domain = models.CharField(max_length=253)
    at = InstantField()
    sound = models.BooleanField()
    findings = models.JSONField()  # [{about, standing, found, name, kind, value}], see domain.Finding
    waived_by = models.CharField(max_length=254, default="")
    waived_at = InstantField(null=True)


class Box(models.Model):
    """How far a mailbox has been read."""

    name = models.CharField(max_length=300, primary_key=True)  # host, user and folder; no password
    validity = models.BigIntegerField()  # IMAP's UIDVALIDITY: another one means that the numbers begin anew
    last_uid = models.BigIntegerField(default=0)
    read_at = InstantField(null=True)
    fault = models.CharField(max_length=300, default="")  # why it could not be read; empty: it was


class Subscription(models.Model):
    """A browser that agreed to be written to by web push."""

    key = models.CharField(max_length=32, unique=True)  # of the endpoint: its address on the channel
    endpoint = models.CharField(max_length=1000)  # the push service's address for this browser
    p256dh = models.CharField(max_length=100)  # its public key, base64url
    auth = models.CharField(max_length=40)  # its secret, base64url
    customer_id = models.BigIntegerField(db_index=True)  # whose it is now
    home = models.BigIntegerField()  # for whom it came: an undone merge gives it back
    at = InstantField()  # when the browser said so last
    ended_at = InstantField(null=True)  # the browser or the push service has ended it


class Card(models.Model):
    """An on-site message that waits for its reader."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="card")
    customer_id = models.BigIntegerField(db_index=True)  # whose it is now
    home = models.BigIntegerField()
    content = models.JSONField()  # form, slot, title, text, button, url, image
    until = InstantField()
    times = models.IntegerField()  # how often it is shown at most
    rest_seconds = models.IntegerField(default=0)  # between two times
    shown = models.IntegerField(default=0)
    shown_at = InstantField(null=True)
    closed_at = InstantField(null=True)  # closed or followed: it is not shown again


class OutboxMessage(models.Model):
    """What the sandbox channel holds: the message as it would have left, rendered in full."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="outbox")
    channel = models.CharField(max_length=16)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=500)
    text = models.TextField()
    html = models.TextField()
    headers = models.JSONField(default=dict)
    at = InstantField()
