"""What stands in the editor of a template, as a customer would read it: in a frame, in notes, in one's own mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Fault, Invalid
from dangol.campaign.templates import TemplateFault, stored
from dangol.deliver import previews
from dangol.deliver.previews import Preview
from dangol.web.page import Asked, show
from dangol.web.screens import templates
from dangol.web.security import MESSAGE_POLICY
from dangol.web.wording import hint_words, word
from dangol.web.writer import fault_words, written
from dangol.web.writer.fault_words import Told
from dangol.web.writer.written import Written


@dataclass(frozen=True, slots=True)
class Notes:
    """What there is to say about what stands in the editor."""

    faults: list[Told]
    partial: bool = False
    preview: Preview | None = None
    hints: list[tuple[str, str]] = field(default_factory=list)  # code, what it means


def look(request: Asked) -> HttpResponse:
    """What stands in the editor as the chosen customer would read it; for a frame of the page."""
    try:
        page = _preview(request, written.posted(request)).rendered.html
    except (Invalid, TemplateFault):
        page = ""
    response = HttpResponse(page)
    response["Content-Security-Policy"] = MESSAGE_POLICY
    return response


def notes(request: Asked) -> HttpResponse:
    """What is wrong, missing or worth a look in what stands in the editor."""
    told = written.posted(request)
    try:
        made = _preview(request, told)
    except Invalid as error:
        return show(request, "parts/template_notes.html", Notes(fault_words.told(error.faults)))
    except TemplateFault as error:
        return show(request, "parts/template_notes.html", Notes(fault_words.told([Fault("", str(error), "")])))
    hints = [(hint.code, hint_words(hint.code, hint.found)) for hint in made.hints]
    return show(request, "parts/template_notes.html", Notes([], told.partial, made, hints))


def test(request: Asked) -> HttpResponse:
    """Send what stands in the editor to whoever is signed in, and to nobody else."""
    told = written.posted(request)
    try:
        texts, event = stored.checked(written.alone(told), told.key), _event(told)
        sent = previews.send_test(texts, told.language, told.customer, event, request.user.email, request.now)
    except Invalid as error:
        return templates.editor(request, told, error.faults, status=422)
    except (TemplateFault, Conflict) as error:
        return templates.editor(request, told, [Fault("", str(error), "")], status=409)
    said = {"address": request.user.email, "state": word(sent.state)}
    messages.info(request, _("The test went to %(address)s: %(state)s") % said)
    return templates.editor(request, told)


def _event(told: Written) -> dict[str, object]:
    return previews.example(told.customer) if told.customer else {}


def _preview(request: Asked, told: Written) -> Preview:
    """Raises Invalid, TemplateFault."""
    texts = stored.checked(written.alone(told), told.key)
    if told.partial:
        return previews.of_partial(stored.whole(told.key, told.body), told.customer, _event(told), request.now)
    return previews.preview(texts, told.language, told.customer, _event(told), request.now)
