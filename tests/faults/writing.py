"""A program that appends facts to the log of a folder, and prints each id after it was acknowledged."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from dangol.collect.log import Entry
from dangol.collect.writer import Writer

CLIENTS = 4


def tell(writer: Writer, run: str, client: int, turn: threading.Lock) -> None:
    for count in range(1_000_000):
        id_ = f"{run}-{client}-{count}"
        entry = Entry("site", id_, time.time_ns() // 1000, b'{"type":"track","event":"Seen","userId":"u"}')
        (position,) = writer.append([entry], []).result()
        assert position, "it is new"
        with turn:
            print(id_, flush=True)


if __name__ == "__main__":
    writer, turn = Writer(Path(sys.argv[1])), threading.Lock()
    for client in range(CLIENTS):
        threading.Thread(target=tell, args=(writer, sys.argv[2], client, turn), daemon=True).start()
    threading.Event().wait()
