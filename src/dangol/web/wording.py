"""Codes of the tables in people's words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from dangol.campaign.models import Campaign
from dangol.segment.models import Segment
from dangol.strategy import steps as strategy

WORDS: dict[str, Any] = {
    # campaigns and runs
    "draft": _("draft"),
    "active": _("active"),
    "paused": _("paused"),
    "finished": _("finished"),
    "left": _("left early"),
    "treated": _("treated"),
    "holdout": _("held out"),
    "marketing": _("marketing"),
    "transactional": _("transactional"),
    # deliveries
    "planned": _("planned"),
    "leased": _("being prepared"),
    "attempting": _("being handed over"),
    "accepted": _("sent"),
    "deferred": _("tried again later"),
    "bounced": _("bounced"),
    "failed": _("failed"),
    "unknown": _("unconfirmed"),
    "cancelled": _("not sent"),
    "expired": _("too late"),
    # consents
    "granted": _("granted"),
    "denied": _("denied"),
    "withdrawn": _("withdrawn"),
    "email": _("e-mail"),
    "sms": _("text message"),
    "phone": _("phone"),
    "push": _("push"),
    "webpush": _("web push"),
    "kakao": _("KakaoTalk"),
    "onsite": _("on the site"),
    # the lifecycle
    "visitor": _("Visitors"),
    "new": _("New"),
    "promising": _("Promising"),
    "loyal": _("Loyal"),
    "at-risk": _("At risk"),
    "lost": _("Lost"),
    # tasks
    "dissatisfied": _("Dissatisfied customer"),
    "open": _("open"),
    "done": _("done"),
    # identifiers
    "userId": _("user id"),
    "anonymousId": _("anonymous id"),
    # scopes of API keys
    "read": _("read"),
    "write": _("write"),
    "admin": _("admin"),
}

# Segments that every shop starts with are saved under English names; people read them in their own language.
FIRST_SEGMENTS = frozenset(
    {
        gettext_noop("Visitors"),
        gettext_noop("New customers"),
        gettext_noop("Promising"),
        gettext_noop("Loyal"),
        gettext_noop("At risk"),
        gettext_noop("Lost"),
        gettext_noop("Dissatisfied"),
        gettext_noop("Newcomers who allowed e-mail"),
        gettext_noop("Left a cart an hour ago"),
        gettext_noop("Bought before, away for three months"),
    }
)

GATE_RULES: dict[str, Any] = {
    "consent_granted": _("consent to marketing is there"),
    "transactional": _("a message about the customer's own business needs no consent to marketing"),
    "expired": _("its time had passed"),
    "no_address": _("there is no address"),
    "invalid_address": _("the address is not valid"),
    "role_address": _("the address is an office's, not a person's"),
    "no_consent": _("there is no consent to marketing"),
    "consent_missing": _("there is no consent to marketing"),
    "consent_denied": _("consent to marketing was refused"),
    "consent_withdrawn": _("consent to marketing was withdrawn"),
    "suppressed": _("the address is not to be written to"),
    "unsubscribed": _("the customer unsubscribed"),
    "hard_bounce": _("the address bounced before"),
    "complaint": _("the customer complained about a message"),
    "dissatisfied": _("the customer is dissatisfied; marketing rests"),
    "goal_reached": _("the goal was reached already"),
    "quiet_hours": _("it is night; the message waits for the morning"),
    "daily_cap": _("one marketing message a day is enough; it waits for tomorrow"),
    "campaign_paused": _("the campaign is paused"),
    "no_sender": _("the shop's sender address is missing; see Settings"),
}


def word(code: str) -> str:
    """A code in the page's language; itself where it has no word."""
    return str(WORDS.get(code, code))


def gate_rule(code: str) -> str:
    """Why the gate held or refused a message, in the page's language."""
    head = code.partition(":")[0]
    return str(GATE_RULES.get(code) or GATE_RULES.get(head) or code.replace("_", " "))


def segment_name(segment: Segment) -> str:
    """A segment's name; the first ones' in the page's language."""
    return gettext(segment.name) if segment.name in FIRST_SEGMENTS else segment.name


def campaign_name(campaign: Campaign) -> str:
    """A campaign's name; where it is still its play's, in the page's language."""
    play = strategy.plays().get(campaign.play)
    if play and campaign.name in play.name.values():
        return str(play.name.get((get_language() or "en")[:2], campaign.name))
    return campaign.name


def labels() -> dict[tuple[str, str], str]:
    """What to call segments and campaigns that facts name by key: ("segment", key) or ("campaign", key) → name."""
    found = {("segment", one.key): segment_name(one) for one in Segment.objects.all()}
    return found | {("campaign", one.key): campaign_name(one) for one in Campaign.objects.all()}
