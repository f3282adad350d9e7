"""Builds and runs everything: one process tree over one data folder, no container, nothing to set up beside it.

serve ── web      takes facts, shows the console (an HTTP server with one worker)
      ├─ loop     turns facts into memberships, journeys and planned messages
      └─ deliver  hands planned messages over
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from dangol.base import logs
from dangol.base.clock import SystemClock
from dangol.base.process import die_with_parent, sole_holder
from dangol.base.settings import Settings

log = logging.getLogger("dangol.serve")

STATIC = Path(__file__).parent / "web" / "static"
HEADER_TIMEOUT_MS = 10_000  # a client that dribbles its headers is let go
PATIENCE = 10.0  # seconds a child has to finish when the shop closes
REST = 0.2  # seconds between two looks of the delivery worker at an empty ledger


class Children:
    """The loop and the delivery worker: started with the server, started again when one dies, ended with it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        for name in self._names:
            self._running[name] = self._spawn(name)
        threading.Thread(target=self._watch, name="children-watch", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        for child in self._running.values():
            child.terminate()
        end = time.monotonic() + PATIENCE
        for child in self._running.values():
            try:
                child.wait(max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.kill()

    @staticmethod
    def _spawn(name: str) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C at the terminal is for the server, which ends its children in order.
        command = [sys.executable, "-m", "dangol.serve", name]
        return subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own module

    def _watch(self) -> None:
        while not self._stopping.wait(0.5):
            for name, child in list(self._running.items()):
                if child.poll() is not None and not self._stopping.is_set():
                    log.error("%s ended with code %s; starting it again", name, child.returncode)
                    self._running[name] = self._spawn(name)


def serve(settings: Settings, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve a shop until SIGTERM or SIGINT. Raises Conflict where its data folder is served already."""
    # A forked worker would inherit the thread pools of the query engines without their threads, and wait for ever.
    multiprocessing.set_start_method("spawn", force=True)
    with sole_holder(settings.folder):
        address = f"http://{host}:{port}"
        children = Children(("loop", "deliver"))
        server = Granian(
            "dangol.asgi:build",
            factory=True,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            workers=1,
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=int(PATIENCE),
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
            static_path_route=["/static"],
            static_path_mount=[STATIC],
            log_level=LogLevels.warning,
        )
        server.on_startup(children.start)
        server.on_shutdown(children.stop)
        threading.Thread(target=_announce, args=(address, ready), name="announce", daemon=True).start()
        server.serve()


def _announce(address: str, ready: Callable[[str], None]) -> None:
    while True:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):  # noqa: S310 - our own address
                ready(address)
                return
        except OSError:
            time.sleep(0.05)


def _stop_event() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def run_loop() -> None:
    """The loop's process."""
    from django.conf import settings  # noqa: PLC0415 - Django is set up by main()

    from dangol import loop  # noqa: PLC0415
    from dangol.collect.steps import own_log  # noqa: PLC0415

    stopping = _stop_event()
    bell = loop.Bell(settings.DANGOL.folder)
    try:
        loop.Runner(own_log(), SystemClock(), settings.DANGOL.batch_size).run(bell, stopping)
    finally:
        bell.close()


def run_deliver() -> None:
    """The delivery worker's process."""
    from dangol.deliver import steps as deliver  # noqa: PLC0415 - Django is set up by main()

    stopping, clock = _stop_event(), SystemClock()
    deliver.recover(clock.now())
    while not stopping.is_set():
        try:
            handed_over = deliver.work(clock, 100)
        except Exception:
            log.exception("delivery failed; it is tried again")
            handed_over = 0
            stopping.wait(2)
        if not handed_over:
            stopping.wait(REST)


def main(name: str) -> None:
    """A child process: the loop or the delivery worker."""
    die_with_parent()
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    import django  # noqa: PLC0415 - only children need it

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    logs.set_up(settings.DANGOL)
    {"loop": run_loop, "deliver": run_deliver}[name]()


if __name__ == "__main__":
    main(sys.argv[1])
