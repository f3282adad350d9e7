"""SMTP against a real server on loopback that does what servers do: accept, put off, refuse, and fall silent."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from dangol.base.clock import SetClock
from dangol.base.errors import Misconfigured
from dangol.base.models import Shop
from dangol.deliver import channels, steps
from dangol.deliver.channels import smtp
from dangol.deliver.channels.email import Smtp
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome
from tests.deliver.post import customer, facts, run, send
from tests.deliver.test_headers import letter

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning:aiosmtpd")
LETTER = letter(text="first\n.\nlast\n")
NOBODY = Delivery(pk=1)


@dataclass
class Server:
    """What the other side does, and what it got."""

    mail: str = ""
    rcpt: str = ""
    data: str = "250 OK queued"
    drop: str = ""  # the stage at which the connection is cut
    got: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    connections: int = 0

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self._cut("mail", server)
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self._cut("rcpt", server)
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(envelope.content)
        self.to += envelope.rcpt_tos
        self._cut("end", server)
        if self.drop == "silence":
            await asyncio.sleep(5)
        return self.data

    def _cut(self, stage: str, server: Any) -> None:
        if self.drop == stage:
            server.transport.abort()


Start = Callable[..., tuple[Server, int]]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Controller] = []

    def begin(tls: ssl.SSLContext | None = None, **does: Any) -> tuple[Server, int]:
        server, port = Server(**does), free_port()
        controller = Controller(
            server, hostname="127.0.0.1", port=port, tls_context=tls, auth_require_tls=False, enable_SMTPUTF8=False
        )
        controller.start()
        running.append(controller)
        return server, port

    yield begin
    for controller in running:
        controller.stop()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def hand_over(port: int, starttls: bool = False, url: str = "smtp://127.0.0.1", **more: Any) -> Outcome:
    channel = Smtp(f"{url}:{port}", starttls=starttls, **more)
    try:
        return channel.hand_over(NOBODY, LETTER)
    finally:
        channel.close()


def test_an_accepted_letter_arrives_byte_for_byte(start: Start) -> None:
    server, port = start()
    outcome = hand_over(port)
    assert (outcome.state, outcome.answer) == ("accepted", "250 OK queued")
    assert server.to == ["minji@example.com"]
    assert server.got == [LETTER.as_bytes()]
    message = email.message_from_bytes(server.got[0], policy=email.policy.default)
    assert next(message.iter_parts()).get_content() == "first\r\n.\r\nlast\r\n"


def test_dots_at_the_beginning_of_lines_survive(start: Start) -> None:
    server, port = start()
    channel = Smtp(f"smtp://127.0.0.1:{port}", starttls=False)
    dotted = replace(LETTER, text=".\n..\n.x\n" * 50)
    assert channel.hand_over(NOBODY, dotted).state == "accepted"
    channel.close()
    assert server.got == [dotted.as_bytes()]


@pytest.mark.parametrize(
    ("does", "state", "kind", "arrived"),
    [
        ({"mail": "451 4.3.0 later"}, "deferred", "", 0),
        ({"mail": "550 5.7.1 not you"}, "failed", "", 0),
        ({"rcpt": "451 4.7.1 greylisted"}, "deferred", "", 0),
        ({"rcpt": "421 4.3.2 closing"}, "deferred", "", 0),
        ({"rcpt": "550 5.1.1 user unknown"}, "bounced", "hard", 0),
        ({"rcpt": "552 5.2.2 mailbox full"}, "bounced", "soft", 0),
        ({"rcpt": "550 5.7.1 policy"}, "bounced", "soft", 0),
        ({"data": "451 4.3.0 later"}, "deferred", "", 1),
        ({"data": "554 5.7.1 spam"}, "bounced", "soft", 1),
        ({"drop": "mail"}, "deferred", "", 0),
        ({"drop": "rcpt"}, "deferred", "", 0),
        ({"drop": "end"}, "unknown", "", 1),
    ],
)
def test_outcomes(start: Start, does: dict[str, str], state: str, kind: str, arrived: int) -> None:
    server, port = start(**does)
    outcome = hand_over(port)
    assert (outcome.state, outcome.kind, len(server.got)) == (state, kind, arrived)


def test_silence_after_the_final_dot_leaves_the_end_unknown(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dangol.deliver.channels.smtp.LAST_PATIENCE", 0.2)
    server, port = start(drop="silence")
    outcome = hand_over(port)
    assert outcome.state == "unknown"
    assert len(server.got) == 1, "the server had it: a second attempt would be a second copy"


def test_no_server_puts_it_off() -> None:
    assert hand_over(free_port()).state == "deferred"


def test_one_connection_serves_many_letters_and_a_lost_one_is_replaced(start: Start) -> None:
    server, port = start()
    channel = Smtp(f"smtp://127.0.0.1:{port}", starttls=False)
    for _ in range(3):
        assert channel.hand_over(NOBODY, LETTER).state == "accepted"
    assert server.connections == 1
    (connection,) = channel._idle
    assert connection._client.sock
    connection._client.sock.shutdown(socket.SHUT_RDWR)
    assert channel.hand_over(NOBODY, LETTER).state == "accepted"
    assert (server.connections, len(server.got)) == (2, 4)
    channel.close()


def test_a_refused_letter_does_not_spoil_the_next(start: Start) -> None:
    server, port = start(rcpt="550 5.1.1 unknown")
    channel = Smtp(f"smtp://127.0.0.1:{port}", starttls=False)
    assert channel.hand_over(NOBODY, LETTER).state == "bounced"
    server.rcpt = ""
    assert channel.hand_over(NOBODY, LETTER).state == "accepted"
    channel.close()
    assert server.to == ["minji@example.com"]


def test_a_letter_that_cannot_be_written_fails_alone(start: Start) -> None:
    server, port = start()
    channel = Smtp(f"smtp://127.0.0.1:{port}", starttls=False)
    letters = [LETTER, replace(LETTER, to="minj\N{LATIN SMALL LETTER I WITH DIAERESIS}@example.com"), LETTER]
    ended = [outcome.state for outcome in channel.hand_over_many([(NOBODY, letter) for letter in letters])]
    channel.close()
    assert ended == ["accepted", "failed", "accepted"]
    assert (len(server.got), server.connections) == (2, 1)


def test_a_fault_of_ours_on_the_way_to_the_server_puts_all_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(server: smtp.Server) -> smtp.Connection:
        raise ValueError("a password that ASCII does not have")

    monkeypatch.setattr(smtp.Server, "connect", broken)
    channel = Smtp("smtp://127.0.0.1:25", starttls=False)
    ended = list(channel.hand_over_many([(NOBODY, LETTER)] * 2))
    assert [(outcome.state, outcome.closed) for outcome in ended] == [("deferred", True)] * 2


# --- encryption -----------------------------------------------------------------------------------------------------


def test_starttls_secures_the_connection(start: Start, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, port = start(tls=contexts[0])
    assert hand_over(port, starttls=True, context=contexts[1]).state == "accepted"
    assert len(server.got) == 1


def test_a_server_without_starttls_gets_nothing(start: Start) -> None:
    server, port = start()
    assert hand_over(port, starttls=True).state == "deferred"
    assert not server.got


def test_a_certificate_nobody_vouches_for_gets_nothing(
    start: Start, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, port = start(tls=contexts[0])
    outcome = hand_over(port, starttls=True)
    assert outcome.state == "deferred"
    assert "CERTIFICATE" in outcome.answer.upper()
    assert not server.got


def test_a_password_is_never_sent_in_the_clear(start: Start) -> None:
    server, port = start()
    outcome = hand_over(port, url="smtp://user:secret@127.0.0.1")
    assert outcome.state == "deferred"
    assert "secret" not in outcome.answer
    assert not server.got


@pytest.mark.parametrize("url", ["http://x", "smtp://", "mail.example.com:25", "smtp:"])
def test_a_wrong_address_of_the_server_is_refused_by_name(url: str) -> None:
    with pytest.raises(Misconfigured, match="smtp_url"):
        Smtp(url, starttls=True)


# --- the whole way --------------------------------------------------------------------------------------------------


@pytest.fixture
def posted(start: Start, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Server]:
    """Deliveries leave for a server that does as told."""

    def begin(**does: Any) -> Server:
        server, port = start(**does)
        monkeypatch.setitem(
            channels.CHANNELS, "email", lambda settings: Smtp(f"smtp://127.0.0.1:{port}", starttls=False)
        )
        return server

    return begin


@pytest.mark.django_db
def test_greylisting_is_a_delay_and_no_bounce(shop: Shop, clock: SetClock, posted: Callable[..., Server]) -> None:
    server = posted(rcpt="451 4.7.1 greylisted")
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    run(clock)
    assert Delivery.objects.get().state == "deferred"
    server.rcpt = ""
    clock.advance(timedelta(minutes=4, seconds=59))
    run(clock)
    assert not server.got
    clock.advance(timedelta(seconds=1))
    run(clock)
    assert (Delivery.objects.get().state, len(server.got)) == ("accepted", 1)
    assert [fact["event"] for fact in facts()] == ["Message Sent"]


@pytest.mark.django_db
def test_a_lost_acknowledgement_makes_no_second_copy(
    shop: Shop, clock: SetClock, posted: Callable[..., Server]
) -> None:
    server = posted(drop="end")
    customer(1, clock.now())
    steps.plan([send(1, clock.now())], clock.now())
    for _ in range(10):
        run(clock)
        clock.advance(timedelta(hours=5))
    assert (Delivery.objects.get().state, len(server.got)) == ("unknown", 1)


@pytest.mark.django_db
def test_a_customers_name_cannot_address_anybody_else(
    shop: Shop, clock: SetClock, posted: Callable[..., Server]
) -> None:
    server = posted()
    evil = "x\r\nBcc: evil@example.com\r\n\r\n=?utf-8?q?x=0ABcc=3A_evil=40example.com?="
    customer(1, clock.now(), traits={"firstName": evil}, name=evil)
    message = {"templates": {"en": {"subject": "{{ customer.first_name }}", "html": "<p>{{ customer.name }}</p>"}}}
    steps.plan([send(1, clock.now(), message=message)], clock.now())
    run(clock)
    assert server.to == ["c1@example.com"]
    parsed = email.message_from_bytes(server.got[0], policy=email.policy.default)
    assert "Bcc" not in parsed
    assert parsed["To"] == "<c1@example.com>" or parsed["To"] == "c1@example.com"
    assert str(parsed["Subject"]).startswith("(광고) x Bcc: evil@example.com")
