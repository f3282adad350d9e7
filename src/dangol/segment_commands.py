"""Commands about segments as files: checked, applied, exported, previewed and explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dangol import filing
from dangol.terminal import AsJson, Data, customer_of, show, use

app = typer.Typer(no_args_is_help=True, help="Segments as files: check, apply, export, preview, explain.")
SCHEMA_LINE = "# yaml-language-server: $schema=segment.schema.json\n"

SegmentFiles = Annotated[list[Path], typer.Argument(help="YAML or JSON files, one segment or more in each.")]
filing.add(
    app, "dangol.segment.folder", "segments",
    checks="Say whether segment files are right; every fault with its place. They may refer to each other.",
    applies="Save what segment files say; what was changed in the console meanwhile is told and left alone.",
)  # fmt: skip


@app.command("export")
def export(
    keys: Annotated[list[str] | None, typer.Argument(help="Segments; all that are not archived when left out.")] = None,
    data: Data = "data",
    to: filing.To = None,
) -> None:
    """Write segments as YAML that reads back to the same rules."""
    use(data)
    from dangol.segment import active, folder, reads
    from dangol.web.writing import as_yaml

    rows = [active.newest(key) for key in keys] if keys else [*reads.listed("active"), *reads.listed("draft")]
    texts = {}
    for row in rows:
        key = row.stands_for or row.key
        texts[key] = SCHEMA_LINE + as_yaml({"key": key, **folder.written(row.name, row.rule, row.state)})
    filing.write(texts, to, "segments")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of segment files, for editors."""
    from dangol.segment import schema as segment_schema

    print(json.dumps(segment_schema.document(), indent=1, ensure_ascii=False))


@app.command("preview")
def preview(
    files: SegmentFiles,
    data: Data = "data",
    at: Annotated[str, typer.Option(help="Instant (ISO 8601); now when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say in words what each segment means, and for how many customers it holds.

    It may refer to any segment in the same folder, saved or not.
    """
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.base.errors import Fault, Invalid
    from dangol.base.instants import parse_instant
    from dangol.segment import active, asking, folder

    instant = parse_instant(at, active.zone()) if at else SystemClock().now()
    if instant is None:
        raise Invalid([Fault("/at", repr(at), "an ISO 8601 instant such as 2026-11-24T12:00:00+09:00")])
    found, members = folder.preview(files, instant)
    if not members and found:
        filing.tell_faults(found, as_json, "")
    told = [
        {
            "key": one.key,
            "words": asking.words(one.shape["where"]),
            "count": len(members[one.key]),
            "members": members[one.key][:20],
        }
        for one in found
    ]
    show(told, as_json, *(f"{one['key']}: {one['count']:,} customers. {one['words']}" for one in told))


@app.command("explain")
def explain(
    key: Annotated[str, typer.Argument(help="The segment's key.")],
    customer: Annotated[str, typer.Argument(help="A customer id, or kind:value such as userId:42.")],
    data: Data = "data",
    language: Annotated[str, typer.Option(help="en or ko.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Say why a customer is in a segment or not, and when that will change."""
    use(data)
    from dataclasses import asdict

    from dangol.base.clock import SystemClock
    from dangol.segment import asking

    told = asking.explain(key, customer_of(customer), SystemClock().now())
    marks = {True: "yes", False: "no"}
    lines = []
    for leaf in told.leaves:
        lines.append(f"  {marks[leaf.holds]:3}  {leaf.words[language]}")
        lines += [f"         {step.words[language]}" for step in leaf.steps]
        lines += [f"         {leaf.forecast.words[language]}"] if leaf.forecast else []
    show(asdict(told), as_json, told.words[language], *lines)
