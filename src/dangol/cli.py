"""The command `dangol`: every command reads its flags, calls one step and says what came of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dangol import __version__
from dangol.base.errors import DangolError, Misconfigured
from dangol.base.settings import Settings, load

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="dangol",
    no_args_is_help=True,
    add_completion=False,
    help="Dangol: an eCRM in one process.",
    pretty_exceptions_enable=False,
)
segment_app = typer.Typer(no_args_is_help=True, help="Check, preview and explain segment files.")
bench_app = typer.Typer(no_args_is_help=True, help="Repeatable benchmarks; the last line is one JSON object.")
app.add_typer(segment_app, name="segment")
app.add_typer(bench_app, name="bench")

Data = Annotated[str, typer.Option("--data", envvar="DANGOL_DATA", help="The shop's data folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def main() -> None:
    """Run a command; what Dangol refuses is one line on standard error and exit status 2."""
    try:
        app()
    except DangolError as error:
        print(f"dangol: {error}", file=sys.stderr)
        sys.exit(2)


def use(data: str, *, fresh: bool = False, **flags: Any) -> Settings:
    """Set Django up over a data folder. Raises Misconfigured where it holds no shop, or one of another version."""
    os.environ["DANGOL_DATA"] = str(Path(data).absolute())
    for name, value in flags.items():
        if value is not None:
            os.environ[f"DANGOL_{name.upper()}"] = str(value)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    settings = load()
    if not fresh and not settings.database_url and not (settings.folder / "state.db").exists():
        raise Misconfigured(f"no shop in {data}; make one with `dangol init --data {data} --owner you@example.com`")
    import django

    django.setup()
    if not fresh:
        _check_version(data)
    return settings


def _check_version(data: str) -> None:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.recorder import MigrationRecorder

    executor = MigrationExecutor(connection)
    known = set(executor.loader.disk_migrations)
    newer = {
        key for key in MigrationRecorder(connection).applied_migrations() if key[0] in executor.loader.migrated_apps
    } - known
    connection.close()
    if newer:
        raise Misconfigured(f"{data} was written by a newer Dangol than {__version__}; install that one")
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Misconfigured(
            f"{data} was written by an older Dangol; bring it up to date with `dangol upgrade --data {data}`"
        )


def show(result: Any, as_json: bool, *lines: str) -> None:
    """Print a result: one JSON object for programs, sentences for people."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False, default=str))
    else:
        for line in lines:
            print(line)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


@app.command()
def init(
    owner: Annotated[str, typer.Option("--owner", help="The owner's e-mail address: the first sign-in.")],
    data: Data = "data",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the owner's password from standard input.")
    ] = False,
    name: Annotated[str, typer.Option(help="The shop's name.")] = "My shop",
    timezone: Annotated[str, typer.Option(help="IANA zone, e.g. Asia/Seoul.")] = "UTC",
    currency: Annotated[str, typer.Option(help="ISO 4217 code, e.g. KRW.")] = "USD",
    locale: Annotated[str, typer.Option(help="en or ko.")] = "en",
    country: Annotated[str, typer.Option(help="ISO 3166 code of the law that applies, e.g. KR.")] = "",
) -> None:
    """Make a new, empty shop; its last output is {"write_key": …, "api_key": …}."""
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    use(data, fresh=True)
    from dangol import setup

    keys = setup.new_shop(
        setup.NewShop(
            owner=owner,
            password=password,
            name=name,
            timezone=timezone,
            currency=currency,
            locale=locale,
            country=country,
        )
    )
    print(f"A new shop stands in {data}. Start it with `dangol serve --data {data}` and sign in as {owner}.")
    print(json.dumps({"write_key": keys.write_key, "api_key": keys.api_key}))


@app.command()
def upgrade(data: Data = "data") -> None:
    """Bring a data folder up to this version; the state is copied beside itself first."""
    use(data, fresh=True)
    from dangol import setup

    setup.migrate()
    print(f"{data} is up to date with Dangol {__version__}.")


@app.command()
def serve(
    data: Data = "data",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Serve a shop: web, loop and delivery in one process tree. Prints `ready http://…` once it accepts requests."""
    base_url = None if "DANGOL_BASE_URL" in os.environ or _in_file(data, "base_url") else f"http://{host}:{port}"
    settings = use(data, base_url=base_url)
    from dangol import serve as server

    server.serve(settings, host, port, lambda address: print(f"ready {address}", flush=True))


def _in_file(data: str, name: str) -> bool:
    path = Path(data) / "dangol.toml"
    return path.exists() and any(line.split("=")[0].strip() == name for line in path.read_text().splitlines())


@app.command()
def demo(
    data: Annotated[
        str, typer.Option("--data", help="Where the demo shop goes; an earlier demo there is used again.")
    ] = "demo-data",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    seed: Annotated[int, typer.Option(help="Seed of the invented people and of their behaviour.")] = 1,
) -> None:
    """A shop with a real order history, plays switched on and live simulated visitors."""
    settings = use(data, fresh=True, base_url=f"http://{host}:{port}")
    from dangol.demo import start

    start.run(settings, host, port, seed)


@app.command("import")
def import_files(
    files: Annotated[
        list[Path], typer.Argument(help="CSV, TSV, JSONL, Parquet, xlsx, gzip or zip of them, or a fixed-width log.")
    ],
    kind: Annotated[str, typer.Option("--as", help="orders, customers, items, reviews or events.")],
    data: Data = "data",
    mapping: Annotated[list[str] | None, typer.Option("--map", help="column=field; may be given many times.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the mapping and the counts, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a history. Running it twice adds nothing; rows that cannot be used go to a file with the reason."""
    use(data)
    from dangol import importing

    with progress(as_json) as step:
        report = importing.run(files, kind, mapping or [], dry_run=dry_run, progress=step)
    show(report.as_json(), as_json, *report.lines())


@contextmanager
def progress(quiet: bool) -> Iterator[Any]:
    """A bar on standard error that a long step moves: step(what, done, total)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True)
    tasks: dict[str, TaskID] = {}

    def step(what: str, done: int, total: int | None) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=total)
        bar.update(tasks[what], completed=done, total=total)

    with bar:
        yield step


SegmentFiles = Annotated[list[Path], typer.Argument(help="YAML or JSON files, one segment or more in each.")]


@segment_app.command("check")
def segment_check(files: SegmentFiles, data: Data = "data", as_json: AsJson = False) -> None:
    """Say whether segment files are right; every fault with its place."""
    use(data)
    from dangol.base.errors import Invalid
    from dangol.segment import files as segment_files
    from dangol.segment import steps as segment

    told: list[dict[str, Any]] = []
    for path, shape in segment_files.read_files(files):
        try:
            segment.check(shape)
        except Invalid as error:
            told += [{"file": str(path), **fault.as_json()} for fault in error.faults]
    lines = [f"{fault['file']}{fault['path']}: found {fault['found']}; allowed: {fault['allowed']}" for fault in told]
    show({"faults": told}, as_json, *(lines or ["All segments are right."]))
    if told:
        raise typer.Exit(1)


@segment_app.command("preview")
def segment_preview(
    files: SegmentFiles,
    data: Data = "data",
    at: Annotated[str, typer.Option(help="Instant (ISO 8601); now when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say in words what each segment means, and for how many customers it holds."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.base.errors import Fault, Invalid
    from dangol.base.instants import parse_instant
    from dangol.segment import files as segment_files
    from dangol.segment import steps as segment

    instant = parse_instant(at, segment.zone()) if at else SystemClock().now()
    if instant is None:
        raise Invalid([Fault("/at", repr(at), "an ISO 8601 instant such as 2026-11-24T12:00:00+09:00")])
    told = []
    for _, shape in segment_files.read_files(files):
        where = segment.check(shape).where
        members = segment.evaluate(where, instant)
        told.append(
            {"key": shape["key"], "words": segment.words(where), "count": len(members), "members": members[:20]}
        )
    show(told, as_json, *(f"{one['key']}: {one['count']:,} customers. {one['words']}" for one in told))


@segment_app.command("explain")
def segment_explain(
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
    from dangol.base.errors import NotFound
    from dangol.identity import steps as identity
    from dangol.segment import steps as segment

    kind, colon, value = customer.partition(":")
    found = identity.find(kind, value) if colon else identity.current(int(customer)) if customer.isdecimal() else None
    if found is None:
        raise NotFound(f"no customer is known as {customer}")
    told = segment.explain(key, found, SystemClock().now())
    marks = {True: "yes", False: "no"}
    leaves = [f"  {marks[leaf.holds]:3}  {leaf.words[language]}" for leaf in told.leaves]
    show(asdict(told), as_json, told.words[language], *leaves)


@bench_app.command("ingest")
def bench_ingest(
    seconds: Annotated[float, typer.Option(help="How long to post.")] = 5.0,
    connections: Annotated[int, typer.Option(help="Connections at a time.")] = 64,
    batch: Annotated[int, typer.Option(help="Facts in one request.")] = 1,
) -> None:
    """Facts a second taken durably over HTTP."""
    from dangol.bench import ingest

    print(json.dumps(ingest.run(seconds, connections, batch)))


@bench_app.command("loop")
def bench_loop(
    facts: Annotated[int, typer.Option(help="Facts to turn into memberships.")] = 10_000,
    customers: Annotated[int, typer.Option(help="Whose they are.")] = 2_000,
    probes: Annotated[int, typer.Option(help="Single facts on the idle shop, to time a membership.")] = 50,
    seed: Annotated[int, typer.Option(help="Seed of the facts.")] = 1,
) -> None:
    """Facts a second through identity, profile and segments, and the time from 200 to membership."""
    from dangol.bench import loop

    print(json.dumps(loop.run(facts, customers, probes, seed)))


@bench_app.command("segment")
def bench_segment(
    facts: Annotated[int, typer.Option(help="Facts in the shop's history.")] = 30_000,
    customers: Annotated[int, typer.Option(help="Whose they are.")] = 3_000,
    batch: Annotated[int, typer.Option(help="Customers that one batch touches.")] = 20,
    rounds: Annotated[int, typer.Option(help="Batches.")] = 30,
    seed: Annotated[int, typer.Option(help="Seed of the facts.")] = 1,
) -> None:
    """Segments: a live batch on both engines, and a full evaluation."""
    from dangol.bench import segment

    print(json.dumps(segment.run(facts, customers, batch, rounds, seed)))
