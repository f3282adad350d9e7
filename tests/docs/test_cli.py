"""docs/cli.md lists every command and every flag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from dangol.cli import app
from tests.docs import pages

PAGE = pages.text("cli.md")


def commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command under a group with its full name."""
    for key, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {key}")
        else:
            yield f"{name} {key}", command


ALL = dict(commands(typer.main.get_command(app), "dangol"))


def flags(command: Any) -> set[str]:
    return {flag for parameter in command.params for flag in parameter.opts if flag.startswith("--")} - {"--help"}


def test_every_command_is_listed_and_no_other() -> None:
    table = PAGE[: PAGE.index("\n## ")]
    assert sorted(pages.code(row[0])[0] for row in pages.rows(table)) == sorted(ALL)


@pytest.mark.parametrize("name", ALL)
def test_every_flag_is_listed(name: str) -> None:
    if not flags(ALL[name]):
        return
    heading = next((f"`{h}`" for h in (name, name.rsplit(" ", 1)[0]) if f"\n## `{h}`\n" in PAGE), None)
    assert heading, f"no section about {name}"
    documented = {code for row in pages.rows(pages.section(PAGE, heading)) for cell in row for code in pages.code(cell)}
    assert flags(ALL[name]) <= documented


@pytest.mark.parametrize("name", ALL)
def test_examples_name_flags_that_exist(name: str) -> None:
    for path in pages.PAGES:
        for block in pages.blocks(path.read_text("utf-8")):
            for line in block.text.splitlines() if block.language == "sh" else []:
                words = line.split("#")[0].replace(".venv/bin/", "").split()
                if words[: len(name.split())] == name.split():
                    assert {word for word in words if word.startswith("--")} <= flags(ALL[name]) | {"--help"}, line
