"""An import from the command line: files into the log, facts through the loop, beside a server or without one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings

from dangol import loop
from dangol.base.clock import SystemClock
from dangol.base.errors import Fault, Invalid
from dangol.base.models import Shop
from dangol.base.process import is_held
from dangol.collect import steps as collect
from dangol.collect.files.steps import Place, Report, import_files

SOURCE = "import"
LOOK_EVERY = 0.1  # seconds
AT_ONCE = 2_000  # facts in a turn of our own: nobody waits for a page meanwhile

Progress = Callable[[str, int, int | None], None]


def run(paths: Sequence[Path], kind: str, mapping: Sequence[str], *, dry_run: bool, progress: Progress) -> Report:
    """Import files and wait until every fact of theirs is in its customer's file.

    Raises Invalid for a file that is not there, and for what import_files refuses.
    """
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise Invalid([Fault("/files", str(missing[0]), "a file that exists")])
    shop, log = Shop.objects.get(), collect.own_log()
    place = Place(
        log=log,
        now=SystemClock().now(),
        zone=shop.zone,
        currency=shop.currency,
        rejects=settings.DANGOL.folder / "rejected",
        source=SOURCE,
    )
    report = import_files(paths, kind, place, overrides=overrides_of(mapping), dry_run=dry_run, progress=progress)
    if not dry_run:
        _work_through(log.end(), progress)
    return report


def overrides_of(mapping: Sequence[str]) -> dict[str, str]:
    """column=field, as given on the command line. Raises Invalid."""
    found: dict[str, str] = {}
    for word in mapping:
        column, equals, field = word.rpartition("=")
        if not (column and equals and field):
            raise Invalid([Fault("/map", repr(word), "column=field, e.g. --map Kunde=user_id")])
        found[column] = field
    return found


def _work_through(end: int, progress: Progress) -> None:
    """Until the loop has come to `end`: a running server's loop, or our own where nobody serves the shop."""
    start = collect.position()
    while (at := collect.position()) < end:
        progress("working through the facts", at - start, end - start)
        if is_held(settings.DANGOL.folder):
            time.sleep(LOOK_EVERY)
        else:
            loop.turn_once(collect.own_log(), SystemClock(), AT_ONCE)
