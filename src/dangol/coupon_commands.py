"""Commands about offers and their codes: files checked and applied, codes made, brought and written out."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer

from dangol import filing
from dangol.terminal import AsJson, Data, show, use

app = typer.Typer(no_args_is_help=True, help="Offers and coupons: files, codes, what became of them.")
Files = Annotated[list[Path], typer.Argument(help="YAML or JSON files, one offer or more in each.")]
Offer = Annotated[str, typer.Argument(help="The offer's key.")]


@app.command("list")
def list_(data: Data = "data", as_json: AsJson = False) -> None:
    """Show every offer: codes that are free, issued and redeemed, and what they cost."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.base.money import Money
    from dangol.offer import shelves

    found = [
        {
            "key": one.offer.key, "name": one.offer.name, "free": one.free, "issued": one.issued,
            "redeemed": one.redeemed, "cost": " ".join(Money(one.cost, one.terms.currency).as_json().values()),
            "running_dry": one.running_dry, "archived": one.offer.archived_at is not None,
        }
        for one in shelves.all_of_them(SystemClock().now())
    ]  # fmt: skip
    lines = [
        f"{one['key']}: {one['issued']} issued, {one['redeemed']} redeemed, {one['free']} free, cost {one['cost']}"
        f"{', codes are running out' if one['running_dry'] else ''}{', archived' if one['archived'] else ''}"
        for one in found
    ]
    show(found, as_json, *(lines or ["There are no offers."]))


filing.add(
    app, "dangol.offer.folder", "offers",
    checks="Say whether offer files are right; every fault with its place.",
    applies="Save what offer files say; what was changed in the console meanwhile is told and left alone.",
)  # fmt: skip


@app.command("export")
def export(data: Data = "data", to: filing.To = None) -> None:
    """Write the offers that are not archived as YAML that reads back to the same ones."""
    use(data)
    from dangol.offer import folder, offers
    from dangol.web.writing import as_yaml

    texts = {row.key: as_yaml({"key": row.key, **folder.written(row)}) for row in offers.giving_now()}
    filing.write(texts, to, "offers")


@app.command("make")
def make(
    offer: Offer,
    count: Annotated[int, typer.Argument(help="How many codes.")],
    prefix: Annotated[str, typer.Option("--prefix", help="What each begins with.")] = "",
    data: Data = "data",
    as_json: AsJson = False,
) -> None:
    """Make codes of an offer."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.offer import offers

    batch = offers.order_batch(offer, count, SystemClock().now(), prefix=prefix, by="command line")
    while offers.make_some(batch.pk):
        pass
    show({"offer": offer, "batch": batch.pk, "made": count}, as_json, f"{count} codes of {offer} are made.")


@app.command("bring")
def bring(
    offer: Offer,
    file: Annotated[Path, typer.Argument(help="A text or CSV file, one code on a line.")],
    data: Data = "data",
    as_json: AsJson = False,
) -> None:
    """Take in codes that the shop's platform made; all of a file or, where one is wrong, none."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.offer import offers

    batch = offers.bring(offer, file.read_text("utf-8-sig"), SystemClock().now(), by="command line")
    show({"offer": offer, "batch": batch.pk, "brought": batch.wanted}, as_json, f"{batch.wanted} codes are in.")


@app.command("codes")
def codes(
    offer: Offer,
    to: Annotated[Path | None, typer.Option("--to", help="A CSV file; standard output else.")] = None,
    state: Annotated[str, typer.Option("--state", help="Only free, issued, redeemed, expired or void ones.")] = "",
    data: Data = "data",
) -> None:
    """Write an offer's codes as CSV, for the shop's platform. They are money: keep the file so."""
    use(data)
    from dangol.offer import offers, shelves

    row = offers.get(offer)
    with to.open("w", encoding="utf-8", newline="") if to else sys.stdout as out:
        writer = csv.writer(out)
        writer.writerow(shelves.COLUMNS)
        writer.writerows(map(shelves.as_columns, shelves.every_code(row, state)))
