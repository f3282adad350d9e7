"""What commands about things as files share: checking and applying them, telling what became of them, writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from dangol.base.clock import SystemClock
from dangol.base.filed import Filed, paths
from dangol.terminal import AsJson, Data, show, use

Files = Annotated[list[Path], typer.Argument(help="YAML or JSON files.")]
Given = Annotated[list[Path] | None, typer.Argument(help="Files; those of the shop's folder when left out.")]
Force = Annotated[bool, typer.Option("--force", help="Also overwrite what was changed in the console.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, save nothing.")]
To = Annotated[Path | None, typer.Option("--to", help="A folder, one file for each; standard output else.")]
DRIFT = "left alone: it was changed in the console or over the API since its file was applied"


def add(app: typer.Typer, folder: str, things: str, *, checks: str, applies: str, new: str = "saved") -> None:
    """Add the commands `check` and `apply`. `folder`: the module with `FOLDER`, `compare` and `apply`, loaded when one
    of them is called; `new` says what becomes of a new one.
    """

    @app.command("check", help=checks)
    def check(files: Files, data: Data = "data", as_json: AsJson = False) -> None:
        use(data)
        tell_faults(import_module(folder).compare(files), as_json, f"All {things} are right.")

    @app.command("apply", help=applies)
    def apply(
        files: Given = None, data: Data = "data", force: Force = False, dry_run: DryRun = False, as_json: AsJson = False
    ) -> None:
        settings, shelf = use(data), import_module(folder)
        given = files or paths(settings.folder / shelf.FOLDER)
        found = shelf.compare(given) if dry_run else shelf.apply(given, SystemClock().now(), force=force)
        tell_applied(found, as_json, new, force=force)


def tell_faults(found: Sequence[Filed], as_json: bool, fine: str) -> None:
    """Every fault with its file; status 1 where there is one."""
    told = [{"file": str(one.path), **fault.as_json()} for one in found for fault in one.faults]
    lines = [f"{fault['file']}{fault['path']}: found {fault['found']}; allowed: {fault['allowed']}" for fault in told]
    show({"faults": told}, as_json, *(lines or [fine]))
    if told:
        raise typer.Exit(1)


def tell_applied(found: Sequence[Filed], as_json: bool, new: str, *, force: bool) -> None:
    """How each stood, and so what was done; `new` says what becomes of a new one. Status 1 where one has a fault."""
    if any(one.faults for one in found):
        tell_faults(found, as_json, "")
    words = {"new": new, "same": "as it was", "changed": "saved", "drift": "overwritten" if force else DRIFT}
    told = [{"file": str(one.path), "key": one.key, "standing": one.standing} for one in found]
    show(told, as_json, *(f"{one.key}: {words[one.standing]}" for one in found))


def write(texts: Mapping[str, str], to: Path | None, what: str) -> None:
    """Texts by key: to a folder, a file for each, or all to the standard output."""
    if to is None:
        print("---\n".join(texts.values()), end="")
        return
    to.mkdir(parents=True, exist_ok=True)
    for key, text in texts.items():
        (to / f"{key}.yaml").write_text(text, "utf-8")
    print(f"{len(texts)} {what} are in {to}.")
