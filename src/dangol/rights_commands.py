"""Commands about the rights of persons."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dangol.terminal import AsJson, Data, customer_of, show, use

app = typer.Typer()


@app.command()
def export(
    customer: Annotated[str, typer.Argument(help="A customer id, or kind:value such as email:ann@example.com.")],
    data: Data = "data",
    to: Annotated[Path | None, typer.Option("--to", help="A file; standard output when left out.")] = None,
    form: Annotated[str, typer.Option("--format", help="json for programs, html for people.")] = "json",
    reason: Annotated[str, typer.Option(help="Why; kept in the log of accesses.")] = "asked for on the command line",
) -> None:
    """Copy everything about a person: every table that holds something, under its own name."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.base.errors import Fault, Invalid
    from dangol.privacy import steps as privacy
    from dangol.web import paper

    if form not in {"json", "html"}:
        raise Invalid([Fault("/format", repr(form), "json or html")])
    copy = privacy.copy_of(customer_of(customer), SystemClock().now(), privacy.Actor("command line"), reason)
    pieces = [paper.page(copy).encode()] if form == "html" else privacy.as_json(copy)
    with to.open("wb") if to else os.fdopen(os.dup(sys.stdout.fileno()), "wb") as file:
        file.writelines(pieces)
    if to:
        print(f"{to} holds everything about customer {copy.customer_id}.")


@app.command()
def doctor(data: Data = "data", as_json: AsJson = False) -> None:
    """Look whether the shop is whole: nobody changed the log of accesses, no erasure and no request is overdue."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.privacy import steps as privacy

    found = privacy.examine(SystemClock().now())
    marks = {True: "ok  ", False: "BAD "}
    show([one.as_json() for one in found], as_json, *(f"{marks[one.good]} {one.what}: {one.told}" for one in found))
    if not all(one.good for one in found):
        raise typer.Exit(1)


@app.command()
def forget(
    customer: Annotated[str, typer.Argument(help="A customer id, or kind:value such as email:ann@example.com.")],
    data: Data = "data",
    reason: Annotated[str, typer.Option(help="Why; kept in the log of accesses.")] = "asked for on the command line",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: there is no way back.")] = False,
    lift: Annotated[
        bool, typer.Option("--lift", help="Let an erased person's identifier be met again: they came back.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person: out of every table and file, and nothing that arrives later brings them back."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.privacy import steps as privacy

    if lift:
        kind, _, value = customer.partition(":")
        privacy.meet_again(kind, value, SystemClock().now(), privacy.Actor("command line"), reason)
        show({"lifted": kind}, as_json, "What arrives from now on makes a new customer.")
        return
    found = customer_of(customer)
    if not yes:
        typer.confirm(f"Erase customer {found} for good?", abort=True)
    erasure = privacy.forget(found, SystemClock().now(), actor=privacy.Actor("command line"), reason=reason)
    told = {"customer": str(found), "finished": erasure.finished_at is not None, "report": erasure.report}
    last = "Done." if erasure.finished_at else "The running server writes the files anew as soon as nobody holds them."
    show(told, as_json, *(f"{count:,} {what}" for what, count in erasure.report.items() if count), last)
