"""Commands about topics as files: checked, applied, exported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dangol import filing
from dangol.terminal import Data, use

app = typer.Typer(no_args_is_help=True, help="Topics as files: check, apply, export.")

TopicFiles = Annotated[list[Path], typer.Argument(help="YAML or JSON files, one topic or more in each.")]
filing.add(
    app, "dangol.segment.topic_files", "topics",
    checks="Say whether topic files are right; every fault with its place.",
    applies="Save what topic files say; what was changed in the console meanwhile is told and left alone.",
)  # fmt: skip


@app.command("export")
def export(data: Data = "data", to: filing.To = None) -> None:
    """Write the topics that are offered as YAML that reads back to the same ones."""
    use(data)
    from dangol.profile import topics
    from dangol.web.writing import as_yaml

    texts = {row.key: as_yaml({"key": row.key, **topics.written(row)}) for row in topics.everything()}
    filing.write(texts, to, "topics")
