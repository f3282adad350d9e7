"""Which states of kept templates and partials a campaign sends: fixed when it is saved or activated.

In: definitions as they were written. Out: the same with `template_version` and `partials` beside what they name, and
the texts of a message that says so.
Promise: what was fixed is sent, whatever is changed or removed later; a number is one of the template beside it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from dangol.base.errors import Fault, Invalid
from dangol.campaign.shape import Reader
from dangol.campaign.templates import partials, stored, variants
from dangol.campaign.templates.models import Template, TemplateVersion

Texts = Mapping[str, Mapping[str, str]]  # language → subject, html or mjml …
SENDS = re.compile(r"/(send|ask)(/email|/variants/[^/]+)?$")  # where a step says what an e-mail consists of
ALLOWED = "the key of a template that is kept"


def pinned(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign's definition in which every send names the versions of the template or the partials it consists of:
    the newest, unless one stands there. Raises Invalid, with the place, for what is not there or does not fit.
    """
    faults: list[Fault] = []
    found = _pinned(definition, "/definition", faults)
    if faults:
        raise Invalid(faults)
    return dict(found)


def without_leftovers(definition: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A definition without the numbers that were fixed, at the same step, for another template than it names now."""
    was = {place: (send.get("template"), send.get("template_version")) for place, send in _sends(before)}
    now = {place: send for place, send in _sends(definition) if send.get("template_version")}
    leftovers = [
        id(send)
        for place, send in now.items()
        if was.get(place, (None, None))[1] == send["template_version"] and was[place][0] != send.get("template")
    ]
    return dict(_without(definition, leftovers))


def _without(given: Any, leftovers: Collection[int]) -> Any:
    if isinstance(given, list):
        return [_without(one, leftovers) for one in given]
    if not isinstance(given, Mapping):
        return given
    drop = "template_version" if id(given) in leftovers else None
    return {name: _without(value, leftovers) for name, value in given.items() if name != drop}


def _sends(given: Any, at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every send by its place; steps and variants are named by their keys, so that moving one changes no place."""
    if isinstance(given, list):
        for number, one in enumerate(given):
            key = one.get("key", number) if isinstance(one, Mapping) else number
            yield from _sends(one, f"{at[: at.rfind('/steps')] if at.endswith('/steps') else at}/{key}")
    elif isinstance(given, Mapping):
        if SENDS.search(at):
            yield at, given
        for name, value in given.items():
            yield from _sends(value, f"{at}/{name}")


def _pinned(given: Any, at: str, faults: list[Fault]) -> Any:
    if isinstance(given, list):
        return [_pinned(one, f"{at}/{index}", faults) for index, one in enumerate(given)]
    if not isinstance(given, Mapping):
        return given
    found = {name: _pinned(value, f"{at}/{name}", faults) for name, value in given.items()}
    if not SENDS.search(at):
        return found
    if isinstance(given.get("template"), str):
        return _kept(found, at, faults)
    return _with_partials(found, at, faults)


def _kept(send: dict[str, Any], at: str, faults: list[Fault]) -> dict[str, Any]:
    """A send of a kept template, with its version."""
    row = Template.objects.filter(key=send["template"], partial=False).first()
    wanted = send.get("template_version") or (row.version if row and row.removed_at is None else None)
    if row is None or wanted is None:
        faults.append(Fault(f"{at}/template", send["template"], ALLOWED))
    elif not row.versions.filter(number=wanted).exists():
        allowed = f"a version of {row.key}: 1 to {row.version}; without one the newest is taken"
        faults.append(Fault(f"{at}/template_version", str(wanted), allowed))
    return {**{name: value for name, value in send.items() if name != "partials"}, "template_version": wanted}


def _with_partials(send: dict[str, Any], at: str, faults: list[Fault]) -> dict[str, Any]:
    """A send of its own texts, with the versions of the partials that they hold."""
    rest = {name: value for name, value in send.items() if name != "partials"}
    texts = send.get("templates")
    if not isinstance(texts, Mapping) or not _named(texts):
        return rest
    reader = Reader()
    _, versions = _whole(reader, texts, send.get("partials") or {}, f"{at}/templates")
    faults += reader.faults
    return {**rest, "partials": versions}


# --- the texts of messages ------------------------------------------------------------------------------------------


def whole(texts: Texts, pins: Mapping[str, int]) -> Texts:
    """A letter's own texts with their partials in them: in these versions, the newest of those that are not named.

    Raises Invalid.
    """
    reader = Reader()
    found, _ = _whole(reader, texts, pins, "/templates")
    if reader.faults:
        raise Invalid(reader.faults)
    return found


def _whole(reader: Reader, texts: Texts, pins: Mapping[str, int], at: str) -> tuple[Texts, dict[str, int]]:
    known, versions = _sources(_named(texts), pins)
    return variants.read(reader, stored.with_partials(reader, texts, known, at), at), versions


def _named(texts: Mapping[str, Any]) -> set[str]:
    """The partials that a letter's texts ask for themselves."""
    told = [text for letter in texts.values() if isinstance(letter, Mapping) for text in letter.values()]
    return {name for text in told if isinstance(text, str) for name in partials.names(text)}


def _sources(wanted: Collection[str], pins: Mapping[str, int]) -> tuple[dict[str, str], dict[str, int]]:
    """The sources of these partials and of those within them, and their versions; without those that are not there."""
    known: dict[str, str] = {}
    versions: dict[str, int] = {}
    todo, seen = set(wanted), set(wanted)
    while todo:
        name = todo.pop()
        row = Template.objects.filter(key=name, partial=True).first()
        number = pins.get(name) or (row.version if row and row.removed_at is None else 0)
        state = stored.version_of(name, number) if row else None
        if state is not None:
            known[name], versions[name] = str(state.shape["source"]), number
            todo |= partials.names(known[name]) - seen
            seen |= todo
    return known, dict(sorted(versions.items()))


def texts_of(messages: Sequence[Mapping[str, Any]]) -> list[Texts]:
    """The texts of each message as the ledger keeps it, partials put in; in one query."""
    wanted = {one for message in messages for one in _states(message)}
    rows = TemplateVersion.objects.filter(template__key__in={key for key, _ in wanted}).filter(
        number__in={number for _, number in wanted}
    )
    found = {(row.template.key, row.number): row for row in rows.select_related("template")} if wanted else {}
    return [_said(message, found) for message in messages]


def _states(message: Mapping[str, Any]) -> list[tuple[str, int]]:
    if message.get("template"):
        return [(message["template"], message["version"])]
    return list((message.get("partials") or {}).items())


def _said(message: Mapping[str, Any], found: Mapping[tuple[str, int], TemplateVersion]) -> Texts:
    if message.get("template"):
        state = found.get((message["template"], message["version"]))
        return state.ready if state else {}
    texts: Texts = message.get("templates") or {}
    if not message.get("partials"):
        return texts
    held = [(name, str(found[name, number].shape["source"])) for name, number in _states(message)]
    known = tuple(sorted(held))
    return {
        language: {part: _expanded(text, known) for part, text in letter.items()} for language, letter in texts.items()
    }


@lru_cache(maxsize=256)
def _expanded(text: str, known: tuple[tuple[str, str], ...]) -> str:
    return partials.expanded(text, dict(known))
