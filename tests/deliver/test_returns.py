"""What comes back is booked once, on the delivery whose mark it bears, and only then."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from dangol.base.clock import SetClock
from dangol.base.errors import Misconfigured
from dangol.base.models import Shop
from dangol.base.settings import Settings
from dangol.deliver import box, handover, marks, outcomes, returns, steps
from dangol.deliver.models import Box, Delivery, Early, Suppression
from dangol.deliver.returned import Report
from tests.deliver.imap import ImapBox
from tests.deliver.post import Recorder, customer, facts, run, send
from tests.deliver.test_returned import DSN

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
GONE = {"said": "smtp; 550 5.1.1 user unknown", "status": "5.1.1", "action": "failed", "words": "Sorry."}
FULL = {"said": "smtp; 552 5.2.2 mailbox full", "status": "5.2.2", "action": "failed", "words": "Sorry."}
POLICY = {"said": "smtp; 554 5.7.1 spam", "status": "5.7.1", "action": "failed", "words": "Sorry."}
COMPLAINT = """\
From: feedback@provider.example
Subject: complaint
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1

--b
Content-Type: message/rfc822

From: shop@shop.example
Message-ID: <{message_id}>

--b--
"""


@pytest.fixture(autouse=True)
def _shop(shop: Shop) -> None:
    """Every test has a shop in Seoul; the clock stands at noon."""


def sent(clock: SetClock, wire: Recorder, who: int = 1, campaign: str = "news") -> Delivery:
    if not facts("Message Sent"):
        customer(who, clock.now())
    steps.plan([send(who, clock.now(), campaign=campaign)], clock.now())
    run(clock)
    return Delivery.objects.get(campaign=campaign)


def return_path(delivery: Delivery) -> str:
    made = marks.return_path(replace(settings.DANGOL, bounce_address="bounces@shop.example"))
    assert made
    return made(delivery.pk)


def failure(delivery: Delivery, kind: dict[str, str], to: str = "") -> bytes:
    return f"Delivered-To: {to or return_path(delivery)}\n{DSN.format(**kind)}".encode()


def test_an_address_that_is_gone_is_not_written_to_again(clock: SetClock, wire: Recorder) -> None:
    delivery = sent(clock, wire)
    assert returns.take(failure(delivery, GONE), clock.now()) == ["bounced"]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome[:5]) == ("bounced", "5.1.1")
    told = facts("Email Bounced")[0]["properties"]
    assert (told["kind"], told["reason"], told["campaign"]) == ("hard", "address", "news")
    clock.advance(2 * DAY)
    steps.plan([send(1, clock.now(), campaign="next", message_class="transactional")], clock.now())
    assert Delivery.objects.get(campaign="next").decision[-1]["rules"] == ["suppressed_hard_bounce"]


def test_the_same_report_twice_is_booked_once(clock: SetClock, wire: Recorder) -> None:
    delivery = sent(clock, wire)
    mail = failure(delivery, FULL)
    assert returns.take(mail, clock.now()) == ["bounced"]
    assert returns.take(mail, clock.now() + DAY) == []
    assert len(facts("Email Bounced")) == 1


def test_a_forged_or_foreign_report_changes_nothing(clock: SetClock, wire: Recorder) -> None:
    delivery = sent(clock, wire)
    mark = return_path(delivery)
    other = "a" if mark[9] != "a" else "b"
    for to in (f"{mark[:9]}{other}{mark[10:]}", "bounces@shop.example", f"bounces+{delivery.pk}@shop.example"):
        assert returns.take(failure(delivery, GONE, to), clock.now()) == []
    assert not Suppression.objects.exists()


def test_servers_that_fold_the_mark_to_capitals_are_understood(clock: SetClock, wire: Recorder) -> None:
    delivery = sent(clock, wire)
    assert returns.take(failure(delivery, GONE, return_path(delivery).upper()), clock.now()) == ["bounced"]


def test_failures_that_may_pass_give_a_rest_after_three_over_three_days(clock: SetClock, wire: Recorder) -> None:
    for number in range(3):
        delivery = sent(clock, wire, campaign=f"c{number}")
        assert not Suppression.objects.exists()
        returns.take(failure(delivery, FULL), clock.now())
        clock.advance(2 * DAY)
    row = Suppression.objects.get()
    assert row.reason == "soft_bounce"
    assert row.expires_at is not None
    steps.plan([send(1, clock.now(), campaign="soon")], clock.now())
    assert Delivery.objects.get(campaign="soon").decision[-1]["rules"] == ["suppressed_soft_bounce"]
    clock.advance(15 * DAY)
    assert sent(clock, wire, campaign="later").state == "accepted"


def test_three_failures_within_a_day_or_about_us_give_none(clock: SetClock, wire: Recorder) -> None:
    for number, kind in enumerate((FULL, POLICY, POLICY, FULL)):
        delivery = sent(clock, wire, campaign=f"c{number}")
        returns.take(failure(delivery, kind), clock.now())
        clock.advance(DAY)
    assert not Suppression.objects.exists()


def test_a_complaint_withdraws_the_consent_for_good(clock: SetClock, wire: Recorder) -> None:
    delivery = sent(clock, wire)
    message_id = wire.arrived[0][3]
    assert returns.take(COMPLAINT.format(message_id=message_id).encode(), clock.now()) == ["complained"]
    assert facts("Consent Changed")[0]["properties"]["state"] == "withdrawn"
    assert len(facts("Email Marked as Spam")) == 1
    assert delivery.state == "accepted"
    clock.advance(400 * DAY)
    steps.plan([send(1, clock.now(), campaign="next")], clock.now())
    assert "suppressed_complaint" in Delivery.objects.get(campaign="next").decision[-1]["rules"]


@pytest.mark.parametrize("address", ["nobody", "a" * 21 + "@shop.example", "a b@shop.example"])
def test_a_bounce_address_that_cannot_be_one_is_refused(address: str) -> None:
    with pytest.raises(Misconfigured, match="bounce_address"):
        marks.return_path(Settings(bounce_address=address))


# --- the box ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mailbox(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[ImapBox]:
    server = ImapBox(contexts[0])
    yield server
    server.close()


def place(mailbox: ImapBox, password: str = "secret") -> box.Place:
    return box.Place.of(f"imaps://shop:{password}@127.0.0.1:{mailbox.port}/INBOX")


def test_a_box_is_read_from_where_it_was_left_and_left_as_it_was(
    mailbox: ImapBox, contexts: tuple[ssl.SSLContext, ssl.SSLContext], clock: SetClock, wire: Recorder
) -> None:
    first = sent(clock, wire, campaign="a")
    mailbox.put(b"Subject: from before\n\nHello")
    assert box.look(place(mailbox), clock.now(), contexts[1]) == 0
    mailbox.put(b"Subject: a person's letter\n\nHello")
    mailbox.put(failure(first, GONE))
    assert box.look(place(mailbox), clock.now(), contexts[1]) == 1
    assert Delivery.objects.get(campaign="a").state == "bounced"
    assert box.look(place(mailbox), clock.now(), contexts[1]) == 0
    fetched = [command for command in mailbox.commands if "BODY" in command]
    assert len(fetched) == 2, "each message is fetched once, those from before not at all"
    assert all("PEEK" in command for command in fetched)
    assert not any(
        command.upper().startswith(("SELECT", "UID STORE", "STORE", "EXPUNGE")) for command in mailbox.commands
    )
    assert Box.objects.get().last_uid == 3


def test_a_box_that_is_numbered_anew_is_begun_anew(
    mailbox: ImapBox, contexts: tuple[ssl.SSLContext, ssl.SSLContext], clock: SetClock
) -> None:
    mailbox.messages = {40: b"x", 41: b"y"}
    box.look(place(mailbox), clock.now(), contexts[1])
    mailbox.validity, mailbox.messages = 8, {1: b"x"}
    box.look(place(mailbox), clock.now(), contexts[1])
    assert (Box.objects.get().validity, Box.objects.get().last_uid) == (8, 1)


def test_a_wrong_password_and_a_strange_certificate_stop_at_the_door(
    mailbox: ImapBox, contexts: tuple[ssl.SSLContext, ssl.SSLContext], clock: SetClock
) -> None:
    with pytest.raises(box.TROUBLE, match="password"):
        box.look(place(mailbox, "wrong"), clock.now(), contexts[1])
    with pytest.raises(ssl.SSLError):
        box.look(place(mailbox), clock.now())
    assert not any("secret" in command for command in mailbox.commands)


@pytest.mark.parametrize("url", ["http://a:b@c/", "imaps://host/INBOX", "imaps://user@host"])
def test_an_address_that_is_no_box_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="imap_url"):
        box.Place.of(url)


def test_a_letter_leaves_with_our_mark_and_our_signature(tmp_path: Path) -> None:
    from dangol.deliver import channels, dkim

    dkim.make_key(tmp_path)
    shop = Settings(
        data=str(tmp_path), smtp_url="smtp://127.0.0.1:1", dkim_selector="dangol", bounce_address="b@shop.example"
    )
    channel = channels.open_channel("email", shop)
    assert channel._signer is not None
    assert marks.delivery_of(shop.secret, [channel._return_path(7)]) == 7


# --- reports that overtake us ---------------------------------------------------------------------------------------


OUTCOMES = {
    "accepted": outcomes.accepted("250 ok", reference="M1"),
    "unknown": outcomes.unknown("the answer was lost"),
    "deferred": outcomes.deferred("503 busy"),
}


@pytest.mark.parametrize("message_class", ["marketing", "transactional"])
@pytest.mark.parametrize("ended", sorted(OUTCOMES))
@pytest.mark.parametrize(
    ("report", "state", "told"),
    [
        (Report("delivered", said="ok"), "accepted", "Email Delivered"),
        (Report("bounced", status="5.1.1", hard=True, reason="address"), "bounced", "Email Bounced"),
        (Report("complained"), "accepted", "Email Marked as Spam"),
    ],
)
def test_a_report_that_comes_before_our_own_outcome_is_booked_once_that_is_there(
    clock: SetClock, wire: Recorder, report: Report, state: str, told: str, ended: str, message_class: str
) -> None:
    def reported_while_under_way(delivery: Delivery, letter: object) -> outcomes.Outcome:
        for _ in range(2):
            assert returns.book(delivery.pk, [report], clock.now()) == []
        return OUTCOMES[ended]

    wire.answer = reported_while_under_way
    customer(1, clock.now())
    steps.plan([send(1, clock.now(), message_class=message_class)], clock.now())
    for _ in range(10):
        run(clock)
        clock.advance(timedelta(hours=1))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.reference) == (state, 1, "M1" if ended == "accepted" else "")
    assert [len(facts(name)) for name in ("Message Sent", told)] == [1, 1]
    assert not Early.objects.exists()


def test_a_report_on_a_message_whose_worker_died_makes_its_end_known(clock: SetClock, wire: Recorder) -> None:
    customer(1, clock.now())
    steps.plan([send(1, clock.now(), message_class="transactional")], clock.now())
    Delivery.objects.update(
        state="attempting", lease="dead", attempts=1, attempted_at=clock.now(), address="c1@example.com",
        leased_until=clock.now() + timedelta(minutes=15),
    )  # fmt: skip
    returns.book(Delivery.objects.get().pk, [Report("delivered")], clock.now())
    clock.advance(timedelta(minutes=20))
    steps.recover(clock.now())
    run(clock)
    assert (Delivery.objects.get().state, wire.arrived) == ("accepted", [])
    assert len(facts("Email Delivered")) == 1


def test_a_report_between_two_attempts_spares_the_second(
    clock: SetClock, wire: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.answer = lambda delivery, letter: outcomes.unknown("the answer was lost")
    customer(1, clock.now())
    steps.plan([send(1, clock.now(), message_class="transactional")], clock.now())
    run(clock)
    whole = handover._render

    def heard_while_rendering(passed: list[Delivery], *given: object) -> list[handover.Ready]:
        returns.book(passed[0].pk, [Report("delivered")], clock.now())
        return whole(passed, *given)

    monkeypatch.setattr(handover, "_render", heard_while_rendering)
    clock.advance(timedelta(hours=1))
    run(clock)
    assert (Delivery.objects.get().state, len(wire.arrived)) == ("accepted", 1)
