"""Imports from the command line and of what came by the console: files into the log, facts through the loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from dangol import loop
from dangol.base.clock import SystemClock
from dangol.base.errors import DangolError, Fault, Invalid
from dangol.base.models import Shop
from dangol.base.process import is_held
from dangol.collect import steps as collect
from dangol.collect.files import uploads
from dangol.collect.files.steps import Choices, Place, Progress, Report, Watch, import_files
from dangol.collect.models import Import

log = logging.getLogger("dangol.importing")

SOURCE = "import"
LOOK_EVERY = 0.1  # seconds
AT_ONCE = 2_000  # facts in a turn of our own: nobody waits for a page meanwhile


def run(
    paths: Sequence[Path], kind: str, choices: Choices, *, dry_run: bool, watch: Watch, wait: bool = True
) -> Report:
    """Import files and, if asked to, wait until every fact of theirs is in its customer's file.

    Raises Invalid for a file that is not there, and for what import_files refuses.
    """
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise Invalid([Fault("/files", str(missing[0]), "a file that exists")])
    place = our_place()
    report = import_files(paths, kind, place, choices, dry_run=dry_run, watch=watch)
    if wait and not dry_run:
        _work_through(collect.own_log().end(), watch.progress)
    return report


def run_uploaded(row: Import) -> None:
    """Import what came by the console; what is wrong with it stands in its row."""
    place = replace(our_place(), rejects=uploads.rejected_folder(row), beside=False)
    try:
        import_files(uploads.paths(row), row.kind, place, Choices(**row.choices), row=row)
    except DangolError as error:
        log.info("import %s: %s", row.pk, error)
    uploads.finish(row)


def see_to_uploads() -> None:
    """Remove what was kept long enough, and run the next import, if there is one."""
    uploads.sweep()
    row = uploads.claim(SystemClock().now())
    if row is not None:
        run_uploaded(row)


def our_place() -> Place:
    """This shop, now."""
    shop = Shop.objects.get()
    return Place(
        log=collect.own_log(),
        now=SystemClock().now(),
        zone=shop.zone,
        currency=shop.currency,
        rejects=settings.DANGOL.folder / "rejected",
        source=SOURCE,
    )


def columns_of(mapping: Sequence[str]) -> dict[str, str]:
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
