"""Builds and runs everything: one process tree over one data folder, no container, nothing to set up beside it.

serve ── web      takes facts, shows the console (an HTTP server with one worker)
      ├─ loop     turns facts into memberships, journeys and planned messages
      ├─ deliver  hands planned messages over; asks connected shops what has changed
      ├─ imports  imports what the console was given, one after the other
      ├─ segments computes the members of segments that were saved in a large shop
      └─ columns  keeps the copy of the facts from which everybody is judged at once
"""

from __future__ import annotations

import contextlib
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
from datetime import datetime
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from dangol.base import closing, garbage, logs
from dangol.base.clock import SystemClock
from dangol.base.process import die_with_parent, scratch, sole_holder
from dangol.base.reserve import Reserve
from dangol.base.revivals import Revivals
from dangol.base.settings import Settings

log = logging.getLogger("dangol.serve")

STATIC = Path(__file__).parent / "web" / "static"
HEADER_TIMEOUT_MS = 10_000  # a client that dribbles its headers is let go
PATIENCE = 10.0  # seconds a child has to finish when the shop closes
BEHIND = 10  # how far the children stand back: when the machine is full, facts are taken first and worked through later
DOOR = 0.2  # seconds in which those who are connected already are taken, when the shop closes
LOOKS_EVERY = 0.5  # seconds between two looks for uploads or segments to compute, where anything was written …
LOOKS_ALL_THE_SAME = 5.0  # … and where not
COLUMNS_EVERY = 2.0  # seconds between two looks at how far the copy in columns is behind
REST = 0.2  # seconds between two looks of the delivery worker at an empty ledger …
LOOK = 1.0  # … into which nobody has written meanwhile: seconds until it is looked at all the same


class Children:
    """The loop, the delivery worker and the others: started with the server, again when one ends; ended with it."""

    def __init__(self, names: tuple[str, ...], reserve: Reserve) -> None:
        self._names, self._reserve = names, reserve
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        for name in self._names:
            self._running[name] = self._spawn(name)
        threading.Thread(target=self._watch, name="children-watch", daemon=True).start()
        threading.Thread(target=self._reserve.watch, args=(self._stopping,), name="reserve", daemon=True).start()

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
                    if child.returncode:
                        log.error("%s ended with code %s; starting it again", name, child.returncode)
                    self._running[name] = self._spawn(name)


def serve(settings: Settings, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve a shop until SIGTERM or SIGINT. Raises Conflict where its data folder is served already."""
    # A forked worker would inherit the thread pools of the query engines without their threads, and wait for ever.
    multiprocessing.set_start_method("spawn", force=True)
    with sole_holder(settings.folder):
        address = f"http://{host}:{port}"
        names = ("loop", "deliver", "imports", "segments", "columns")
        children = Children(names, Reserve(settings.folder, settings.reserve_mb))
        server = Granian(
            "dangol.asgi:build",
            factory=True,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            loop=Loops.asyncio,  # a quicker one resets connections when the shop closes
            workers=1,
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=int(PATIENCE),
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
            static_path_route=["/static"],
            static_path_mount=[STATIC],
            log_level=LogLevels.warning,
        )
        server.respawned_wrks = Revivals()
        server.on_startup(children.start)
        server.on_startup(lambda: _close_gently(server))
        server.on_shutdown(children.stop)
        threading.Thread(target=_announce, args=(address, ready), name="announce", daemon=True).start()
        server.serve()


def _close_gently(server: Any) -> None:
    """When told to end, first let in nobody new and serve those who wait at the door, then end as the server does."""

    def end(*_: object) -> None:
        closing.shut_out_newcomers(server._sfd)
        threading.Timer(DOOR, server.signal_handler_interrupt).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


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
    from dangol.privacy import steps as privacy  # noqa: PLC0415
    from dangol.value import learning  # noqa: PLC0415

    stopping, clock = _stop_event(), SystemClock()
    reserve = Reserve(settings.DANGOL.folder, settings.DANGOL.reserve_mb)
    garbage.collect_seldom()
    privacy.replay(clock.now())
    threading.Thread(target=learning.run, args=(clock, stopping, reserve.low), name="value", daemon=True).start()
    threading.Thread(target=_apply_files, args=(settings.DANGOL.folder,), name="files", daemon=True).start()
    bell = loop.Bell(settings.DANGOL.folder)
    try:
        loop.Runner(own_log(), clock, settings.DANGOL.batch_size).run(bell, stopping, reserve.low)
    finally:
        bell.close()


def _apply_files(home: Path) -> None:
    """Save what the files in the shop's folders say; what cannot be, or drifted, is told in the log."""
    from dangol.base import filed  # noqa: PLC0415 - Django is set up by main()
    from dangol.campaign import folder as campaigns  # noqa: PLC0415
    from dangol.offer import folder as offers  # noqa: PLC0415
    from dangol.segment import folder as segments  # noqa: PLC0415
    from dangol.segment import topic_files as topics  # noqa: PLC0415

    for folder in (topics, segments, offers, campaigns):  # each may speak of those before it
        try:
            for one in folder.apply(filed.paths(home / folder.FOLDER), SystemClock().now()):
                for fault in one.faults:
                    log.error("%s%s: found %s; allowed: %s", one.path, fault.path, fault.found, fault.allowed)
                if one.standing == "drift":
                    log.warning("%s was changed in the shop since %s was applied; it is left alone", one.key, one.path)
        except Exception:
            log.exception("the files in %s could not be applied", home / folder.FOLDER)


def run_deliver() -> None:
    """The delivery worker's process; beside it, connected shops are asked, the box of failures is read,
    and the harvest does what has its time."""
    from django.conf import settings  # noqa: PLC0415 - Django is set up by main()

    from dangol.base.watching import Watch  # noqa: PLC0415
    from dangol.collect.shops import polling  # noqa: PLC0415
    from dangol.deliver import blocklist, box, vetting  # noqa: PLC0415
    from dangol.deliver import steps as deliver  # noqa: PLC0415
    from dangol.harvest import timetable as harvest  # noqa: PLC0415
    from dangol.web import monthly  # noqa: PLC0415

    stopping, clock = _stop_event(), SystemClock()
    reserve = Reserve(settings.DANGOL.folder, settings.DANGOL.reserve_mb)
    threading.Thread(target=polling.run, args=(clock, stopping), name="shops", daemon=True).start()
    threading.Thread(target=box.run, args=(clock, stopping), name="box", daemon=True).start()
    threading.Thread(target=blocklist.run, args=(clock, stopping), name="blocklist", daemon=True).start()
    threading.Thread(target=harvest.run, args=(clock, stopping, monthly.BESIDE), name="harvest", daemon=True).start()
    threading.Thread(target=vetting.run, args=(clock, stopping), name="vetting", daemon=True).start()
    deliver.recover(clock.now())
    others, looked = Watch(), 0.0
    while not stopping.is_set():
        if not others.changed() and time.monotonic() - looked < LOOK:
            stopping.wait(REST)
            continue
        try:
            handed_over = 0 if reserve.low() else deliver.work(clock, deliver.AT_ONCE, halted=stopping.is_set)
        except Exception:
            log.exception("delivery failed; it is tried again")
            handed_over = 0
            stopping.wait(2)
        looked = 0.0 if handed_over else time.monotonic()
        if not handed_over:
            stopping.wait(REST)


def run_imports() -> None:
    """The importer: light while there is nothing to do, and gone after one import, so that its memory is free.

    It may be killed at any moment, so it just ends when it is told to.
    """
    from django.conf import settings  # noqa: PLC0415 - Django is set up by main()
    from django.db import OperationalError  # noqa: PLC0415

    from dangol.collect.files import waiting  # noqa: PLC0415

    scratch(settings.DANGOL.folder / "uploads" / "staging")
    with contextlib.suppress(OperationalError):  # the state is busy: the next process will do
        _wait_for(waiting.any_work)
        from dangol import importing  # noqa: PLC0415 - heavy

        importing.see_to_uploads()


def run_segments() -> None:
    """Computes segments behind those who saved them: light while nothing waits, and gone after a while of work.

    It may be killed at any moment: the next one goes on behind the last customer written.
    """
    from django.db import OperationalError  # noqa: PLC0415 - Django is set up by main()

    from dangol.segment import waiting  # noqa: PLC0415

    with contextlib.suppress(OperationalError):  # the state is busy: the next process will do
        _wait_for(waiting.any_work)
        from dangol.segment import computing  # noqa: PLC0415 - heavy

        computing.work(SystemClock().now)


def _wait_for(any_work: Callable[[datetime], bool]) -> None:
    """Until there is work; where nobody has written to the state, it is seldom looked for."""
    from dangol.base.watching import Watch  # noqa: PLC0415 - Django is set up by main()

    others, looked, clock = Watch(), 0.0, SystemClock()
    while True:
        if others.changed() or time.monotonic() - looked >= LOOKS_ALL_THE_SAME:
            looked = time.monotonic()
            if any_work(clock.now()):
                return
        time.sleep(LOOKS_EVERY)


def run_columns() -> None:
    """The keeper of the copy in columns, the daily audit, the look through all orders for what goes with what, and the
    plan's counts and scores: light while there is nothing to do, gone after work.

    It may be killed at any moment, and stands behind everybody else.
    """
    from django.conf import settings  # noqa: PLC0415 - Django is set up by main()
    from django.db import OperationalError  # noqa: PLC0415

    from dangol.autopilot import planning  # noqa: PLC0415
    from dangol.offer import steps as offer  # noqa: PLC0415
    from dangol.profile.columns import manifest  # noqa: PLC0415
    from dangol.segment import audits  # noqa: PLC0415

    os.nice(BEHIND)
    reserve, clock = Reserve(settings.DANGOL.folder, settings.DANGOL.reserve_mb), SystemClock()
    with contextlib.suppress(OperationalError):  # the state is busy: the next process will do
        while reserve.low() or not (manifest.due(clock.now()).any() or audits.due(clock.now())):
            if not reserve.low() and offer.due(clock.now()):
                offer.go_on(clock.now())
                return  # what it took of memory goes with it
            if not reserve.low() and planning.due(clock.now()):
                planning.go_on(clock.now())
                return
            time.sleep(COLUMNS_EVERY)
        from dangol.profile.columns import keeping  # noqa: PLC0415 - heavy
        from dangol.segment import auditing  # noqa: PLC0415

        keeping.follow(clock, reserve.low, auditing.go_on)


def main(name: str) -> None:
    """A child process of the server."""
    die_with_parent()
    os.nice(BEHIND)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    import django  # noqa: PLC0415 - only children need it

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    logs.set_up(settings.DANGOL)
    work = {
        "loop": run_loop, "deliver": run_deliver, "imports": run_imports, "segments": run_segments,
        "columns": run_columns,
    }  # fmt: skip
    work[name]()


if __name__ == "__main__":
    main(sys.argv[1])
