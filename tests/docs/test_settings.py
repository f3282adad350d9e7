"""docs/settings.md lists every setting as it is."""

from __future__ import annotations

from dataclasses import fields

from dangol.base.settings import Settings
from tests.docs import pages


def shown(value: object) -> str:
    told = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{told}`" if told else "empty"


def test_the_list_of_settings_is_complete_and_true() -> None:
    documented = pages.rows(pages.section(pages.text("settings.md"), "The list"))
    assert documented == [
        [f"`{f.name}`", f"`DANGOL_{f.name.upper()}`", shown(f.default), f.metadata["help"]] for f in fields(Settings)
    ]


def test_settings_named_elsewhere_exist() -> None:
    known = {f.name for f in fields(Settings)}
    named = {
        cell for row in pages.rows(pages.section(pages.text("operations.md"), "Limits")) for cell in pages.code(row[2])
    }
    assert named
    assert named <= known
