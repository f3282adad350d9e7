"""What every command needs: the shop it is about, a way to show what came of it, a bar for what takes long."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from dangol import __version__
from dangol.base.errors import Misconfigured
from dangol.base.settings import Settings, load

Data = Annotated[str, typer.Option("--data", envvar="DANGOL_DATA", help="The shop's data folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


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

    from dangol.base import versions

    ahead, behind = versions.ahead(), versions.behind()
    connection.close()
    if ahead:
        raise Misconfigured(f"{data} was written by a newer Dangol than {__version__}; install that one")
    if behind:
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


def customer_of(text: str) -> int:
    """The customer whom an id or kind:value names. Raises NotFound."""
    from dangol.base.errors import NotFound
    from dangol.identity import steps as identity

    kind, colon, value = text.partition(":")
    found = identity.find(kind, value) if colon else identity.current(int(text)) if text.isdecimal() else None
    if found is None:
        raise NotFound(f"no customer is known as {text}")
    return found


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
