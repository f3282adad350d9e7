"""Steps, ways in and ways out as sentences, in the page's language. What is not filled in yet shows as an ellipsis."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base import spans
from dangol.base.errors import Invalid
from dangol.segment import asking
from dangol.segment.parse import read_rule
from dangol.web import amounts
from dangol.web.journey import kinds, opening, repeats, waiting
from dangol.web.journey.fields import get, listed
from dangol.web.journey.places import Way
from dangol.web.wording import word

Json = Any
OPEN = "…"
LONGEST = 160
PUT_IN = re.compile(r"\{\{-?\s*([\w.]+)[^}]*\}\}")  # {{ customer.first_name | default: "you" }}
MARKS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def wait(step: Json) -> str:
    """What a step waits for before it acts; empty where it does not."""
    told = get(step, "wait")
    match waiting.kind_of(told):
        case "none":
            return ""
        case "span":
            return _("Wait {span}").format(span=_span(told))
        case "best_hour":
            return _("Wait until the customer’s best hour")
        case "date":
            return _("Wait until {day}").format(day=_day(told))
        case _:
            days = ", ".join(str(waiting.DAYS.get(day, day)) for day in listed(get(told, "days")))
            at = _("Wait until {hour}").format(hour=_text(get(told, "hour")))
            return f"{at} · {days}" if days else at


def act(step: Json) -> tuple[str, str]:
    """What a step does, and what is worth knowing of it."""
    kind = kinds.kind_of(step)
    if kind.key == "wait":
        return wait(step) or str(kind.label), ""
    told = get(step, "split" if kind.key == "shares" else kind.key)
    say = ACTS.get(kind.key)
    return say(told) if say else (str(kind.label), "")


def _send(told: Json) -> tuple[str, str]:
    reach = listed(get(told, "reach"))
    channels = " → ".join(word(str(one)) for one in reach) or word(str(get(told, "channel") or OPEN))
    variants = len(listed(get(told, "variants")))
    parts = [channels, word(str(get(told, "class") or ""))]
    if variants:
        parts.append(_("{count} variants").format(count=variants))
    if get(told, "topic"):
        parts.append(_("topic {key}").format(key=_text(get(told, "topic"))))
    if get(told, "survey"):
        parts.append(_("asks a question"))
    return _subject(told) or _("A message"), " · ".join(part for part in parts if part)


def _subject(told: Json) -> str:
    """The subject, or what is said first, as it is written."""
    first = get(told, "variants.0") if get(told, "variants") else told
    if get(first, "template"):
        return _("Template {name}").format(name=get(first, "template"))
    letters = get(first, "templates")
    language = (get_language() or "en")[:2]
    if not isinstance(letters, Mapping) or not letters:
        return ""
    letter = letters.get(language) or next(iter(letters.values()))
    said = next(
        (letter[name] for name in ("subject", "title", "text", "body") if isinstance(get(letter, name), str)), ""
    )
    return _without_marks(said)[:LONGEST]


def _without_marks(text: str) -> str:
    """A text of a template as people read it: what is put in by its name, in brackets; conditions left out."""
    named = PUT_IN.sub(lambda found: f"[{found[1].rpartition('.')[2].replace('_', ' ')}]", text)
    return " ".join(MARKS.sub("", named).split())


def _wait_for(told: Json) -> tuple[str, str]:
    span = _span(get(told, "within"))
    if get(told, "branches") is None:
        return _("Wait for: {what}").format(what=condition(told)), _("at most {span}").format(span=span)
    return _("Wait for what happens first"), _("at most {span}").format(span=span)


def _task(told: Json) -> tuple[str, str]:
    title = get(told, f"title.{(get_language() or 'en')[:2]}") or get(told, "title.en") or get(told, "title.ko")
    kind = str(kinds.TASKS.get(str(get(told, "kind") or ""), ""))
    return _("Staff: {title}").format(title=_text(title)), kind


def _conversation(told: Json) -> tuple[str, str]:
    return _task(told)[0], str(kinds.BY_KEY["conversation"].label)


def _change(told: Json) -> tuple[str, str]:
    traits = get(told, "traits")
    if traits is not None:
        names = traits if isinstance(traits, Mapping) else ()
        return _("Set {traits}").format(traits=", ".join(map(str, names)) or OPEN), ""
    if get(told, "list") is not None:
        text = _("Take off the list {key}") if get(told, "on") is False else _("Put on the list {key}")
        return text.format(key=_text(get(told, "list"))), ""
    if get(told, "topic") is not None:
        text = _("End the topic {key}") if get(told, "subscribed") is False else _("Subscribe to the topic {key}")
        return text.format(key=_text(get(told, "topic"))), ""
    return _("Take back the consent: {channel}").format(channel=word(_text(get(told, "consent.channel")))), ""


def _webhook(told: Json) -> tuple[str, str]:
    return _("Call {url}").format(url=_text(get(told, "url"))), _("signed; what it answers can be used from then on")


def _give(told: Json) -> tuple[str, str]:
    without = kinds.WITHOUT.get(str(get(told, "without") or "exit"), "")
    said = _("Give a coupon of {offer}").format(offer=_text(get(told, "offer")))
    return said, _("if there is none: {what}").format(what=without)


def _emit(told: Json) -> tuple[str, str]:
    return _("Tell the fact “{fact}”").format(fact=_text(get(told, "fact"))), ""


def _go_to(told: Json) -> tuple[str, str]:
    return _("Go on in the campaign {key}").format(key=_text(told)), ""


ACTS: dict[str, Callable[[Json], tuple[str, str]]] = {
    "send": _send,
    "ask": _send,
    "wait_for": _wait_for,
    "split": lambda told: (_("Which way?"), _("the first that holds")),
    "shares": lambda told: (_("Which way? By chance"), _("always the same for the same customer")),
    "task": _task,
    "conversation": _conversation,
    "change": _change,
    "webhook": _webhook,
    "give": _give,
    "emit": _emit,
    "go_to": _go_to,
    "exit": lambda told: (_("The campaign ends here"), ""),
}


def way(step: Json, one: Way) -> str:
    """When a way is gone."""
    if one.branch is None:
        if get(step, "wait_for") is not None:
            return _("None of it within {span}").format(span=_span(get(step, "wait_for.within")))
        return _("Everybody else")
    share = get(one.branch, "share")
    return _("{share} per cent").format(share=share) if share is not None else condition(one.branch)


def condition(told: Json) -> str:
    """A fact that arrives, or a rule that holds."""
    if get(told, "rule") is not None:
        return rule(get(told, "rule"))
    fact = _text(get(told, "fact"))
    asked = get(told, "where")
    if not asked:
        return fact
    said = rule({"event": fact, "where": asked})
    return fact if said == OPEN else said


def rule(where: Json) -> str:
    """A rule of the segment language in words."""
    try:
        read_rule(where, UTC)
        return asking.words(where, (get_language() or "en")[:2])
    except (Invalid, TypeError, KeyError, ValueError):
        return OPEN


def entry(definition: Json, segments: Mapping[str, Any]) -> tuple[str, str]:
    """How one comes in, and how often."""
    told = get(definition, "entry")
    key = get(told, "segment")
    whom = str(segments.get(str(key), key)) if key else OPEN
    match opening.way_in(definition):
        case "segment":
            said = _("Somebody enters {segment}").format(segment=whom)
        case "fact":
            said = condition(told)
        case "date":
            said = _day(told)
        case "schedule":
            said = _("{when}: who is in {segment}").format(when=_repeat(get(told, "schedule")), segment=whom)
        case "broadcast":
            at = _text(get(told, "broadcast")).replace("T", " ")
            said = _("Once, at {at}: who is in {segment}").format(at=at, segment=whom)
        case _:
            said = _("Another system says so")
    again = get(told, "again")
    how = "after" if isinstance(again, Mapping) else str(again or "each")
    return said, str(opening.AGAIN.get(how, ""))


def goal(definition: Json) -> tuple[str, str]:
    """What the campaign is for; empty where it says none."""
    told = get(definition, "goal")
    if told is None:
        return "", ""
    within = _("within {span}").format(span=_span(get(told, "within") or "7d"))
    stays = get(definition, "exit_on_goal") is False
    return condition(told), within if stays else f"{within} · {_('who reaches it hears no more')}"


def leaves(definition: Json) -> str:
    """When the campaign is left early; empty where it says nothing."""
    told = get(definition, "exit")
    return "" if told is None else condition(told)


def _repeat(rule: Json) -> str:
    told = repeats.parts(rule)
    if listed := repeats.days(rule):
        shown = ", ".join(listed[:3])
        return _("On {days} and {n} more").format(days=shown, n=len(listed) - 3) if len(listed) > 3 else shown
    if "text" in told:
        return _on_a_day(rule) or str(told["text"] or OPEN)
    days = ", ".join(str(repeats.BY_DAYS[day]) for day in told["days"])
    every = str(repeats.EVERY[told["every"]])
    said = (
        _("Every {unit}").format(unit=every)
        if told["interval"] == "1"
        else _("Every {n} × {unit}").format(n=told["interval"], unit=every)
    )
    return f"{said} ({days})" if days else said


def _on_a_day(rule: Json) -> str:
    """A rule that means one day of each month or year, in words; empty where it means something else."""
    found = repeats.one_day(rule)
    if found is None:
        return ""
    if found.month:
        return _("Every year on {day}").format(day=amounts.day_of_year(found.month, found.day, get_language()))
    if found.weekday:
        day = repeats.BY_DAYS[found.weekday]
        return _("Every month on {day} number {n}").format(day=day, n=found.nth)
    return _("Every month on day {n}").format(n=found.day)


def _day(told: Json) -> str:
    offset = _text(get(told, "offset")) if get(told, "offset") else ""
    shift = ""
    if offset:
        before = offset.startswith("-")
        span = _span(offset.removeprefix("-"))
        shift = (_("{span} before") if before else _("{span} after")).format(span=span)
    trait = _text(get(told, "date"))
    yearly = _("every year") if get(told, "yearly") is True else ""
    return " · ".join(part for part in (trait, shift, yearly) if part)


def _span(text: Json) -> str:
    found = spans.parse_span(text)
    return _text(text) if found is None else amounts.span(found, get_language() or "en")


def _text(value: Json) -> str:
    return OPEN if value in (None, "") else str(value)
