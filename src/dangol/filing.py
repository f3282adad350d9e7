"""What commands about segments and campaigns as files share: telling faults, telling what was saved, writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from dangol.base.filed import Filed
from dangol.terminal import show

Given = Annotated[list[Path] | None, typer.Argument(help="Files; those of the shop's folder when left out.")]
Force = Annotated[bool, typer.Option("--force", help="Also overwrite what was changed in the console.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, save nothing.")]
To = Annotated[Path | None, typer.Option("--to", help="A folder, one file for each; standard output else.")]
DRIFT = "left alone: it was changed in the console or over the API since its file was applied"


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
