"""Commands about campaigns: files checked and applied, tests that travel in time, rehearsals over the past."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dangol import filing
from dangol.terminal import AsJson, Data, show, use

if TYPE_CHECKING:
    from dangol.rehearsal.playing import Played

app = typer.Typer(no_args_is_help=True, help="Campaigns as files: check, apply, export, test.")
SCHEMA_LINE = "# yaml-language-server: $schema=campaign.schema.json\n"
Files = Annotated[list[Path], typer.Argument(help="YAML or JSON files, one campaign in each.")]
filing.add(
    app, "dangol.campaign.folder", "campaigns",
    checks="Say whether campaign files are right; every fault with its place.",
    applies="Save what campaign files say; a new one is a draft, a running one goes on with what was saved.",
    new="saved as a draft",
)  # fmt: skip


@app.command("export")
def export(
    keys: Annotated[list[str] | None, typer.Argument(help="Campaigns; all but archived ones when left out.")] = None,
    data: Data = "data",
    to: filing.To = None,
) -> None:
    """Write campaigns as YAML that reads back to the same definitions."""
    use(data)
    from dangol.campaign import folder
    from dangol.campaign import steps as campaign
    from dangol.web.writing import as_yaml

    rows = [campaign.get(key) for key in keys] if keys else campaign.everyone()
    kept = [row for row in rows if keys or row.state != "archived"]
    texts = {row.key: SCHEMA_LINE + as_yaml({"key": row.key, **folder.written(row)}) for row in kept}
    filing.write(texts, to, "campaigns")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of campaign files, for editors."""
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        use(scratch, fresh=True)
        from dangol.campaign import schema as campaign_schema

        print(json.dumps(campaign_schema.document(), indent=1, ensure_ascii=False))


@app.command("test")
def test(
    files: Annotated[list[Path], typer.Argument(help="YAML files of tests: given facts, and what is sent when.")],
    as_json: AsJson = False,
) -> None:
    """Play given facts through the real loop in a shop of their own, and say what is sent when.

    Status 1 where something expected did not happen or a message was not expected.
    """
    from dangol.rehearsal.scratch import shop

    with shop():
        from dangol.rehearsal import playing

        played = [one for path in files for one in playing.play_file(path)]
        lines = [line for one in played for line in playing.lines(one, playing.clock_words)]
        show([_told(one) for one in played], as_json, *lines)
    if not all(one.passed for one in played):
        raise typer.Exit(1)


def _told(one: Played) -> dict[str, Any]:
    from dangol.rehearsal.playing import clock_words

    return {
        "name": one.case.name,
        "passed": one.passed,
        "moments": [{"at": clock_words(m.at), "customer": m.customer, "what": m.what} for m in one.moments],
        "missing": [{"at": clock_words(m.at), "customer": m.customer, "what": m.what} for m in one.missing],
        "unexpected": [{"at": clock_words(m.at), "customer": m.customer, "what": m.what} for m in one.unexpected],
    }


def rehearse(
    what: Annotated[str, typer.Argument(help="A play, a campaign of the shop, or a campaign's file.")],
    data: Data = "data",
    begins: Annotated[str, typer.Option("--from", help="Instant (ISO 8601); 90 days before the end if left out.")] = "",
    ends: Annotated[str, typer.Option("--to", help="Instant (ISO 8601); now when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what a campaign would have done over past facts: who, when, what, and why not. Nothing is sent."""
    settings = use(data)
    from dangol.base.clock import SystemClock
    from dangol.rehearsal import asking
    from dangol.terminal import progress

    with progress(as_json) as step:
        told = asking.rehearse(what, begins, ends, settings, SystemClock().now(), step)
    show(told, as_json, *asking.lines(told))
