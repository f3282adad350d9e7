"""A mail server that does as it is told, letter by letter, and remembers when each began and what it got."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Answers = Callable[[str, str], str]  # stage (hello, mail, rcpt, data, end), recipient → the reply; "" says: as usual
USUAL = {"hello": "220 fake", "mail": "250 ok", "rcpt": "250 ok", "data": "354 go on", "end": "250 queued"}
HANG_UP = "hang up"


def as_usual(stage: str, to: str) -> str:
    return ""


@dataclass
class Mta:
    """Plain sockets, one thread a connection: it may fall silent, be slow or hang up in the middle of anything."""

    answers: Answers = as_usual
    connections: int = 0
    begun: list[tuple[str, float]] = field(default_factory=list)  # recipient, time.time() of MAIL FROM
    got: list[tuple[str, bytes]] = field(default_factory=list)  # recipient, letter

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ConnectionError), connection, connection.makefile("rb") as lines:
            self._say(connection, "hello", "")
            at, to = 0.0, ""
            while line := lines.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    connection.sendall(b"250-fake\r\n250 PIPELINING\r\n")
                elif verb == b"MAIL":
                    at = time.time()
                    self._say(connection, "mail", "")
                elif verb == b"RCPT":
                    to = line.partition(b"<")[2].partition(b">")[0].decode()
                    self.begun.append((to, at))
                    self._say(connection, "rcpt", to)
                elif verb == b"DATA":
                    if self._say(connection, "data", to).startswith("354"):
                        letter = b"".join(iter(lines.readline, b".\r\n"))
                        if letter:  # an empty one ends what was refused: RFC 2920 wants it where DATA is let pass
                            self.got.append((to, letter))
                        self._say(connection, "end", to)
                else:
                    connection.sendall(b"250 ok\r\n")

    def _say(self, connection: socket.socket, stage: str, to: str) -> str:
        answer = self.answers(stage, to) or USUAL[stage]
        if answer == HANG_UP:
            raise ConnectionError
        connection.sendall(f"{answer}\r\n".encode())
        if answer.startswith("421"):
            raise ConnectionError
        return answer
