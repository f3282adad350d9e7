"""Every document stands by itself, and what it points to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import pages

MADE_LATER = {"images/console.png"}  # a picture is taken of a running console, not written


@pytest.mark.parametrize("path", pages.PAGES, ids=lambda path: path.name)
def test_relative_links_resolve(path: Path) -> None:
    page = path.read_text("utf-8")
    broken = []
    for link in pages.links(page):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, fragment = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if str(file).endswith(tuple(MADE_LATER)):
            continue
        if not file.exists() or (fragment and fragment not in pages.anchors(file.read_text("utf-8"))):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("path", pages.PAGES, ids=lambda path: path.name)
def test_a_document_names_no_place_outside_the_project(path: Path) -> None:
    page = path.read_text("utf-8")
    assert not re.findall(r"/(?:work|home|root|Users|tmp|mnt)/\S*", page), "a path of somebody's machine"
    assert not re.findall(r"\b(?:TODO|FIXME|XXX|TBD)\b", page)


def test_every_document_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [pages.ROOT / "README.md"]
    while todo:
        path = todo.pop()
        if path in seen or not path.exists() or path.suffix != ".md":
            continue
        seen.add(path)
        todo += [
            (path.parent / link.partition("#")[0]).resolve()
            for link in pages.links(path.read_text("utf-8"))
            if link.partition("#")[0] and ":" not in link
        ]
    assert set(pages.PAGES) <= seen
