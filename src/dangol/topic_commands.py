"""Commands about topics as files: checked, applied, exported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dangol import filing
from dangol.terminal import AsJson, Data, use

app = typer.Typer(no_args_is_help=True, help="Topics as files: check, apply, export.")

TopicFiles = Annotated[list[Path], typer.Argument(help="YAML or JSON files, one topic or more in each.")]


@app.command("check")
def check(files: TopicFiles, data: Data = "data", as_json: AsJson = False) -> None:
    """Say whether topic files are right; every fault with its place."""
    use(data)
    from dangol.segment import topic_files

    filing.tell_faults(topic_files.compare(files), as_json, "All topics are right.")


@app.command("apply")
def apply(
    files: filing.Given = None,
    data: Data = "data",
    force: filing.Force = False,
    dry_run: filing.DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Save what topic files say; what was changed in the console meanwhile is told and left alone."""
    settings = use(data)
    from dangol.base import filed
    from dangol.base.clock import SystemClock
    from dangol.segment import topic_files

    given = files or filed.paths(settings.folder / topic_files.FOLDER)
    found = topic_files.compare(given) if dry_run else topic_files.apply(given, SystemClock().now(), force=force)
    filing.tell_applied(found, as_json, "saved", force=force)


@app.command("export")
def export(data: Data = "data", to: filing.To = None) -> None:
    """Write the topics that are offered as YAML that reads back to the same ones."""
    use(data)
    from dangol.profile import topics
    from dangol.web.writing import as_yaml

    texts = {row.key: as_yaml({"key": row.key, **topics.written(row)}) for row in topics.everything()}
    filing.write(texts, to, "topics")
