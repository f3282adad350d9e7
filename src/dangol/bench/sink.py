"""A mail server that takes everything and keeps nothing but counts: cheap enough not to be what is measured.

Runs as a process of its own: `python -m dangol.bench.sink` prints its port, and at the end of its input what it got.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field

END = b"\r\n.\r\n"
HELLO = b"250-sink.invalid\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250 8BITMIME\r\n"
OK, GO_ON = b"250 2.0.0 ok\r\n", b"354 go on\r\n"
BYE, UNKNOWN = b"221 2.0.0 bye\r\n", b"502 5.5.1 not here\r\n"
REPLIES = {
    b"MAIL": OK,
    b"RCPT": OK,
    b"RSET": OK,
    b"NOOP": OK,
    b"EHLO": HELLO,
    b"HELO": OK,
    b"DATA": GO_ON,
    b"QUIT": BYE,
}
_MESSAGE_ID = re.compile(rb"\r\nMessage-ID: (\S+)")


@dataclass(slots=True)
class Got:
    """What arrived."""

    messages: int = 0
    octets: int = 0
    signed: int = 0
    ids: set[bytes] = field(default_factory=set)
    last_at: float = 0.0  # time.time() of the newest

    def take(self, letter: bytes | bytearray) -> None:
        self.messages += 1
        self.octets += len(letter)
        self.signed += letter.startswith(b"DKIM-Signature:")
        if found := _MESSAGE_ID.search(letter, 0, 4_000):
            self.ids.add(bytes(found[1]))
        self.last_at = time.time()

    def told(self) -> dict[str, float]:
        return {
            "messages": self.messages,
            "distinct": len(self.ids),
            "octets": self.octets,
            "signed": self.signed,
            "last_at": self.last_at,
            "cpu_seconds": round(time.process_time(), 2),
        }


class Session(asyncio.Protocol):
    """One connection; commands may come one by one or many at once."""

    def __init__(self, got: Got) -> None:
        self._got, self._buffer, self._in_letter = got, bytearray(), False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is a TCP server's
        self._transport = transport
        transport.write(b"220 sink.invalid ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers = []
        while (answer := self._letter() if self._in_letter else self._command()) is not None:
            answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))

    def _letter(self) -> bytes | None:
        end = self._buffer.find(END)
        if end < 0:
            return None
        self._got.take(self._buffer[: end + 2])
        del self._buffer[: end + len(END)]
        self._in_letter = False
        return OK

    def _command(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return None
        verb = bytes(self._buffer[:4]).upper()
        del self._buffer[: end + 2]
        self._in_letter = verb == b"DATA"
        return REPLIES.get(verb, UNKNOWN)


async def _serve() -> None:
    got, loop = Got(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(got), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(got.told()), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
