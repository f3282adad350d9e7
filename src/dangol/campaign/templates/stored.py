"""Templates that staff keep: saved, read, removed. Each state stays: a campaign sends what it was activated with.

In: shapes from the console and the API. Out: the texts of a version, partials put in.
Promise: what was refused changes nothing; a version never changes; a partial that changes makes new versions of those
who hold it, and is refused where it would break one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.base.turns import turn
from dangol.campaign.shape import KEY, Reader
from dangol.campaign.templates import partials, strict, variants
from dangol.campaign.templates.models import Template, TemplateVersion
from dangol.campaign.templates.partials import PartialFault

FIELDS = ("key", "name", "partial", "version", "templates", "source")


def put(key: str, shape: object, now: datetime, *, version: int | None = None) -> Template:
    """Save {"name", "templates": {language: texts}}, or a partial as {"name", "source"}.

    `version` is the one the change was made to, 0 where there was none; without it whatever is there is gone over.
    Raises Invalid; Conflict where another change came between.
    """
    with turn():
        found = Template.objects.filter(key=key).first()
        there = found.version if found is not None and found.removed_at is None else 0
        if version is not None and version != there and not (there and _is(found, shape)):
            told = f"has version {there}, not version {version}" if there else "is not there any more"
            raise Conflict(f"template {key} was changed meanwhile: it {told}")
        name, written, ready = _checked(key, shape, found)
        if found is None:
            found = Template(key=key, partial="source" in written, version=0, created_at=now)
        newest = None if found.version == 0 else newest_of(found)
        found.name, found.removed_at = name or found.name or key, None
        if newest is None or (newest.shape, newest.ready) != (written, ready):
            found.version, found.changed_at = found.version + 1, now
            found.save()
            TemplateVersion.objects.create(template=found, number=found.version, shape=written, ready=ready, at=now)
            if found.partial:
                _carry_over(key, now)
        else:
            found.save()
        return found


def _is(found: Template | None, shape: object) -> bool:
    """Whether the template says this already: who saves twice comes between nobody."""
    if found is None or not isinstance(shape, Mapping):
        return False
    said = {name: told for name, told in shape.items() if name in {"templates", "source"}}
    return bool(said == newest_of(found).shape and shape.get("name", found.name) == found.name)


def checked(shape: object, key: str = "-") -> dict[str, dict[str, str]]:
    """The texts of a shape that is not saved, partials put in; none of a partial. Raises Invalid with every fault."""
    _, _, ready = _checked(key if KEY.fullmatch(key) else "-", shape, None)
    return ready


def whole(key: str, source: str) -> str:
    """A partial that is not saved, and was checked, with those that it holds put in."""
    return partials.expanded(source, {**sources(), key: source})


def _checked(key: str, shape: object, found: Template | None) -> tuple[str, dict[str, Any], dict[str, Any]]:
    reader = Reader()
    told = reader.mapping(shape, "", FIELDS)
    if not KEY.fullmatch(key):
        reader.fault("/key", key, "1 to 64 of a-z, 0-9 and -")
    name = reader.text(told["name"], "/name", most=200) if told.get("name") else ""
    if found is not None and found.partial != ("source" in told) and isinstance(shape, Mapping):
        kind = "a partial: {source}" if found.partial else "an e-mail: {templates}"
        reader.fault("/source" if not found.partial else "/templates", "another kind of template", kind)
    if "source" in told:
        written: dict[str, Any] = {"source": _source(reader, key, told["source"])}
        ready: dict[str, Any] = {}
    else:
        written = {"templates": told.get("templates")}
        ready = variants.read(
            reader, with_partials(reader, told.get("templates"), sources(), "/templates"), "/templates"
        )
    if reader.faults:
        raise Invalid(reader.faults)
    return name, written, ready


def _source(reader: Reader, key: str, given: object) -> str:
    """A partial's source; its variables are judged where it is used, because they may be given to it there."""
    source = reader.text(given, "/source", most=strict.LONGEST)
    try:
        partials.expanded(source, {**sources(), key: source})
    except PartialFault as error:
        reader.fault("/source", str(error), "a partial that is there, and does not hold this one")
    found = strict.troubles_apart(source)
    if found:
        reader.fault("/source", "; ".join(one.said() for one in found[:5]), found[0].allowed)
    return source


def with_partials(reader: Reader, given: object, known: Mapping[str, str], at: str) -> object:
    """The same texts by language, every one with its partials in it; what cannot be put in is noted."""
    if not isinstance(given, Mapping):
        return given
    return {language: _variant(reader, told, f"{at}/{language}", known) for language, told in given.items()}


def _variant(reader: Reader, given: object, at: str, known: Mapping[str, str]) -> object:
    if not isinstance(given, Mapping):
        return given
    made = dict(given)
    for part in variants.PARTS:
        if isinstance(made.get(part), str):
            try:
                made[part] = partials.expanded(made[part], known)
            except PartialFault as error:
                reader.fault(f"{at}/{part}", str(error), "one of " + ", ".join(sorted(known)))
                made[part] = "-"
    return made


def _carry_over(partial: str, now: datetime) -> None:
    """New versions of the templates that hold a partial which has changed. Raises Invalid where it breaks one."""
    known, faults = sources(), []
    for found in Template.objects.filter(partial=False, removed_at=None):
        newest = newest_of(found)
        if partial not in _held(newest.shape, known):
            continue
        try:
            put(found.key, {"name": found.name, **newest.shape}, now)
        except Invalid as error:
            faults += [Fault("/source", f"{found.key}{one.path}: {one.found}", one.allowed) for one in error.faults]
    if faults:
        raise Invalid(faults)


def _held(shape: Mapping[str, Any], known: Mapping[str, str]) -> set[str]:
    """Every partial that a template holds, also within others."""
    texts = [text for told in shape["templates"].values() for text in told.values() if isinstance(text, str)]
    todo, found = {name for text in texts for name in partials.names(text)}, set[str]()
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= partials.names(known.get(name, "")) - found
    return found


def sources() -> dict[str, str]:
    """Partial → its newest source."""
    rows = Template.objects.filter(partial=True, removed_at=None)
    return {row.key: str(newest_of(row).shape["source"]) for row in rows}


def newest_of(found: Template) -> TemplateVersion:
    """The state that a template is in now."""
    return found.versions.get(number=found.version)


def version_of(key: str, number: int) -> TemplateVersion | None:
    """One state of a template, also of one that was removed; None where there is no such state."""
    return TemplateVersion.objects.filter(template__key=key, number=number).first()


def find(key: str) -> Template | None:
    """One template or partial; None where there is none."""
    return Template.objects.filter(key=key, removed_at=None).first()


def get(key: str) -> Template:
    """One template or partial. Raises NotFound."""
    found = find(key)
    if found is None:
        raise NotFound(f"no template is called {key}")
    return found


def everyone() -> list[Template]:
    """All templates and partials, by key."""
    return list(Template.objects.filter(removed_at=None).order_by("key"))


def remove(key: str, now: datetime) -> None:
    """Take a template out of what may be used; campaigns that run go on with it. Raises NotFound, Conflict."""
    with turn():
        found = get(key)
        users = [row.key for row in holding(key)] if found.partial else []
        if users:
            raise Conflict(f"these templates hold the partial {key}: {', '.join(users)}")
        found.removed_at = now
        found.save(update_fields=["removed_at"])


def holding(partial: str) -> list[Template]:
    """The templates that hold a partial."""
    known = sources()
    rows = Template.objects.filter(removed_at=None).exclude(key=partial).order_by("key")
    return [row for row in rows if partial in _any_held(newest_of(row).shape, known)]


def _any_held(shape: Mapping[str, Any], known: Mapping[str, str]) -> set[str]:
    return _held({"templates": {"": shape}} if "source" in shape else shape, known)
