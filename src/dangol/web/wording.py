"""Codes of the tables in people's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from dangol.campaign.models import Campaign
from dangol.deliver import law
from dangol.segment.models import Segment
from dangol.strategy import steps as strategy

WORDS: dict[str, Any] = {
    # campaigns and runs
    "draft": _("draft"),
    "active": _("active"),
    "paused": _("paused"),
    "draining": _("lets nobody in"),
    "date": _("on a day of the customer's"),
    "schedule": _("on a schedule"),
    "broadcast": _("broadcast"),
    "api": _("on a call over the API"),
    "wait_for": _("wait until something happens"),
    "split": _("split"),
    "emit": _("write a fact"),
    "change": _("change the customer"),
    "go_to": _("go to another campaign"),
    "exit": _("leave the campaign"),
    "archived": _("archived"),
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
    # how far customers of a campaign came
    "entered": _("entered"),
    "sent": _("sent"),
    "delivered": _("delivered"),
    "clicked": _("clicked"),
    "goal": _("reached the goal"),
    # consents
    "pending": _("asked, not confirmed"),
    "granted": _("granted"),
    "denied": _("denied"),
    "withdrawn": _("withdrawn"),
    "email": _("e-mail"),
    "sms": _("text message"),
    "phone": _("phone"),
    "push": _("push"),
    "webpush": _("web push"),
    "webhook": _("webhook"),
    "task": _("staff task"),
    "kakao": _("KakaoTalk"),
    "onsite": _("on the site"),
    "explicit": _("said so"),
    "import": _("imported list"),
    "double_optin": _("confirmed by e-mail"),
    "objection": _("objection"),
    "kr_existing_trade": _("existing trade"),
    # rights of persons
    "access": _("a copy"),
    "correction": _("correction"),
    "erasure": _("erasure"),
    "restriction": _("restriction"),
    "restriction lifted": _("restriction lifted"),
    "export": _("copy handed out"),
    "consent": _("consent"),
    "request": _("request entered"),
    "request done": _("request done"),
    "request refused": _("request refused"),
    "request extended": _("request extended"),
    "retention": _("period changed"),
    "wording": _("wording added"),
    "notice": _("told by other means"),
    "sign-in": _("signed in"),
    "key made": _("key made"),
    "unsound domain waived": _("unsound domain waived"),
    "marketing resumed": _("marketing resumed"),
    "key revoked": _("key revoked"),
    "settings": _("settings changed"),
    "result": _("result of a word on consent"),
    "reconfirmation": _("reminder of consent"),
    "ran_out": _("ran out"),
    "silence": _("no answer"),
    "form": _("form"),
    "survey": _("survey"),
    "refused": _("refused"),
    # the lifecycle
    "visitor": _("Visitors"),
    "new": _("New"),
    "promising": _("Promising"),
    "loyal": _("Loyal"),
    "at-risk": _("At risk"),
    "lost": _("Lost"),
    # tasks
    "dissatisfied": _("Dissatisfied customer"),
    "call": _("Telephone call"),
    "letter": _("Letter by post"),
    "visit": _("Visit"),
    "reached": _("reached"),
    "not_reached": _("not reached"),
    "open": _("open"),
    "done": _("done"),
    # identifiers
    "userId": _("user id"),
    "anonymousId": _("anonymous id"),
    "alias": _("an alias said so"),
    "staff": _("staff said so"),
    "loyalty_card": _("loyalty card"),
    "device": _("device"),
    # what a timeline can be narrowed to
    "orders": _("orders"),
    "visits": _("visits"),
    "messages": _("messages"),
    "answers": _("answers"),
    "conversations": _("conversations"),
    "loop": _("the loop"),
    "identity": _("who they are"),
    # channels
    "web": _("on the site"),
    "app": _("in the app"),
    "store": _("in the store"),
    "server": _("from a server"),
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
        gettext_noop("Five letters and no sign of life in half a year"),
        gettext_noop("Bought again and again, last a month ago"),
        gettext_noop("Looked at products and left two hours ago"),
        gettext_noop("Five orders in a year"),
        gettext_noop("Looked at two things today, not yet a reader"),
        gettext_noop("Bought, came back today, was never asked"),
        gettext_noop("Bought once, three weeks ago"),
        gettext_noop("Satisfied, and bought twice or more"),
        gettext_noop("A reader for three days"),
        gettext_noop("Five orders in a year, none for two months"),
        gettext_noop("Allowed e-mail"),
        gettext_noop("Bought in two years, allowed e-mail"),
    }
)

AUTOPILOT_MODES: dict[str, Any] = {
    "off": _("Off: it does and proposes nothing"),
    "proposes": _("It proposes, and does what you accept"),
    "acts": _("It acts by itself where nobody objects in time"),
}
ACT_STATES: dict[str, Any] = {
    "doing": _("under way"),
    "done": _("done"),
    "undone": _("taken back"),
    "declined": _("declined"),
    "withdrawn": _("withdrawn"),
    "failed": _("failed"),
}
LIMITS: dict[str, Any] = {
    "contacts": _("No room: customers would get more messages than your limit allows."),
    "budget": _("No room: its messages do not fit your budget."),
    "minutes": _("No room: nobody has the time for it."),
    "nothing": _("Not worth it: by what is known it costs more than it brings."),
}

GATE_RULES: dict[str, Any] = {
    "consent_granted": _("consent to marketing is there"),
    "no_consent_needed": _("it waits to be looked at and needs no consent"),
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
    "suppressed_hard_bounce": _("the address bounced before"),
    "suppressed_complaint": _("the customer complained about a message"),
    "suppressed_unsubscribe": _("the customer unsubscribed"),
    "suppressed_manual": _("the shop put the address on the list of those it does not write to"),
    "unsubscribed": _("the customer unsubscribed"),
    "hard_bounce": _("the address bounced before"),
    "complaint": _("the customer complained about a message"),
    "dissatisfied": _("the customer is dissatisfied; marketing rests"),
    "reconfirmation_overdue": _("the customer was not reminded of their consent in time; advertising rests"),
    "restricted": _("the customer's data are kept and not used"),
    "consent_expired": _("consent to marketing has run out"),
    "consent_pending": _("consent to marketing was asked for and is not confirmed yet"),
    "goal_reached": _("the goal was reached already"),
    "campaign_left": _("the customer has left the campaign"),
    "quiet_hours": _("it is night; the message waits for the morning"),
    "daily_cap": _("the customer has had enough marketing messages today; it waits for tomorrow"),
    "weekly_cap": _("the customer has had enough marketing messages this week; it waits for the next"),
    "outranked": _("a more important message goes first"),
    "topic_refused": _("the customer does not want to hear of this topic"),
    "alimtalk_advertises": _("an AlimTalk only tells; it never advertises"),
    "night": _("the law forbids advertising at night without a consent for the night; it waits for the morning"),
    "consent_basis": _("the law takes only a consent that was given in words"),
    "consent_over": _("the consent nobody gave in words has run out by law"),
    "refusal_not_offered": _("the customer could not refuse when the address was taken, which the law asks for"),
    "campaign_paused": _("the campaign is paused"),
    "receiver_rests": _("the mailbox's domain puts letters off and is left alone for a while"),
    "receiver_rate": _("enough letters left for the mailbox's domain in this minute"),
    "warming_up": _("the sender is new: enough letters left today"),
    "complaints": _("too many called the shop's letters spam; its marketing by e-mail waits until somebody resumes it"),
    "domain_unasked": _("the DNS of the sender's domain was not asked yet"),
    "domain_unsound": _("the DNS of the sender's domain does not vouch for the letters; see Sending e-mail"),
    "no_sender": _("the shop's sender address is missing; see Settings"),
    "sender_name": _("the law wants advertising to say the sender's name, which Settings do not tell; it waits"),
    "sender_email": _(
        "the law wants advertising to say the sender's e-mail address, which Settings do not tell; it waits"
    ),
    "sender_phone": _("the law wants advertising to say the sender's telephone, which Settings do not tell; it waits"),
    "sender_address": _("the law wants advertising to say a postal address, which Settings do not tell; it waits"),
    "sender_contact": _("the law wants advertising to say where to ask, which Settings do not tell; it waits"),
}
STEP_GROUPS: Mapping[str, Any] = {  # what became of a step's messages
    "sent": _("sent"),
    "under-way": _("on the way"),
    "not-sent": _("not sent"),
    "trouble": _("in trouble"),
}


def word(code: str) -> str:
    """A code in the page's language; itself where it has no word."""
    return str(WORDS.get(code, code))


def gate_rule(code: str) -> str:
    """Why the gate held or refused a message, in the page's language."""
    head, _colon, pack = code.partition(":")
    said = str(GATE_RULES.get(code) or GATE_RULES.get(head) or head.replace("_", " "))
    return f"{said} ({law_name(pack)})" if pack in law.BY_KEY else said


def law_name(pack: str) -> str:
    """What a policy pack is called, in the page's language."""
    found = law.BY_KEY[pack].law
    return str(found.get((get_language() or "en")[:2], found["en"]))


def segment_name(segment: Segment) -> str:
    """A segment's name; the first ones' in the page's language."""
    return gettext(segment.name) if segment.name in FIRST_SEGMENTS else segment.name


def campaign_name(campaign: Campaign) -> str:
    """A campaign's name; where it is still its play's, in the page's language."""
    play = strategy.plays().get(campaign.play)
    if play and campaign.name in play.name.values():
        return str(play.name.get((get_language() or "en")[:2], campaign.name))
    return campaign.name


def overtaken(campaign: Campaign, version: int) -> str:
    """Why a change that began at a version is not saved."""
    why = gettext(
        "Somebody else has saved this campaign meanwhile: it is at version {version}, yours began at {yours}."
    )
    return why.format(version=campaign.version, yours=version)


def labels() -> dict[tuple[str, str], str]:
    """What to call segments and campaigns that facts name by key: ("segment", key) or ("campaign", key) → name."""
    found = {("segment", one.key): segment_name(one) for one in Segment.shown.all()}
    return found | {("campaign", one.key): campaign_name(one) for one in Campaign.objects.all()}


HINTS: dict[str, Any] = {
    "subject_empty": _("The subject is empty."),
    "subject_capitals": _("The subject is all capitals, which spam filters and readers dislike."),
    "subject_signs": _("The subject has rows of marks or signs of money, as spam has."),
    "subject_reply": _("The subject pretends to be a reply or a forward."),
    "subject_long": _("The subject has %(found)s characters; telephones show about forty."),
    "preheader_missing": _("There is no preview line; mail programs show the first words of the message instead."),
    "clipped": _("The message has %(found)s KB; a big provider cuts what is beyond 102 KB, the footer first."),
    "alt_missing": _("Pictures without a description (alt): %(found)s. Many readers see no pictures."),
    "text_missing": _("There is no text part."),
    "image_only": _("There is hardly any text beside the pictures; filters take that for spam."),
    "links_many": _("There are %(found)s links; a reader looks for one."),
    "links_http": _("Links without TLS (http://): %(found)s."),
}


def hint_words(code: str, found: str) -> str:
    """What a hint about a message means."""
    told = HINTS.get(code)
    return str(told) % {"found": found} if told else code
