"""The editor of a campaign: each change is asked of the shop and comes back as the whole flow; saving keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, DangolError, Fault, Invalid, NotFound
from dangol.campaign import contents
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.campaign.templates import stored
from dangol.offer import offers
from dangol.profile import topics
from dangol.segment import lists
from dangol.segment import reads as segment
from dangol.web.builder import vocabulary
from dangol.web.builder.controls import Words, said
from dangol.web.builder.texts import TEXTS
from dangol.web.journey import editing, fields, flow, kinds, letters, opening, places, repeats, sentences, waiting
from dangol.web.journey.editing import Edited
from dangol.web.journey.fields import Shown
from dangol.web.journey.kinds import Kind
from dangol.web.page import Asked, go, show, wants_part
from dangol.web.screens.campaigns import counts_of
from dangol.web.wording import campaign_name, overtaken, segment_name, word

MOST_TEXT = 800_000
REFUSED = 422
BEGINS: dict[str, Any] = {"entry": {"segment": ""}, "holdout_percent": 10, "steps": []}


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere a step may be moved to."""

    to: str
    label: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a campaign was not saved."""

    faults: Sequence[Fault] = ()
    why: str = ""  # where no fault says it
    overtaken: bool = False  # somebody else saved meanwhile


@dataclass(frozen=True, slots=True)
class EditPage:
    """A campaign being edited; `key` is empty for a new one."""

    key: str
    version: int
    edited: Edited
    text: str  # the definition as JSON
    nodes: list[flow.Node]
    form: list[Shown]
    entry: tuple[str, str]
    goal: tuple[str, str]
    leaves: str
    holdout: Any
    kinds: list[Kind]
    targets: list[Place]
    to_do: list[flow.ToDo]
    strays: list[str]  # what is wrong where no control of the open form is
    builder: Mapping[str, Any]  # what the scripts of rules start from
    running: bool
    letter: list[str]  # languages of the letter whose form is open
    why: str  # why nothing was saved, where no fault says it
    overtaken: bool  # somebody else saved meanwhile
    every: Words = field(default_factory=lambda: repeats.EVERY)
    by_days: Words = field(default_factory=lambda: repeats.BY_DAYS)
    units: Words = field(default_factory=lambda: waiting.UNITS)


def new(request: Asked) -> HttpResponse:
    """A new one; `segment` names who shall come in."""
    definition = BEGINS | {"entry": {"segment": request.GET.get("segment", "")[:64]}}
    return _show(request, "", 0, Edited("", definition, open=opening.ENTRY))


def edit(request: Asked, key: str) -> HttpResponse:
    found = campaign.get(key)
    opened = places.place_of(found.definition, request.GET.get("step", "")[:64])
    return _show(request, key, found.version, Edited(campaign_name(found), found.definition, open=opened))


def change(request: Asked) -> HttpResponse:
    """What was typed is written down, one change is made, and the flow comes back. Nothing is saved."""
    edited, known = typed(request), _known()
    edited = editing.change(edited, request.POST.get("do", ""), request.POST.get, known)
    return _show(request, request.POST.get("key", ""), _version(request), edited)


def save(request: Asked) -> HttpResponse:
    """Keep what the editor holds. What is refused stays in it, with what is wrong."""
    edited, key = typed(request), request.POST.get("key", "")
    shape = {"name": edited.name, "definition": edited.definition}
    try:
        if not edited.name:
            raise Invalid([Fault("/name", "", "a name")])
        apply_to = "new" if request.POST.get("apply_to") == "new" else "all"
        saved = campaign.put(
            key or _free_key(edited.name), shape, request.now, apply_to=apply_to, version=_version(request) or None
        )
    except Invalid as error:
        return _show(request, key, _version(request), edited, Refused(list(error.faults)))
    except DangolError as error:
        return _overtaken(request, key, edited, error)
    messages.success(request, _("Saved."))
    return _gone(request, saved)


def _overtaken(request: Asked, key: str, edited: Edited, error: DangolError) -> HttpResponse:
    """Nothing was saved. Where somebody else saved meanwhile the next save may go over that, now that it is told."""
    found = _campaign(key)
    if isinstance(error, Conflict) and found and found.version != _version(request):
        return _show(
            request, key, found.version, edited, Refused(why=overtaken(found, _version(request)), overtaken=True)
        )
    return _show(request, key, _version(request), edited, Refused(why=str(error)))


def _gone(request: Asked, saved: Campaign) -> HttpResponse:
    if not wants_part(request):
        return go("campaign", saved.key)
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("campaign", args=[saved.key])})


def typed(request: Asked) -> Edited:
    """What the editor holds, with what was typed into the open form."""
    try:
        definition = json.loads(request.POST.get("definition", "")[:MOST_TEXT] or "{}")
    except (ValueError, RecursionError):
        definition = {}
    name = request.POST.get("name", "").strip()[:200]
    edited = Edited(name, definition if isinstance(definition, dict) else {}, open=request.POST.get("open", ""))
    return editing.typed(edited, request.POST.get, _known())


def _version(request: Asked) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _free_key(name: str) -> str:
    """A key out of the name that no campaign has."""
    wish = slugify(name)[:50] or "campaign"
    return places.free_key(wish, {one.key for one in campaign.everyone()})


def _known() -> dict[str, Words]:
    """What the choices of the forms offer."""
    return {
        "segments": {"": _("Choose …"), **{one.key: segment_name(one) for one, _size in segment.active()}},
        "lists": {"": _("Choose …"), **{one.key: one.name for one in lists.everything()}},
        "topics": {one.key: topics.called(one, get_language() or "en") for one in topics.everything()},
        "offers": {"": _("Choose …"), **{one.key: one.name for one in offers.giving_now()}},
        "campaigns": {"": _("Choose …"), **{one.key: campaign_name(one) for one in campaign.everyone()}},
        "templates": {one.key: one.name for one in stored.everyone() if not one.partial},
        "channels": {one: word(one) for one in contents.channels()},
    }


def _show(request: Asked, key: str, version: int, edited: Edited, refused: Refused | None = None) -> HttpResponse:
    page = _page(key, version, edited, refused or Refused())
    if wants_part(request):
        return show(request, "parts/journey.html", page)
    return show(request, "journey_edit.html", page, REFUSED if refused else 200)


def _page(key: str, version: int, edited: Edited, refused: Refused) -> EditPage:
    known, found = _known(), _campaign(key)
    faults = flow.faults_of(edited.definition)
    wrong = faults + _others(refused.faults, {one.path for one in faults})
    shape, place, controls = editing.form_of(edited, known)
    form = fields.show(controls, shape, place, flow.by_pointer(_below(wrong, edited.open)))
    shown = {text for one in form for text in one.faults}
    return EditPage(
        key=key,
        version=version,
        edited=edited,
        text=json.dumps(edited.definition, ensure_ascii=False),
        nodes=flow.nodes(edited.definition, counts_of(found) if found else {}, wrong),
        form=form,
        entry=sentences.entry(edited.definition, known["segments"]),
        goal=sentences.goal(edited.definition),
        leaves=sentences.leaves(edited.definition),
        holdout=edited.definition.get("holdout_percent", 0),
        kinds=kinds.known(),
        targets=_targets(edited.definition, edited.open),
        to_do=flow.to_do(edited.definition, wrong),
        strays=[text for text in _told(_below(wrong, edited.open)) if text not in shown],
        builder=_builder(),
        running=bool(found and found.activated_at),
        letter=_languages(shape),
        why=refused.why,
        overtaken=refused.overtaken,
    )


def _languages(shape: Any) -> list[str]:
    """The languages in which the open step says something by e-mail; the console's where a template does."""
    told = fields.get(shape, "send") or fields.get(shape, "ask")
    if not isinstance(told, Mapping) or told.get("channel") != "email":
        return []
    return [one for one in letters.languages(told) if told.get("template") or fields.get(told, f"templates.{one}")]


def _others(refused: Iterable[Fault], known: set[str]) -> list[Fault]:
    """What saving found beside what the definition's reader finds: references, names, another version."""
    bare = [Fault(one.path.removeprefix("/definition"), one.found, one.allowed) for one in refused]
    return [fault for fault in bare if fault.path not in known]


def _told(faults: list[Fault]) -> list[str]:
    return [text for texts in flow.by_pointer(faults).values() for text in texts]


def _below(faults: list[Fault], opened: str) -> list[Fault]:
    """The faults of the open form: those of a step, not of the steps below it."""
    return [fault for fault in faults if _is_open(fault, opened)]


def _is_open(fault: Fault, opened: str) -> bool:
    return flow.opened_for(fault.path) == opened


def _targets(definition: Any, opened: str) -> list[Place]:
    """Every place that the open step may be moved to."""
    if not opened.startswith("/"):
        return []
    found = []
    for way in places.lists(definition):
        if way.place.startswith(opened + "/"):
            continue
        label = f"{_('on the way')} “{way.name}”: " if way.name else ""
        for number, step in enumerate([*way.steps, None]):
            before = sentences.act(step)[0] if isinstance(step, dict) else ""
            told = f"{label}{_('before')} “{before}”" if step is not None else f"{label}{_('at the end')}"
            found.append(Place(f"{opened}@{way.place}@{number}", told))
    return found


def _campaign(key: str) -> Campaign | None:
    try:
        return campaign.get(key) if key else None
    except NotFound:
        return None


def _builder() -> Mapping[str, Any]:
    return {
        "language": vocabulary.as_json(),
        "texts": said(TEXTS),
        "addresses": {"suggest": reverse("segment-suggest")},
    }
