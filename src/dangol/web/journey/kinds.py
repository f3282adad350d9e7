"""The kinds of steps: what each is called, how a new one begins, and the controls of its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.campaign import contents
from dangol.web.builder.controls import Words
from dangol.web.journey import conditions, letters, waiting
from dangol.web.journey.fields import Field, get, listed

Json = Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of step."""

    key: str
    label: Any
    icon: str
    tone: str  # entry, wait, split, send, goal, do: how it is coloured
    begins: Mapping[str, Json]  # a new step, but for its key
    says: Any  # what it does, in half a sentence


STATES: Words = {"withdrawn": _("withdrawn"), "denied": _("denied")}
TASKS: Words = {
    "": _("something to do"),
    "call": _("a call"),
    "letter": _("a letter"),
    "visit": _("a visit"),
    "check": _("something to check"),
    "other": _("something else"),
}
WITHOUT: Words = {"exit": _("leave the campaign"), "continue": _("go on without a coupon")}
CHANGES: Words = {
    "traits": _("what is known of the customer"),
    "list": _("a list"),
    "topic": _("a topic"),
    "consent": _("a consent, taken back"),
}
WAIT_FOR = {"branches": [{"key": "happened", "fact": "Order Completed", "steps": []}], "within": "3d"}
BY_RULE = {"branches": [{"key": "yes", "rule": {"event": "Order Completed"}, "steps": []}]}
BY_CHANCE = {"shares": [{"key": "a", "share": 50, "steps": []}, {"key": "b", "share": 50, "steps": []}]}
KINDS = (
    Kind("wait", _("Wait"), "clock", "wait", {"wait": "1d"}, _("until some time has passed")),
    Kind(
        "send",
        _("Send a message"),
        "mail",
        "send",
        {"send": {"channel": "email", "class": "marketing", "templates": {}}},
        _("on any channel"),
    ),
    Kind("wait_for", _("Wait for something"), "eye", "wait", {"wait_for": WAIT_FOR}, _("a fact or a rule")),
    Kind("split", _("Split by rules"), "split", "split", {"split": BY_RULE}, _("different ways for different people")),
    Kind("shares", _("Split by chance"), "split", "split", {"split": BY_CHANCE}, _("to try two ways")),
    Kind(
        "ask",
        _("Ask a survey"),
        "smile",
        "send",
        {"ask": {"channel": "email", "class": "transactional", "survey": "csat", "templates": {}}},
        _("how satisfied are they"),
    ),
    Kind("task", _("Task for staff"), "check", "do", {"task": {"title": {}}}, _("a call, a letter, a visit")),
    Kind(
        "conversation",
        _("Open a conversation"),
        "people",
        "do",
        {"conversation": {"title": {}}},
        _("a person takes over"),
    ),
    Kind("change", _("Change the customer"), "edit", "do", {"change": {"traits": {}}}, _("a trait, a list, a topic")),
    Kind("give", _("Give a coupon"), "gift", "do", {"give": {"offer": ""}}, _("a code of an offer, for one customer")),
    Kind("webhook", _("Call another system"), "code", "do", {"webhook": {"url": "https://"}}, _("signed")),
    Kind("emit", _("Tell a fact"), "dot", "do", {"emit": {"fact": ""}}, _("other campaigns may listen")),
    Kind("go_to", _("Go to another campaign"), "right", "goal", {"go_to": ""}, _("this one ends here")),
    Kind("exit", _("End here"), "flag", "goal", {"exit": True}, _("nothing comes behind")),
)  # fmt: skip
BY_KEY = {kind.key: kind for kind in KINDS}
ACTS = ("send", "wait_for", "ask", "task", "conversation", "change", "give", "webhook", "emit", "go_to", "exit")


def known() -> list[Kind]:
    """The kinds that this version of the language has, in the order in which they are offered."""
    from dangol.campaign.parsing import ACTS as SPOKEN  # noqa: PLC0415 - the language's own list

    return [kind for kind in KINDS if kind.key in ("wait", "shares") or kind.key in SPOKEN]


def kind_of(step: Json) -> Kind:
    """What kind of step this is; one without an act waits."""
    if isinstance(step, Mapping):
        if "split" in step:
            return BY_KEY["shares" if get(step, "split.shares") is not None else "split"]
        for act in ACTS:
            if act in step:
                return BY_KEY[act]
    return BY_KEY["wait"]


def fields_of(step: Json, known: Mapping[str, Words]) -> Sequence[Field]:
    """The controls of a step's form; `known` are the segments, lists, campaigns … that there are, by kind."""
    kind = kind_of(step).key
    first = [Field("key", "text", _("Key"), hint=_("for results, files and the API"))]
    own = FORMS[kind](step, known) if kind in FORMS else []
    wait = waiting.fields(step, optional=kind != "wait")
    return [*wait, *own, *first]


def _wait_for(step: Json, known: Mapping[str, Words]) -> list[Field]:
    first = [Field("wait_for.within", "span", _("At most"))]
    if get(step, "wait_for.branches") is None:
        return first + conditions.fields("wait_for", step, matches=True)
    return first + _branches("wait_for.branches", step, facts=True)


def _split(step: Json, known: Mapping[str, Words]) -> list[Field]:
    return _branches("split.branches", step, facts=False)


def _branches(path: str, step: Json, *, facts: bool) -> list[Field]:
    found = []
    for number, _branch in enumerate(listed(get(step, path))):
        here = f"{path}.{number}"
        found.append(Field(f"{here}.key", "text", _("Way")))
        if facts:
            found += conditions.fields(here, step, matches=True)
        else:
            found.append(Field(f"{here}.rule", "rule", _("Who goes it"), stays=True))
    return found


def _shares(step: Json, known: Mapping[str, Words]) -> list[Field]:
    found = []
    for number, _share in enumerate(listed(get(step, "split.shares"))):
        found.append(Field(f"split.shares.{number}.key", "text", _("Way")))
        found.append(Field(f"split.shares.{number}.share", "number", _("Share in per cent")))
    return found


def _task(act: str) -> Any:
    def fields(step: Json, known: Mapping[str, Words]) -> list[Field]:
        titles = [
            Field(f"{act}.title.{language}", "text", label, hint=_("Liquid, such as {{ customer.name }}"))
            for language, label in (("en", _("Title, English")), ("ko", _("Title, Korean")))
        ]
        note = Field(f"{act}.note", "long", _("Note"))
        kind = [Field(f"{act}.kind", "choice", _("What"), TASKS)] if act == "task" else []
        return [*kind, *titles, note]

    return fields


def _change(step: Json, known: Mapping[str, Words]) -> list[Field]:
    word = next((one for one in CHANGES if get(step, f"change.{one}") is not None), "traits")
    what = Field("change", "choice", _("Change"), CHANGES, remakes=True, reads=word)
    if word == "traits":
        return [
            what,
            Field("change.traits", "yaml", _("Traits"), hint=_("one on a line, such as  tier: gold"), stays=True),
        ]
    if word == "list":
        which = Field("change.list", "choice", _("List"), known.get("lists", {}), stays=True)
        return [what, which, Field("change.on", "flag", _("put on it (otherwise: taken off)"), default=True)]
    if word == "topic":
        topic = Field("change.topic", "choice", _("Topic"), {"": _("Choose …"), **known.get("topics", {})}, stays=True)
        return [what, topic, Field("change.subscribed", "flag", _("subscribed (otherwise: ended)"), default=True)]
    channel = Field("change.consent.channel", "choice", _("Channel"), {one: _(one) for one in contents.channels()})
    return [what, channel, Field("change.consent.state", "choice", _("State"), STATES)]


def _webhook(step: Json, known: Mapping[str, Words]) -> list[Field]:
    return [
        Field("webhook.url", "text", _("Address"), hint=_("begins with https://")),
        Field("webhook.type", "text", _("Type"), default="journey.step"),
        Field("webhook.data", "yaml", _("What it is told"), hint=_("one value on a line; texts may be Liquid")),
        Field("webhook.within", "span", _("Waits for its answer at most")),
    ]


def _give(step: Json, known: Mapping[str, Words]) -> list[Field]:
    return [
        Field("give.offer", "choice", _("Offer"), known.get("offers", {}), stays=True),
        Field("give.without", "choice", _("If there is none"), WITHOUT, default="exit"),
    ]


def _emit(step: Json, known: Mapping[str, Words]) -> list[Field]:
    return [
        Field("emit.fact", "text", _("Name of the fact"), stays=True),
        Field("emit.properties", "yaml", _("Properties"), hint=_("one value on a line; texts may be Liquid")),
    ]


def _go_to(step: Json, known: Mapping[str, Words]) -> list[Field]:
    return [Field("go_to", "choice", _("Campaign"), known.get("campaigns", {}), stays=True)]


FORMS: dict[str, Any] = {
    "send": letters.FIELDS["send"], "ask": letters.FIELDS["ask"], "wait_for": _wait_for, "split": _split,
    "shares": _shares,
    "task": _task("task"), "conversation": _task("conversation"), "change": _change, "webhook": _webhook,
    "give": _give, "emit": _emit, "go_to": _go_to,
}  # fmt: skip
