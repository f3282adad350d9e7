"""A conversation: the customer's reply by e-mail, the answer of the staff, the customer's next word, its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Invalid, NotFound
from dangol.converse import forgetting, reads, steps, talking
from dangol.converse.models import Conversation, Utterance
from dangol.deliver import reports, returns
from dangol.deliver.hearing import twilio
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.profile.models import Fact
from dangol.segment import steps as segments
from tests.campaign.ways import begin, known, say
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def written(kit: Kit, clock: SetClock) -> Kit:
    """A shop that wrote to ann."""
    begin(clock, {"fact": "Seen"}, say("hello"))
    known(kit, "ann")
    kit.track("ann", "Seen")
    kit.run()
    return kit


def reply(kit: Kit, text: str, sender: str = "ann@example.com", number: int = 1, subject: str = "Re: hello") -> None:
    """The customer answers the newest letter; the mailbox is read."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "hello@shop.example", subject
    made["Message-ID"] = f"<r{number}@mail.example>"
    made["In-Reply-To"] = OutboxMessage.objects.latest("pk").headers["Message-ID"]
    made.set_content(text)
    returns.take(made.as_bytes(), kit.clock.now())
    kit.run()


def told(name: str) -> list[dict[str, Any]]:
    rows = Fact.objects.filter(name=name, own=True).order_by("position")
    return [msgspec.json.decode(row.properties) for row in rows]


def test_a_reply_is_read_answered_and_answered_again(written: Kit, clock: SetClock) -> None:
    kit = written
    reply(kit, "The cup is broken.\n\nOn Tue, Shop <hello@shop.example> wrote:\n> Hi")
    [thread] = reads.threads("open")
    assert (thread.customer_id, thread.waiting, thread.channel) == (kit.customer("ann"), True, "email")
    [first] = reads.said_with(thread.customer_id)
    assert (first.utterance.text, first.utterance.by, first.delivery) == ("The cup is broken.", "customer", None)
    assert reads.count_waiting() == 1

    clock.advance(timedelta(minutes=5))
    talking.answer(thread.pk, "We are sorry.\nA new one is <b>on its way</b>.", "mina@shop.example", clock.now())
    kit.run()
    letter = OutboxMessage.objects.latest("pk")
    assert (letter.to, letter.subject) == ("ann@example.com", "Re: hello")
    assert "We are sorry.<br>" in letter.html
    assert "&lt;b&gt;on its way" in letter.html, "staff's words are no markup"
    _, second = reads.said_with(thread.customer_id)
    assert second.delivery
    assert (second.utterance.who, second.delivery.state) == ("mina@shop.example", "accepted")
    assert reads.count_waiting() == 0
    assert talking.get(thread.pk).taken_by == "mina@shop.example"

    reply(kit, "Thank you!", number=2)
    assert [one.utterance.by for one in reads.said_with(thread.customer_id)] == ["customer", "staff", "customer"]
    steps.close(thread.pk, "mina@shop.example", clock.now())
    steps.close(thread.pk, "mina@shop.example", clock.now())
    kit.run()
    assert reads.threads("open") == []
    clock.advance(DAY)
    reply(kit, "It came.", number=3)
    assert [one.pk for one in reads.threads("open")] == [thread.pk], "the same thread is opened anew"
    assert [len(told(f"Conversation {what}")) for what in ("Opened", "Replied", "Closed")] == [2, 1, 1]


def test_the_same_mail_read_twice_is_said_once(written: Kit) -> None:
    for _ in range(2):
        reply(written, "Hello?")
    assert Utterance.objects.count() == 1
    assert len(told("Message Received")) == 1


def test_a_person_who_speaks_of_returns_and_policies_has_not_bounced(written: Kit) -> None:
    """The words of servers are in a person's mouth too: whoever wrote it decides."""
    reply(written, "What is your return policy? My mailbox is full of spam.", subject="Re: delivery failed")
    assert Delivery.objects.get(campaign="c").state == "accepted"
    assert Utterance.objects.get().text.startswith("What is your return policy?")


def test_who_writes_from_another_address_is_heard(written: Kit) -> None:
    reply(written, "It is me, from work.", sender="ann@work.example")
    said = Utterance.objects.get()
    assert (said.customer_id, said.who) == (written.customer("ann"), "ann@work.example")


def test_an_answer_to_an_address_that_is_gone_is_not_sent_and_says_so(written: Kit, clock: SetClock) -> None:
    from dangol.deliver import steps as deliver

    reply(written, "Hello?")
    deliver.suppress("email", "ann@example.com", "*", "hard_bounce", clock.now())
    talking.answer(Conversation.objects.get().pk, "Hi", "mina", clock.now())
    written.run()
    delivery = reads.said_with(written.customer("ann"))[-1].delivery
    assert delivery
    assert (delivery.state, delivery.decision[-1]["rules"]) == ("cancelled", ["suppressed_hard_bounce"])


def test_comments_and_the_shops_form_stand_in_the_same_thread(written: Kit) -> None:
    written.track("ann", "Message Received", {"text": "Do you have it in red?", "channel": "form"})
    written.track("ann", "Survey Answered", {"survey": "csat", "score": 4, "answer": "Nice cup"})
    written.track("ann", "Survey Answered", {"survey": "csat", "score": 4})
    written.track("ann", "Message Received", {"text": "years ago"}, imported=True)
    written.run()
    thread = Conversation.objects.get()
    assert thread.channel == "email", "whoever wrote into a form is answered by e-mail"
    assert [one.utterance.channel for one in reads.said_with(thread.customer_id)] == ["form", "survey"]


def test_a_segment_holds_those_whose_conversation_is_open(written: Kit, clock: SetClock) -> None:
    rule = {"event": "Conversation Opened", "count": {"at_least": 1}, "within": "7d"}
    segments.save("talking", {"name": "Talking", "where": rule}, clock.now())
    reply(written, "Hello?")
    written.run()
    assert Fact.objects.filter(name="Segment Entered", customer_id=written.customer("ann")).exists()


def test_an_answer_says_something_to_somebody(written: Kit, clock: SetClock) -> None:
    reply(written, "Hello?")
    pk = Conversation.objects.get().pk
    for text in ("", "  \n ", "x" * 20_001):
        with pytest.raises(Invalid):
            talking.answer(pk, text, "mina", clock.now())
    for act in (lambda: talking.answer(99, "Hi", "mina", clock.now()), lambda: talking.get(99)):
        with pytest.raises(NotFound):
            act()


def test_one_takes_it_and_puts_it_back(written: Kit) -> None:
    reply(written, "Hello?")
    pk = Conversation.objects.get().pk
    assert talking.take(pk, "mina").taken_by == "mina"
    assert talking.take(pk, "jin").taken_by == "mina"
    assert talking.put_back(pk, "jin").taken_by == "mina"
    assert talking.put_back(pk, "mina").taken_by == ""


def test_conversations_follow_their_customers_and_are_forgotten_with_them(written: Kit, clock: SetClock) -> None:
    reply(written, "Hello?")
    written.track("a2", "Message Received", {"text": "And here?"})
    written.run()
    loop.join(written.customer("ann"), written.customer("a2"), clock.now())
    ann = written.customer("ann")
    assert [one.utterance.text for one in reads.said_with(ann)] == ["Hello?", "And here?"]
    forgetting.forget({ann})
    assert not Utterance.objects.exists()
    assert not Conversation.objects.exists()


def test_an_answer_to_a_text_message_is_answered_by_one(kit: Kit, clock: SetClock, settings: Any) -> None:
    settings.DANGOL = replace(settings.DANGOL, twilio_token="12345", base_url="https://crm.shop.example")
    text = {"channel": "sms", "class": "transactional", "templates": {"en": {"text": "Your cup left"}}}
    begin(clock, {"fact": "Seen"}, {"key": "left", "send": text})
    known(kit, "ann", phone="+821012345678")
    kit.track("ann", "Seen")
    kit.run()

    def call(said: str, number: str = "+821012345678", sid: str = "SM1", **more: str) -> None:
        form = [("From", number), ("Body", said), ("To", "+15005550006"), ("MessageSid", sid), *more.items()]
        proof = twilio.signature("12345", "https://crm.shop.example/hooks/twilio", form)
        body = urlencode(form).encode()
        answered = reports.receive("twilio", {"x-twilio-signature": proof}, body, "/hooks/twilio", clock.now())
        assert answered.status == 200
        kit.run()

    for _ in range(2):
        call("Which colour is it?")
    call("Who are you?", number="+821099999999", sid="SM2")
    call("HELP", sid="SM3", OptOutType="HELP")
    [thread] = reads.threads("open")
    assert (thread.channel, Utterance.objects.get().text) == ("sms", "Which colour is it?")
    talking.answer(thread.pk, "Green {{ not a template }}", "mina", clock.now())
    kit.run()
    answered = OutboxMessage.objects.latest("pk")
    assert (answered.channel, answered.to) == ("sms", "+821012345678")
    assert "Green {{ not a template }}" in answered.text
    call("STOP", sid="SM4")
    assert Utterance.objects.count() == 2, "a refusal is no word"
