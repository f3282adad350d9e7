"""Faults of systems that a campaign calls (33): one is broken for days, gone, elsewhere, silent, or endless."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.deliver import steps
from dangol.deliver.models import Delivery
from tests.deliver.post import customer, facts, run, send

pytestmark = pytest.mark.django_db
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
Replies = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class System:
    """Another system of the shop, on a real socket; `replies` writes what it answers with."""

    replies: Replies = lambda call: call.send_error(500)
    ids: list[str] = field(default_factory=list)
    sent: int = 0  # bytes of the last answer that went out

    def __post_init__(self) -> None:
        system = self

        class Call(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                system.ids.append(self.headers["webhook-id"])
                self.rfile.read(int(self.headers["content-length"]))
                with contextlib.suppress(OSError):
                    system.replies(self)

            def do_GET(self) -> None:
                raise AssertionError("nothing is followed")

            def log_message(self, *told: Any) -> None:
                """It keeps no log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Call)
        self._server.daemon_threads = True
        self.place = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def system(shop: Shop, clock: SetClock, settings: Any) -> Iterator[System]:
    found = System()
    settings.DANGOL = replace(settings.DANGOL, webhooks=True, private_hosts=found.place)
    customer(1, clock.now())
    yield found
    found.close()


def plan(system: System, clock: SetClock, campaign: str = "news", place: str = "") -> Delivery:
    message = {"url": f"http://{place or system.place}/hook", "type": "cart.reminder", "data": {}}
    given = {"channel": "webhook", "message_class": "transactional", "message": message}
    steps.plan([send(1, clock.now(), campaign=campaign, expires_at=clock.now() + 76 * HOUR, **given)], clock.now())
    return Delivery.objects.get(campaign=campaign)


def until(clock: SetClock, by: timedelta) -> list[timedelta]:
    """Let time pass from one attempt to the next; when each was made."""
    began = clock.now()
    made = []
    while (due := steps.next_due()) is not None and due <= began + by:
        clock.set(max(due, clock.now()))
        before = Delivery.objects.get().attempts
        run(clock)
        if Delivery.objects.get().attempts > before:
            made.append(clock.now() - began)
    return made


def test_33_a_server_that_is_broken_for_days_is_called_ever_more_rarely_and_given_up(
    system: System, clock: SetClock
) -> None:
    plan(system, clock)
    assert until(clock, timedelta(days=7)) == [
        0 * HOUR, 5 * SECOND, 5 * MINUTE + 5 * SECOND, 35 * MINUTE + 5 * SECOND,
        *(hours * HOUR + 35 * MINUTE + 5 * SECOND for hours in (2, 7, 17, 31, 51, 75)),
    ]  # fmt: skip
    assert Delivery.objects.get().state == "failed"
    assert len(system.ids) == 10 and len(set(system.ids)) == 1, "one id, so that it may be told twice and done once"


def test_33_a_server_that_comes_back_gets_the_call_once(system: System, clock: SetClock) -> None:
    plan(system, clock)
    until(clock, HOUR)
    system.replies = _yes
    until(clock, timedelta(days=7))
    assert (Delivery.objects.get().state, len(facts("Webhook Answered"))) == ("accepted", 1)


def test_33_one_that_is_gone_is_never_called_again(system: System, clock: SetClock) -> None:
    system.replies = lambda call: _answer(call, 410)
    plan(system, clock)
    run(clock)
    plan(system, clock, "b")
    run(clock)
    assert dict(Delivery.objects.values_list("campaign", "state")) == {"news": "bounced", "b": "cancelled"}
    assert len(system.ids) == 1


@pytest.mark.parametrize("elsewhere", ["http://169.254.169.254/latest", "http://127.0.0.1:1/x", "/again"])
def test_33_a_redirect_is_not_followed(system: System, clock: SetClock, elsewhere: str) -> None:
    system.replies = lambda call: _answer(call, 302, location=elsewhere)
    plan(system, clock)
    run(clock)
    assert (Delivery.objects.get().state, len(system.ids)) == ("failed", 1)


def test_33_one_that_never_answers_is_left_and_called_later(
    system: System, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty seconds in the product, a part of one here. Another system's call comes to no harm."""
    monkeypatch.setattr("dangol.deliver.channels.calls.SECONDS", 0.3)
    silent = threading.Event()
    system.replies = lambda call: silent.wait(60) and None
    plan(system, clock)
    run(clock)
    silent.set()
    assert (Delivery.objects.get().state, len(system.ids)) == ("deferred", 1)


def test_33_of_an_endless_answer_only_the_beginning_is_read(system: System, clock: SetClock) -> None:
    """A gigabyte, as it says; the status is what counts."""
    stopped = threading.Event()

    def endless(call: BaseHTTPRequestHandler) -> None:
        _answer(call, 200, length=1 << 30)
        try:
            while system.sent < 1 << 30:
                call.wfile.write(b"x" * 65_536)
                system.sent += 65_536
        finally:
            stopped.set()

    system.replies = endless
    plan(system, clock)
    run(clock)
    assert stopped.wait(60), "the connection is closed"
    assert (Delivery.objects.get().state, len(system.ids)) == ("accepted", 1)
    assert system.sent < 64 << 20, "no more than what lay in buffers"
    assert facts("Webhook Answered")[0]["properties"]["answer"] is None


def _yes(call: BaseHTTPRequestHandler) -> None:
    _answer(call, 200)


def _answer(call: BaseHTTPRequestHandler, status: int, length: int = 0, **headers: str) -> None:
    call.send_response(status)
    for name, value in ({"content-length": str(length)} | headers).items():
        call.send_header(name, value)
    call.end_headers()
