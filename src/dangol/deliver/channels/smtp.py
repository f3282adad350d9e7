"""One connection to a mail server: letters one after the other, and an honest answer to how each ended.

Where the server takes pipelined commands (RFC 2920), the end of one letter and the beginning of the next travel
together: one round trip for each letter. Up to the final dot a server has promised nothing; from there on silence
means that nobody knows.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from dangol.deliver import outcomes
from dangol.deliver.outcomes import Outcome, Stage

PATIENCE = 60.0  # seconds for any reply but the last: giving up early there costs a later attempt, never a second copy
LAST_PATIENCE = 600.0  # after the final dot: a server that is given up too soon may have taken the message
END = b".\r\n"
STAGES: tuple[Stage, ...] = ("mail", "rcpt", "data")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A letter as it goes over the wire."""

    head: bytes  # the commands that announce it, each with its CRLF
    data: bytes  # stuffed, up to but without the final dot

    @classmethod
    def of(cls, sender: str, to: str, data: bytes) -> Envelope:
        """Raises UnicodeEncodeError where an address is not ASCII."""
        head = f"MAIL FROM:<{sender}>\r\nRCPT TO:<{to}>\r\nDATA\r\n"
        return cls(head.encode("ascii"), stuffed(data))


@dataclass(frozen=True, slots=True)
class Server:
    """Where letters go, and how the connection there is secured."""

    host: str
    port: int
    implicit: bool  # TLS from the first byte
    starttls: bool  # refuse to send over a connection that is not encrypted
    user: str
    password: str
    context: ssl.SSLContext

    def connect(self) -> Connection:
        """Raises OSError, SMTPException, and ValueError for a name or password that cannot be sent."""
        client = self._client()
        try:
            client.ehlo_or_helo_if_needed()
            secured = self.implicit
            if not secured and self.starttls:
                client.starttls(context=self.context)  # raises where the server does not offer it
                client.ehlo()
                secured = True
            if self.user:
                if not secured:
                    raise smtplib.SMTPException("a password is never sent over a connection that is not encrypted")
                client.login(self.user, self.password)
        except BaseException:
            client.close()
            raise
        return Connection(client)

    def _client(self) -> smtplib.SMTP:
        if self.implicit:
            client: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=self.context)
        else:
            client = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        if client.sock is not None:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client


class Connection:
    """Takes letters until it breaks. Whatever breaks it, a fault of our own too, the stage says what that means."""

    def __init__(self, client: smtplib.SMTP) -> None:
        self._client = client
        self._pipelining = client.has_extn("pipelining")
        self.usable = True
        self.used = False  # whether a letter went over it already

    def alive(self) -> bool:
        """Whether the server still answers; it may end an idle connection."""
        with contextlib.suppress(Exception):
            self.usable = self.usable and self._client.noop()[0] == 250
            return self.usable
        self.usable = False
        return False

    def transact(self, envelopes: Iterator[Envelope]) -> Iterator[Outcome]:
        """One outcome for each letter, until there is none left or the connection cannot be used any more.

        A letter that an older connection did not even let begin has no outcome: it may begin on a new one.
        """
        announced = False
        try:
            current = next(envelopes, None)
            begun = self._begin(current) if current else None
            while current is not None:
                if begun is not None and not self.usable and self.used:
                    return
                following = next(envelopes, None) if begun is None and self._pipelining else None
                announced = following is not None
                outcome = begun or self._end(current, following)
                self.used = True
                yield outcome
                if not self.usable:
                    return
                current = following or next(envelopes, None)
                begun = self._answered() if following else self._begin(current) if current else None
                announced = begun is None and current is not None
        except BaseException:
            self.usable = self.usable and not announced  # what the server says next would be about that letter
            raise

    def _begin(self, envelope: Envelope) -> Outcome | None:
        """Announce a letter; None where its data may follow."""
        if not self._pipelining:
            return self._begin_slowly(envelope)
        try:
            self._client.send(envelope.head)
        except Exception as error:
            return self._broken("mail", error)
        return self._answered()

    def _answered(self) -> Outcome | None:
        """Read what the server says to the three commands that went together."""
        stage: Stage = "mail"
        refusal: Outcome | None = None
        try:
            for stage in STAGES:
                code, text = self._reply()
                if refusal is None and not _fine(stage, code):
                    refusal = self._refused(stage, code, text)
            if refusal is not None and code == 354:  # it wants data although it took nobody: an empty letter to nobody
                self._client.send(END)
                self._reply()
        except Exception as error:
            broken = self._broken(stage, error)
            return refusal or broken
        return self._reset(refusal)

    def _begin_slowly(self, envelope: Envelope) -> Outcome | None:
        stage: Stage = "mail"
        try:
            for stage, command in zip(STAGES, envelope.head.splitlines(), strict=True):
                self._client.send(command + b"\r\n")
                code, text = self._reply()
                if not _fine(stage, code):
                    return self._reset(self._refused(stage, code, text))
        except Exception as error:
            return self._broken(stage, error)
        return None

    def _end(self, envelope: Envelope, following: Envelope | None) -> Outcome:
        """The letter itself, and with its end the announcement of the next one."""
        try:
            self._client.send(envelope.data)
        except Exception as error:
            return self._broken("data", error)
        try:
            self._client.send(END + (following.head if following else b""))
            self._wait(LAST_PATIENCE)
            code, text = self._reply()
            self._wait(PATIENCE)
        except Exception as error:
            return self._broken("end", error)
        if 200 <= code < 300:
            return outcomes.accepted(f"{code} {text}")
        return self._refused("end", code, text)

    def _refused(self, stage: Stage, code: int, text: str) -> Outcome:
        if code <= 0:  # not a reply of the protocol at all
            self.usable = False
            return outcomes.unknown(text) if stage == "end" else outcomes.deferred(text)
        if code == 421:
            self.usable = False
        return outcomes.of_reply(stage, code, text)

    def _broken(self, stage: Stage, error: Exception) -> Outcome:
        self.usable = False
        told = f"{stage}: {outcomes.fault(error)[:300]}"
        return outcomes.unknown(told) if stage == "end" else outcomes.deferred(told)

    def _reset(self, refusal: Outcome | None) -> Outcome | None:
        """After a refusal the server must forget the letter; where it cannot, the next one opens a new connection."""
        if refusal is not None and self.usable:
            try:
                self.usable = self._client.rset()[0] == 250
            except Exception:
                self.usable = False
        return refusal

    def _reply(self) -> tuple[int, str]:
        code, reply = self._client.getreply()
        return code, reply.decode("utf-8", "replace").replace("\n", " ")

    def _wait(self, seconds: float) -> None:
        if self._client.sock is not None:
            self._client.sock.settimeout(seconds)

    def close(self) -> None:
        """End the connection, politely where the server still listens."""
        with contextlib.suppress(Exception):
            if self.usable:
                self._client.quit()
        self._client.close()


def _fine(stage: Stage, code: int) -> bool:
    return code == 354 if stage == "data" else code == 250 or (stage == "rcpt" and code == 251)


def stuffed(data: bytes) -> bytes:
    """The lines with CRLF ends and a second dot where one begins with a dot, up to but without the final dot."""
    if data.count(b"\n") != data.count(b"\r\n") or data.count(b"\r") != data.count(b"\n"):
        data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    if data.startswith(b"."):
        data = b"." + data
    data = data.replace(b"\r\n.", b"\r\n..")
    return data if data.endswith(b"\r\n") else data + b"\r\n"
