"""The command `dangol`: every command reads its flags, calls one step and says what came of it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dangol import (
    __version__,
    campaign_commands,
    channel_commands,
    coupon_commands,
    mail_commands,
    rights_commands,
    segment_commands,
    simulate_commands,
    topic_commands,
)
from dangol.base.errors import DangolError
from dangol.terminal import AsJson, Data, progress, show, use

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="dangol",
    no_args_is_help=True,
    add_completion=False,
    help="Dangol: an eCRM in one process.",
    pretty_exceptions_enable=False,
)
bench_app = typer.Typer(no_args_is_help=True, help="Repeatable benchmarks; the last line is one JSON object.")
app.add_typer(rights_commands.app)
app.add_typer(mail_commands.app)
app.add_typer(channel_commands.app)
app.add_typer(segment_commands.app, name="segment")
app.add_typer(campaign_commands.app, name="campaign")
app.add_typer(topic_commands.app, name="topic")
app.add_typer(coupon_commands.app, name="coupon")
app.command("rehearse")(campaign_commands.rehearse)
app.command("simulate")(simulate_commands.simulate)
app.add_typer(bench_app, name="bench")


def main() -> None:
    """Run a command; what Dangol refuses is one line on standard error and exit status 2."""
    try:
        app()
    except DangolError as error:
        print(f"dangol: {error}", file=sys.stderr)
        sys.exit(2)


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

    if settings.warehouse_url:
        from dangol.segment import warehouses

        warehouses.chosen()  # a wrong setting is refused now, not at the first preview
    from dangol.deliver import channels

    channels.check(settings)
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
        list[Path], typer.Argument(help="CSV, TSV, JSONL, Parquet, xlsx, access logs, gzip or zip of them.")
    ],
    kind: Annotated[str, typer.Option("--as", help="orders, customers, products, items, reviews, events or visits.")],
    data: Data = "data",
    mapping: Annotated[list[str] | None, typer.Option("--map", help="column=field; may be given many times.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the mapping and the counts, write nothing.")] = False,
    use_mapping: Annotated[str, typer.Option("--mapping", help="Read the columns as this named mapping says.")] = "",
    save_mapping: Annotated[str, typer.Option(help="Keep this mapping under a name, for files like these.")] = "",
    channel: Annotated[str, typer.Option(help="Where orders came in whose row does not say: store, phone …")] = "",
    marketing: Annotated[
        str,
        typer.Option(help="This is a list to write to: what the people were told when they agreed, and where."),
    ] = "",
    whole_addresses: Annotated[
        bool, typer.Option("--whole-addresses", help="Keep the addresses of access logs whole, not only their network.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="End once the facts are in the log; the loop works them through later.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import a history. Running it twice adds nothing; rows that cannot be used go to a file with the reason."""
    use(data)
    from dangol import importing
    from dangol.collect.files.steps import Choices, Watch

    columns = importing.columns_of(mapping or [])
    choices = Choices(columns, use_mapping, save_mapping, channel, marketing, whole_addresses)

    def shown(files: Any) -> None:
        if not as_json:
            print("\n".join(line for one in files for line in one.head()), flush=True)

    with progress(as_json) as step:
        report = importing.run(files, kind, choices, dry_run=dry_run, watch=Watch(step, shown), wait=not no_wait)
    show(report.as_json(), as_json, *report.lines(told=True))


@bench_app.command("ingest")
def bench_ingest(
    seconds: Annotated[float, typer.Option(help="How long to post.")] = 5.0,
    connections: Annotated[int, typer.Option(help="Connections at a time.")] = 128,
    batch: Annotated[int, typer.Option(help="Facts in one request.")] = 1,
    stored: Annotated[int, typer.Option(help="Facts of a year ago that are in the log before.")] = 0,
) -> None:
    """Facts a second taken durably over HTTP, as many as can be and half as many."""
    from dangol.bench import ingest

    print(json.dumps(ingest.run(seconds, connections, batch, stored)))


@bench_app.command("import")
def bench_import(
    rows: Annotated[int, typer.Option(help="Rows of the file that is made and imported.")] = 1_000_000,
    whole: Annotated[bool, typer.Option("--whole", help="Also work the facts through into customers' files.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the rows.")] = 1,
) -> None:
    """Rows a second of an import, and the memory it needs at most."""
    from dangol.bench import imports

    print(json.dumps(imports.run(rows, whole=whole, seed=seed)))


@bench_app.command("loop")
def bench_loop(
    facts: Annotated[int, typer.Option(help="Facts to turn into memberships.")] = 20_000,
    stored: Annotated[int, typer.Option("--customers-stored", help="Customers in the shop.")] = 20_000,
    active: Annotated[int, typer.Option(help="Whose the facts are.")] = 5_000,
    segments: Annotated[int, typer.Option(help="Active segments, at most 100.")] = 100,
    probes: Annotated[int, typer.Option(help="Single facts whose membership is timed, idle and under load.")] = 100,
    rate: Annotated[int, typer.Option(help="Facts a second of the load.")] = 2_000,
    seconds: Annotated[float, typer.Option(help="How long the load lasts.")] = 15.0,
    seed: Annotated[int, typer.Option(help="Seed of the facts.")] = 1,
    full: Annotated[bool, typer.Option("--full", help="A million customers; takes a quarter of an hour.")] = False,
) -> None:
    """Facts a second through identity, profile and segments, and the time from 200 to membership."""
    from dangol.bench import loop

    size = loop.Size(facts, stored, active, segments, probes, rate, seconds, seed=seed)
    print(json.dumps(loop.run(loop.FULL if full else size)))


@bench_app.command("flips")
def bench_flips(
    stored: Annotated[int, typer.Option("--customers-stored", help="Customers in the shop.")] = 1_000_000,
    segments: Annotated[int, typer.Option(help="Active segments, at most 100.")] = 100,
    flips: Annotated[int, typer.Option(help="Customers whom time takes out of a segment.")] = 2_000,
    rate: Annotated[int, typer.Option(help="How many a second.")] = 100,
) -> None:
    """How late customers leave a segment that time alone takes them out of."""
    from dangol.bench import flips as bench

    print(json.dumps(bench.run(stored, segments, flips, rate)))


@bench_app.command("live")
def bench_live(
    customers: Annotated[int, typer.Option(help="Customers in the shop.")] = 100_000,
    facts: Annotated[int, typer.Option(help="Facts of each.")] = 20,
    batch: Annotated[int, typer.Option(help="Facts in one turn.")] = 2_000,
    rounds: Annotated[int, typer.Option(help="Turns.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of what happens.")] = 1,
    unsummed: Annotated[bool, typer.Option("--unsummed", help="Long histories are not summed up.")] = False,
) -> None:
    """A hundred segments kept live: what a fact costs, what is due at an instant, and customers with long histories."""
    from dangol.bench import live

    print(json.dumps(live.run(customers, facts, batch, rounds, seed, summed=not unsummed)))


@bench_app.command("recommend")
def bench_recommend(
    customers: Annotated[int, typer.Option(help="Customers in the shop.")] = 20_000,
    products: Annotated[int, typer.Option(help="Products in the catalogue.")] = 2_000,
    questions: Annotated[int, typer.Option(help="Customers and products asked for.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Seed of what happens.")] = 1,
) -> None:
    """What recommending costs: a look through all orders, and saying what to show to one customer."""
    from dangol.bench import recommend

    print(json.dumps(recommend.run(customers, products, questions, seed)))


@bench_app.command("send")
def bench_send(
    messages: Annotated[int, typer.Option(help="Planned messages to hand over.")] = 20_000,
    signed: Annotated[bool, typer.Option("--signed", help="Sign each by DKIM with RSA-2048.")] = False,
    workers: Annotated[int, typer.Option(help="Delivery workers.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="The result is JSON all the same.")] = False,
) -> None:
    """Messages a second from the ledger to a mail server on this machine, which counts them."""
    from dangol.bench import send

    print(json.dumps(send.run(messages, signed=signed, workers=workers)))


@bench_app.command("broadcast")
def bench_broadcast(
    customers: Annotated[int, typer.Option(help="Customers the broadcast goes to.")] = 200_000,
    others: Annotated[int, typer.Option(help="Messages of another campaign that are due meanwhile.")] = 500,
) -> None:
    """Messages of a broadcast a second that are planned, and how long another campaign waits for it."""
    from dangol.bench import broadcast

    print(json.dumps(broadcast.run(customers, others)))


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


@bench_app.command("render")
def bench_render(
    play: Annotated[str, typer.Option(help="The play whose first message is rendered.")] = "abandoned-cart",
    messages: Annotated[int, typer.Option(help="Customers it is rendered for.")] = 5_000,
    seed: Annotated[int, typer.Option(help="Seed of what lies in their carts.")] = 1,
) -> None:
    """Messages a second that one core renders, compiled once: cart, counted links, footer, text part."""
    from dangol.bench import render

    print(json.dumps(render.run(play, messages, seed)))


@bench_app.command("value")
def bench_value(
    customers: Annotated[int, typer.Option(help="Simulated customers to learn from.")] = 10_000_000,
    compared: Annotated[int, typer.Option(help="Customers of the comparison with lifetimes, if installed.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed of the customers.")] = 1,
) -> None:
    """What learning when customers buy costs, alone and beside the package lifetimes."""
    from dangol.bench import value

    print(json.dumps(value.run(customers, compared, seed)))


@bench_app.command("segment-full")
def bench_segment_full(
    customers: Annotated[int, typer.Option(help="Customers.")] = 100_000,
    facts: Annotated[int, typer.Option(help="Facts of all of them.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="How often each way is asked.")] = 5,
    full: Annotated[bool, typer.Option("--full", help="A million customers with twenty million facts.")] = False,
) -> None:
    """A question over everybody beside DuckDB's SQL by hand over the same columns, and a new segment's birth."""
    from dangol.bench import segment_full

    size = (1_000_000, 20_000_000) if full else (customers, facts)
    print(json.dumps(segment_full.run(*size, rounds)))
