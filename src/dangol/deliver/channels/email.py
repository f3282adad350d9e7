"""E-mail over SMTP: one recipient a transaction, and an honest answer to how each ended."""

from __future__ import annotations

import contextlib
import logging
import re
import smtplib
import ssl
from urllib.parse import unquote, urlsplit

from dangol.base.errors import Misconfigured
from dangol.deliver import outcomes
from dangol.deliver.letter import Letter
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome, Stage

log = logging.getLogger("dangol.deliver.email")

PATIENCE = 60.0  # seconds for any reply but the last: giving up early there costs a later attempt, never a second copy
LAST_PATIENCE = 600.0  # after the final dot: a server that is given up too soon may have taken the message
DEFAULT_PORTS = {"smtp": 587, "smtps": 465}


class Smtp:
    """One connection to the shop's mail server, opened when the first letter comes and used for all that follow."""

    local = False

    def __init__(self, url: str, *, starttls: bool, context: ssl.SSLContext | None = None) -> None:
        place = urlsplit(url)
        if place.scheme not in DEFAULT_PORTS or not place.hostname:
            raise Misconfigured(
                "setting smtp_url: allowed is smtp://user:password@host:587 or smtps://user:password@host"
            )
        self._implicit = place.scheme == "smtps"
        self._host, self._port = place.hostname, place.port or DEFAULT_PORTS[place.scheme]
        self._user, self._password = unquote(place.username or ""), unquote(place.password or "")
        self._starttls = starttls
        self._context = context or ssl.create_default_context()
        self._client: smtplib.SMTP | None = None

    def hand_over(self, delivery: Delivery, letter: Letter) -> Outcome:
        data = letter.as_bytes()
        try:
            client = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            log.warning("the mail server cannot be used: %s", error)
            return outcomes.deferred(f"connect: {_told(error)}")
        outcome = self._transact(client, letter.sender, letter.to, data)
        if outcome.state in {"deferred", "unknown"}:
            client.close()  # what comes next on this connection could be an answer to the last
            self._client = None
        return outcome

    def _connected(self) -> smtplib.SMTP:
        if self._client is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):  # the server may end an idle connection
                if self._client.noop()[0] == 250:
                    return self._client
            self.close()
        self._client = self._connect()
        return self._client

    def _connect(self) -> smtplib.SMTP:
        if self._implicit:
            client: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=PATIENCE, context=self._context)
        else:
            client = smtplib.SMTP(self._host, self._port, timeout=PATIENCE)
        self._client = client
        client.ehlo_or_helo_if_needed()
        secured = self._implicit
        if not secured and self._starttls:
            client.starttls(context=self._context)  # raises where the server does not offer it
            client.ehlo()
            secured = True
        if self._user:
            if not secured:
                raise smtplib.SMTPException("a password is never sent over a connection that is not encrypted")
            client.login(self._user, self._password)
        return client

    def _transact(self, client: smtplib.SMTP, sender: str, to: str, data: bytes) -> Outcome:
        """Up to the final dot the server has promised nothing; from there on silence means that nobody knows."""
        stage: Stage = "mail"
        try:
            for stage, command in (("mail", f"MAIL FROM:<{sender}>"), ("rcpt", f"RCPT TO:<{to}>"), ("data", "DATA")):
                code, reply = client.docmd(command)
                if code != (354 if stage == "data" else 250) and not (stage == "rcpt" and code == 251):
                    return self._refused(client, stage, code, _text(reply))
            client.send(_stuffed(data))
            stage = "end"
            if client.sock is not None:
                client.sock.settimeout(LAST_PATIENCE)
            client.send(b".\r\n")
            code, reply = client.getreply()
            if client.sock is not None:
                client.sock.settimeout(PATIENCE)
        except (OSError, smtplib.SMTPException) as error:
            told = f"{stage}: {_told(error)}"
            return outcomes.unknown(told) if stage == "end" else outcomes.deferred(told)
        if 200 <= code < 300:
            return outcomes.accepted(f"{code} {_text(reply)}")
        return self._refused(client, stage, code, _text(reply))

    @staticmethod
    def _refused(client: smtplib.SMTP, stage: Stage, code: int, text: str) -> Outcome:
        if code <= 0:  # not a reply of the protocol at all
            return outcomes.unknown(text) if stage == "end" else outcomes.deferred(text)
        with contextlib.suppress(OSError, smtplib.SMTPException):  # the next letter opens a new connection then
            client.rset()
        return outcomes.of_reply(stage, code, text)

    def close(self) -> None:
        """End the connection, politely where the server still listens."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            client.quit()
        except (OSError, smtplib.SMTPException):
            client.close()


def _stuffed(data: bytes) -> bytes:
    """The lines with CRLF ends and a second dot where one begins with a dot, up to but without the final dot."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _text(reply: bytes) -> str:
    return reply.decode("utf-8", "replace").replace("\n", " ")


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
