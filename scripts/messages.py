"""Keeps the console's Korean catalog: finds every text of templates and code, and says what is not translated.

scripts/messages.py            brings the .po files up to date; texts that are new wait there for a translation
scripts/messages.py --check    changes nothing; status 1 where a text is missing, untranslated or no longer used
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

WEB = Path(__file__).parent.parent / "src" / "dangol" / "web"
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "gettext_noop": None, "lazy": None}
HEADER_NOISE = re.compile(r'"(Report-Msgid|POT-Creation|PO-Revision|Last-Translator|Language-Team|Generated-By)')
TEXT = re.compile(r"\b(?:n?gettext|_)\(")


def found() -> Catalog:
    """Every text of the console and where it stands."""
    catalog = Catalog(project="Dangol", charset="utf-8")
    for path in sorted([*WEB.rglob("*.py"), *WEB.rglob("*.html")]):
        if "migrations" in path.parts:
            continue
        for line, text in _texts(path):
            catalog.add(text, locations=[(str(path.relative_to(WEB)), line)])
    return catalog


def _texts(path: Path) -> Iterator[tuple[int, str | tuple[str, ...]]]:
    if path.suffix == ".py":
        for line, text, _comments, _context in extract("python", BytesIO(path.read_bytes()), keywords=KEYWORDS):
            yield line, text
        return
    for number, line in enumerate(templatize(path.read_text("utf-8"), origin=str(path)).splitlines(), start=1):
        if TEXT.search(line):
            for _line, text, _comments, _context in extract(
                "python", BytesIO(line.strip().encode()), keywords=KEYWORDS
            ):
                yield number, text


def faults(catalog: Catalog, wanted: Catalog) -> list[str]:
    """What is wrong with a language's catalog."""
    known = {message.id: message for message in catalog if message.id}
    texts = {message.id for message in wanted if message.id}
    return [
        *(f"missing: {text!r}" for text in texts - set(known)),
        *(f"not used: {text!r}" for text in set(known) - texts),
        *(f"not translated: {text!r}" for text, message in known.items() if not _said(message.string)),
        *(f"fuzzy: {text!r}" for text, message in known.items() if message.fuzzy),
        *(f"other placeholders: {text!r}" for text, message in known.items() if not _same_places(text, message.string)),
    ]


def _said(text: str | tuple[str, ...]) -> bool:
    return all(text) if isinstance(text, tuple) else bool(text)


def _same_places(text: str | tuple[str, ...], said: str | tuple[str, ...]) -> bool:
    """Whether a translation names only places that the text has."""
    there, used = (
        set(re.findall(r"%\((\w+)\)s", " ".join(one) if isinstance(one, tuple) else one)) for one in (text, said)
    )
    return used <= there


def _written(catalog: Catalog) -> str:
    """As a .po file, without the header lines that change at every run and say nothing."""
    out = BytesIO()
    write_po(out, catalog, width=120, sort_output=True, include_lineno=False)
    lines = out.getvalue().decode().lstrip().splitlines(keepends=True)
    return "".join(line for line in lines if not HEADER_NOISE.match(line))


def main() -> int:
    wanted, wrong = found(), 0
    for path in sorted((WEB / "locale").glob("*/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.parent.parent.name)
        if "--check" in sys.argv[1:]:
            for fault in faults(catalog, wanted):
                wrong = 1
                print(f"{path}: {fault}")
            continue
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        path.write_text(_written(catalog), "utf-8")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
