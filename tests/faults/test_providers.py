"""Faults of those who carry texts: an answer that is lost (31), calls that repeat, overtake each other or lie (32)."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from dangol.base.clock import SetClock
from dangol.base.fetch import Answer, Unreachable
from dangol.base.models import Shop
from dangol.deliver import channels, marks, reports, steps
from dangol.deliver.channels import Channel
from dangol.deliver.hearing.twilio import signature
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery, Returned
from dangol.deliver.outcomes import Outcome
from dangol.profile.models import Consent
from tests.deliver.contract.providers import DIALECTS, SETTINGS, SOLAPI_YES, Dialect, answer
from tests.deliver.post import customer, facts, run, send

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Carrier:
    """The other side of the network: takes messages, and may lose its answers or keep its list to itself."""

    clock: SetClock
    loses: bool = True  # the answer, after the message was taken
    takes: bool = True
    lists: bool = True
    before: Callable[[bytes], None] = lambda content: None  # what happens between the message and the answer
    sent: list[bytes] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"",
        seconds: float = 20.0,
    ) -> Answer:  # fmt: skip
        if method == "GET":
            return self._listed(url) if self.lists else answer(500)
        self.sent.append(content)
        if self.takes:
            self.held.append(self._kept(content))
        self.before(content)
        if self.loses:
            raise Unreachable("timed out")
        return SOLAPI_YES if "solapi" in url else answer(201, {"sid": "SM1", "status": "queued"})

    def _kept(self, content: bytes) -> dict[str, Any]:
        if content.startswith(b"{"):
            told = json.loads(content)["messages"][0]
            return told | {"messageId": f"M{len(self.sent)}", "statusCode": "3000"}
        form = dict(parse_qsl(content.decode()))
        return {
            "sid": f"SM{len(self.sent)}", "to": form["To"], "body": form["Body"], "status": "sent",
            "direction": "outbound-api", "error_code": None, "date_created": format_datetime(self.clock.now()),
        }  # fmt: skip

    def _listed(self, url: str) -> Answer:
        asked = dict(parse_qsl(urlsplit(url).query))
        to = asked.get("to") or asked["To"]
        found = [one for one in self.held if one["to"] == to]
        return answer(
            200, {"messageList": {one["messageId"]: one for one in found}} if "to" in asked else {"messages": found}
        )


@dataclass
class Alone:
    """A channel one message at a time, in the test's own thread: what happens meanwhile may touch tables."""

    inner: Channel
    local = False

    def hand_over(self, delivery: Delivery, message: Message) -> Outcome:
        return self.inner.hand_over(delivery, message)

    def close(self) -> None:
        self.inner.close()


@dataclass
class Bench:
    clock: SetClock
    dialect: Dialect
    carrier: Carrier

    def plan(self, message_class: str, campaign: str = "news") -> Delivery:
        now = self.clock.now()
        given = {"channel": self.dialect.channel, "message": self.dialect.message, "message_class": message_class}
        steps.plan([send(1, now, campaign=campaign, **given)], now)
        return Delivery.objects.get(campaign=campaign)

    def later(self, by: timedelta, step: timedelta = MINUTE) -> None:
        end = self.clock.now() + by
        while self.clock.now() < end:
            self.clock.advance(step)
            run(self.clock)

    def hear(self, kind: str, content: bytes = b"") -> int:
        assert self.dialect.reports
        headers, body, path = self.dialect.reports(kind, content or self.carrier.sent[0])
        return reports.receive(self.dialect.provider, headers, body, path, self.clock.now()).status


@pytest.fixture
def bench(
    request: pytest.FixtureRequest, shop: Shop, clock: SetClock, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Bench:
    dialect = DIALECTS[request.param]
    settings.DANGOL = replace(settings.DANGOL, **SETTINGS)
    carrier = Carrier(clock)
    monkeypatch.setitem(channels.CHANNELS, dialect.channel, lambda config: Alone(dialect.opens(config, carrier)))  # type: ignore[arg-type]
    customer(1, clock.now(), phone="+821012345678", name="Minji")
    Consent.objects.create(
        customer_id=1, channel=dialect.channel, purpose="marketing", state="granted", at=clock.now() - 9 * DAY,
        position=9, source="site",
    )  # fmt: skip
    return Bench(clock, dialect, carrier)


every = pytest.mark.parametrize("bench", ["solapi-sms", "twilio-sms"], indirect=True)
CLASSES = pytest.mark.parametrize("message_class", ["marketing", "transactional"])


def only() -> Delivery:
    return Delivery.objects.get()


# --- 31: an answer that is lost ---------------------------------------------------------------------------------------


@every
@CLASSES
def test_31_a_text_whose_answer_is_lost_is_looked_up_and_goes_once(bench: Bench, message_class: str) -> None:
    bench.plan(message_class)
    run(bench.clock)
    row = only()
    assert (row.state, row.reference[-1:], len(bench.carrier.sent)) == ("accepted", "1", 1), row.outcome
    bench.later(HOUR, 5 * MINUTE)
    assert len(bench.carrier.sent) == 1
    assert len(facts("Message Sent")) == 1


@every
def test_31_one_that_comes_to_light_late_does_not_go_again(bench: Bench) -> None:
    bench.carrier.lists = False
    bench.plan("transactional")
    run(bench.clock)
    assert (only().state, only().unconfirmed) == ("planned", 1)
    bench.later(10 * MINUTE)
    assert (only().state, len(bench.carrier.sent)) == ("deferred", 1), "nobody could be asked, so nothing goes"
    bench.carrier.lists = True
    bench.later(HOUR)
    assert (only().state, len(bench.carrier.sent)) == ("accepted", 1)


@every
@CLASSES
def test_31_one_that_never_came_goes_again_where_a_missed_one_is_worse(bench: Bench, message_class: str) -> None:
    bench.carrier.takes = False
    bench.plan(message_class)
    run(bench.clock)
    bench.carrier.takes, bench.carrier.loses = True, False
    bench.later(HOUR)
    assert (only().state, len(bench.carrier.sent)) == (
        ("accepted", 2) if message_class == "transactional" else ("unknown", 1)
    )


@every
def test_31_the_same_words_in_an_earlier_message_are_not_taken_for_this_one(bench: Bench) -> None:
    bench.carrier.loses = False
    bench.plan("transactional", "before")
    run(bench.clock)
    bench.clock.advance(DAY)
    bench.carrier.takes, bench.carrier.loses = False, True
    bench.plan("transactional")
    run(bench.clock)
    assert Delivery.objects.get(campaign="news").state == "planned"


@every
@CLASSES
def test_31_a_report_that_is_quicker_than_the_answer_makes_it_known(bench: Bench, message_class: str) -> None:
    bench.carrier.lists = False
    bench.carrier.before = lambda content: bench.hear("delivered", content) and None
    bench.plan(message_class)
    run(bench.clock)
    bench.later(HOUR)
    assert (only().state, len(bench.carrier.sent)) == ("accepted", 1)
    assert (len(facts("Message Sent")), len(facts("Message Delivered"))) == (1, 1)


@every
def test_31_a_failure_that_is_quicker_than_the_answer_stands(bench: Bench) -> None:
    bench.carrier.loses = False
    bench.carrier.before = lambda content: bench.hear("bounced", content) and None
    bench.plan("transactional")
    run(bench.clock)
    assert (only().state, only().lease) == ("bounced", "")
    assert (len(facts("Message Sent")), len(facts("Message Bounced"))) == (1, 1)


@every
def test_31_what_was_taken_and_failed_is_known_as_failed(bench: Bench) -> None:
    def fails(content: bytes) -> None:
        bench.carrier.held[-1] |= {"statusCode": "3104", "status": "undelivered", "error_code": 30003}

    bench.carrier.before = fails
    bench.plan("transactional")
    run(bench.clock)
    assert only().state == ("failed" if bench.dialect.provider == "solapi" else "bounced")


# --- 32: calls that repeat, overtake each other or lie ----------------------------------------------------------------


@every
def test_32_reports_in_any_order_and_number_come_to_the_same(bench: Bench, seed: int) -> None:
    """A failure stands, whatever comes before or after it; each is told once."""
    bench.carrier.loses = False
    ends = set()
    for number, order in enumerate(itertools.permutations(["delivered", "bounced", "delivered", "bounced"], 4)):
        row = bench.plan("transactional", f"c{number}")
        run(bench.clock)
        told = [*order, random.Random(seed * 100 + number).choice(order)]
        assert {bench.hear(kind, bench.carrier.sent[-1]) for kind in told} == {200}
        row.refresh_from_db()
        ends.add(row.state)
    assert ends == {"bounced"}
    assert len(facts("Message Bounced")) == Delivery.objects.count()
    assert len(facts("Message Sent")) == Delivery.objects.count()


@every
def test_32_a_report_of_nothing_of_ours_is_taken_and_changes_nothing(bench: Bench, settings: Any) -> None:
    bench.carrier.loses = False
    bench.plan("transactional")
    run(bench.clock)
    secret = settings.DANGOL.secret
    for mark in ("", "x", f"{only().pk}.forged", marks.mark(secret, 4711), marks.mark(b"another" * 8, only().pk)):
        assert _call(bench, mark) == 200
    assert (only().state, Returned.objects.count(), facts("Message Bounced")) == ("accepted", 0, [])


@every
def test_32_a_call_with_a_bad_signature_is_turned_away(bench: Bench) -> None:
    bench.carrier.loses = False
    bench.plan("transactional")
    run(bench.clock)
    assert bench.dialect.reports
    headers, body, path = bench.dialect.reports("bounced", bench.carrier.sent[0])
    for forged in ({}, dict.fromkeys(headers, "0" * 40), dict.fromkeys(headers, "é")):
        assert reports.receive(bench.dialect.provider, forged, body, path, bench.clock.now()).status == 401
    assert (only().state, Returned.objects.count()) == ("accepted", 0)


def _call(bench: Bench, mark: str) -> int:
    """A genuine call of a failed message with this mark."""
    assert bench.dialect.reports
    if bench.dialect.provider == "solapi":
        headers, body, path = bench.dialect.reports("bounced", bench.carrier.sent[0])
        events = json.loads(body)
        events[0]["data"]["customFields"] = {"dangol": mark}
        return reports.receive("solapi", headers, json.dumps(events).encode(), path, bench.clock.now()).status
    path = f"/hooks/twilio?{urlencode({'d': mark})}"
    form = [("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30003")]
    proof = {"x-twilio-signature": signature("12345", f"https://crm.shop.example{path}", form)}
    return reports.receive("twilio", proof, urlencode(form).encode(), path, bench.clock.now()).status
