"""The documents as data: their tables, code blocks and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


def text(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def blocks(page: str) -> list[Block]:
    return [Block(language, body) for language, body in _FENCE.findall(page)]


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page)


def links(page: str) -> list[str]:
    return _LINK.findall(prose(page))


def anchors(page: str) -> set[str]:
    """The fragments that a page's headings answer to, as code hosts make them."""
    return {
        re.sub(r"[^\w\- ]", "", title.replace("`", "")).strip().lower().replace(" ", "-")
        for _, title in _HEADING.findall(prose(page))
    }


def section(page: str, heading: str) -> str:
    """The text under a heading, up to the next one of its rank."""
    marks = re.search(rf"^(#+) {re.escape(heading)}$", page, re.MULTILINE)
    assert marks, f"no heading {heading!r}"
    rest = page[marks.end() :]
    end = re.search(rf"^#{{1,{len(marks[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(page: str) -> list[list[str]]:
    """The cells of every table row of a text, headers left out."""
    lines = page.splitlines()
    found = []
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if line.startswith("|") and not _is_rule(line) and not _is_rule(following):
            found.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]])
    return found


def _is_rule(line: str) -> bool:
    return re.fullmatch(r"\|(\s*:?-+:?\s*\|)+", line.strip()) is not None


def code(page: str) -> list[str]:
    """What stands between backticks in a text, fenced blocks left out."""
    return re.findall(r"`([^`\n]+)`", prose(page))
