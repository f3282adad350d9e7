"""An IMAP server for tests: one box over TLS, read as the protocol says, with faults on demand."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from dataclasses import dataclass, field


@dataclass
class ImapBox:
    """A box with messages by their number, served to one client at a time."""

    context: ssl.SSLContext
    messages: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    password: str = "secret"
    commands: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def put(self, mail: bytes) -> int:
        uid = max(self.messages, default=0) + 1
        self.messages[uid] = mail
        return uid

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._server.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(raw, server_side=True) as client:
                    self._talk(client)
            except OSError:
                continue

    def _talk(self, client: ssl.SSLSocket) -> None:
        with client.makefile("rwb") as stream:

            def say(text: str | bytes) -> None:
                stream.write((text.encode() if isinstance(text, str) else text) + b"\r\n")
                stream.flush()

            say("* OK ready")
            for line in stream:
                tag, _, command = line.decode().strip().partition(" ")
                self.commands.append(command)
                self._answer(command, say)
                refused = command.upper().startswith("LOGIN") and self.password not in command
                say(f"{tag} NO wrong password" if refused else f"{tag} OK done")
                if command.upper() == "LOGOUT":
                    return

    def _answer(self, command: str, say) -> None:
        word = command.upper()
        if word == "CAPABILITY":
            say("* CAPABILITY IMAP4rev1")
        elif word.startswith("EXAMINE"):
            say(f"* {len(self.messages)} EXISTS")
            say(f"* OK [UIDVALIDITY {self.validity}] ok")
            say(f"* OK [UIDNEXT {max(self.messages, default=0) + 1}] ok")
        elif found := re.match(r"UID SEARCH UID (\d+):\*", word):
            first, last = int(found[1]), max(self.messages, default=0)
            uids = sorted({uid for uid in self.messages if uid >= first} | ({last} if last else set()))
            say(f"* SEARCH {' '.join(map(str, uids))}")
        elif found := re.match(r"UID FETCH (\d+) \(RFC822.SIZE\)", word):
            uid = int(found[1])
            if uid in self.messages:
                say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(self.messages[uid])})")
        elif found := re.match(r"UID FETCH (\d+) \(BODY.PEEK\[\]\)", word):
            mail = self.messages[int(found[1])]
            say(f"* 1 FETCH (UID {found[1]} BODY[] {{{len(mail)}}}".encode() + b"\r\n" + mail + b")")
