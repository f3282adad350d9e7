"""E-mail over SMTP: one recipient a transaction, over as many connections as the shop's mail server may have."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from dangol.base.errors import Misconfigured
from dangol.deliver import outcomes
from dangol.deliver.channels.smtp import Connection, Envelope, Server
from dangol.deliver.dkim import Signer
from dangol.deliver.letter import Letter
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

log = logging.getLogger("dangol.deliver.email")

DEFAULT_PORTS = {"smtp": 587, "smtps": 465}


class Smtp:
    """The shop's mail server. Connections are opened when letters come and used for all that follow."""

    local = False
    paced = True

    def __init__(
        self,
        url: str,
        *,
        starttls: bool,
        context: ssl.SSLContext | None = None,
        signer: Signer | None = None,
        return_path: Callable[[int], str] | None = None,
        lanes: int = 1,
    ) -> None:
        self.lanes = max(lanes, 1)  # how many may hand over at once, each over a connection of its own
        self._server = _server(url, starttls=starttls, context=context)
        self._signer, self._return_path = signer, return_path
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def hand_over(self, delivery: Delivery, message: Message) -> Outcome:
        return next(self.hand_over_many([(delivery, message)]))

    def hand_over_many(self, letters: Sequence[tuple[Delivery, Message]]) -> Iterator[Outcome]:
        """One outcome for each, in their order, as they come; any number of threads may do this at once."""
        written = [self._written(*one) for one in letters]
        sent = self._sent([one for one in written if isinstance(one, Envelope)])
        for one in written:
            yield next(sent) if isinstance(one, Envelope) else one

    def _sent(self, envelopes: Sequence[Envelope]) -> Iterator[Outcome]:
        ended = 0
        while ended < len(envelopes):
            try:
                connection = self._taken()
            except Exception as error:  # whatever it is, nothing has left
                log.warning("the mail server cannot be used: %s", error)
                told = outcomes.closed(f"connect: {outcomes.fault(error)}")
                yield from [told] * (len(envelopes) - ended)
                return
            try:
                for outcome in connection.transact(iter(envelopes[ended:])):
                    ended += 1
                    yield outcome
            finally:
                self._give_back(connection)

    def _written(self, delivery: Delivery, letter: Message) -> Envelope | Outcome:
        """The letter as it leaves. What is wrong with it shows here, when nothing has left, and fails it alone."""
        try:
            return self._envelope(delivery, letter)
        except Exception as error:
            log.exception("the letter of delivery %s cannot be written", delivery.pk)
            return outcomes.failed(outcomes.fault(error))

    def _envelope(self, delivery: Delivery, letter: Message) -> Envelope:
        if not isinstance(letter, Letter):
            raise TypeError(f"SMTP takes no {type(letter).__name__}")
        data = letter.as_bytes()
        if self._signer:
            data = self._signer.signed(data, letter.sender.rpartition("@")[2], letter.at)
        # Where failures go is marked for each delivery, so that a report is known whatever else it says.
        sender = self._return_path(delivery.pk) if self._return_path else letter.sender
        return Envelope.of(sender, letter.to, data)

    def _taken(self) -> Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._server.connect()
            if connection.alive():
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        if connection.usable:
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """End all connections that nobody is using."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _server(url: str, *, starttls: bool, context: ssl.SSLContext | None) -> Server:
    place = urlsplit(url)
    if place.scheme not in DEFAULT_PORTS or not place.hostname:
        raise Misconfigured("setting smtp_url: allowed is smtp://user:password@host:587 or smtps://user:password@host")
    return Server(
        place.hostname, place.port or DEFAULT_PORTS[place.scheme], place.scheme == "smtps", starttls,
        unquote(place.username or ""), unquote(place.password or ""), context or ssl.create_default_context(),
    )  # fmt: skip
