"""Every leaf of the segment language as a form: one entry each, from which the builder draws its controls.

A test holds this description equal to what the parser takes, so a leaf that is added there is one entry here.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.segment.comparisons import DATES, PROPERTY, QUANTITIES, TRAIT
from dangol.segment.foretelling import SIDES
from dangol.segment.leaves import LEAVES as SPOKEN
from dangol.web.builder import words
from dangol.web.builder.controls import Control, Leaf, Words, said

FAMILIES: Words = {
    "did": _("What they did"),
    "are": _("Who they are"),
    "heard": _("What we sent and asked"),
    "other": _("Groups and shares"),
}
GOT: Words = {
    "sent": _("was sent"),
    "delivered": _("arrived"),
    "opened": _("was opened"),
    "clicked": _("was clicked"),
    "replied": _("was answered"),
    "bounced": _("bounced"),
    "complained": _("was reported as spam"),
}
STATES: Words = {
    "granted": _("granted"),
    "expired": _("expired"),
    "denied": _("denied"),
    "withdrawn": _("withdrawn"),
    "none": _("never said"),
}
FIGURES: Words = {
    "value_365d": _("value over the next 365 days"),
    "churn": _("chance never to come back"),
    "orders_90d": _("orders in the next 90 days"),
    "next_order_days": _("days to the next order"),
}
CELLS: Words = {  # from the best to the lost
    "champions": _("Champions"),
    "loyal": _("Loyal"),
    "potential-loyalist": _("May become loyal"),
    "new": _("New"),
    "promising": _("Promising"),
    "needs-attention": _("Need attention"),
    "about-to-sleep": _("About to sleep"),
    "at-risk": _("At risk"),
    "cant-lose": _("Not to be lost"),
    "hibernating": _("Hibernating"),
    "lost": _("Lost"),
}
YES_NO: Words = {"true": _("yes"), "false": _("no")}

WHERE = Control("where", "conditions", _("of which"), source="property")
HAVING = Control("having", "conditions", _("and it has"), source="property")
MEASURE = Control("", "measure")
WINDOW = Control("", "window")
MINIMUM_AGE = Control("minimum_age", "span", _("known for at least"))
SEQUENCE_WITHIN = Control("within", "span", _("at most so long after the step before"))


def _inside(label: Any, outside: Any) -> Control:
    return Control("is", "flag", options={"true": label, "false": outside}, default=True)


LEAVES: dict[str, Leaf] = {
    "event": Leaf(
        _("Did something"),
        "did",
        Control("event", "text", _("Event"), source="events", optional=False),
        (MEASURE, WINDOW, WHERE, MINIMUM_AGE),
    ),
    "last_event": Leaf(
        _("The newest time they did something"),
        "did",
        Control("last_event", "text", _("Event"), source="events", optional=False),
        (WINDOW, WHERE, HAVING),
    ),
    "first_event": Leaf(
        _("The first time they did something"),
        "did",
        Control("first_event", "text", _("Event"), source="events", optional=False),
        (WINDOW, WHERE, HAVING),
    ),
    "sequence": Leaf(
        _("Did one thing after another"),
        "did",
        Control("sequence", "steps", start=[{"event": ""}, {"event": "", "within": "1d"}], optional=False),
        (WINDOW,),
    ),
    "trait": Leaf(
        _("A trait"),
        "are",
        Control("trait", "text", _("Trait"), source="traits", optional=False),
        (Control("", "comparison", words="trait", source="trait"),),
    ),
    "rfm": Leaf(
        _("How they buy (RFM)"),
        "are",
        Control("rfm", "fixed", start="cell", optional=False),
        (Control("in", "choices", options=CELLS, start=["champions", "loyal"], optional=False),),
    ),
    "predicted": Leaf(
        _("A forecast"),
        "are",
        Control("predicted", "choice", _("Figure"), options=FIGURES, start="value_365d", optional=False),
        (
            Control("", "comparison", words="side"),
            Control("confidence", "number", _("sure to the share of")),
        ),
    ),
    "near": Leaf(
        _("Near a place"),
        "are",
        Control(
            "near",
            "mapping",
            options={"lat": _("Latitude"), "lon": _("Longitude")},
            start={"lat": 37.5665, "lon": 126.978},
            words="number",
            optional=False,
        ),
        (Control("km", "quantity", _("Kilometres"), start={"at_most": 5}, optional=False),),
    ),
    "consent": Leaf(
        _("Consent"),
        "heard",
        Control("consent", "text", _("Channel"), source="channels", start="email", optional=False),
        (
            Control("is", "choice", options=STATES, default="granted"),
            Control("purpose", "text", _("for"), source="purposes", default="marketing"),
            Control("", "comparison", _("and that"), words="date"),
        ),
    ),
    "topic": Leaf(
        _("A topic"),
        "heard",
        Control("topic", "text", _("Topic"), source="topics", optional=False),
        (
            Control(
                "subscribed", "flag", options={"true": _("subscribed"), "false": _("not subscribed")}, default=True
            ),
        ),
    ),
    "reachable": Leaf(
        _("Can be reached"),
        "heard",
        Control("reachable", "text", _("Channel"), source="channels", start="email", optional=False),
        (_inside(_("can be reached"), _("cannot be reached")),),
    ),
    "message": Leaf(
        _("A message of ours"),
        "heard",
        Control(
            "message",
            "mapping",
            options={
                "campaign": _("Campaign"), "step": _("Step"), "variant": _("Variant of the message"),
                "channel": _("Channel"),
            },
            start={},
            words="text",
            source="message",
            optional=False,
        ),
        (Control("got", "choice", options=GOT, start="opened", optional=False), MEASURE, WINDOW),
    ),
    "survey": Leaf(
        _("Answered a survey"),
        "heard",
        Control("survey", "text", _("Survey"), source="surveys", optional=False),
        (
            WINDOW,
            Control("score", "judged", _("Score"), words="quantity", start={"at_most": 2}),
            Control("answer", "judged", _("Answer"), words="property", start={"contains": ""}),
        ),
    ),
    "segment": Leaf(
        _("In a segment"),
        "other",
        Control("segment", "text", _("Segment"), source="segments", optional=False),
        (_inside(_("in it"), _("not in it")),),
    ),
    "list": Leaf(
        _("On a list"),
        "other",
        Control("list", "text", _("List"), source="lists", optional=False),
        (_inside(_("on it"), _("not on it")),),
    ),
    "bucket": Leaf(
        _("A random share"),
        "other",
        Control("bucket", "text", _("Drawn by"), start="a-b-test", optional=False),
        (
            Control("percent", "number", _("per cent"), start=50),
            Control("from", "number", _("from, in per cent")),
            Control("to", "number", _("to, in per cent")),
        ),
    ),
}  # fmt: skip

SETS = {"trait": TRAIT, "property": PROPERTY, "quantity": QUANTITIES, "date": DATES, "side": SIDES}


def keys_of(leaf: Leaf) -> set[str]:
    """Every key that a leaf's controls write beside its subject."""
    found: set[str] = set()
    for control in leaf.controls:
        found |= _KEYS.get(control.kind, {control.key} - {""})
        if control.kind == "comparison":
            found |= set(SETS[control.words])
    return found


_KEYS = {"measure": set(words.MEASURES) - {""}, "window": set(words.WINDOWS) - {""}}


def as_json() -> dict[str, Any]:
    """The description as the form's scripts read it, in the page's language."""
    return {
        "families": said(FAMILIES),
        "leaves": {subject: leaf.as_json() for subject, leaf in LEAVES.items() if subject in SPOKEN},
        "groups": said(words.GROUPS),
        "units": said(words.UNITS),
        "windows": said(words.WINDOWS),
        "measures": said(words.MEASURES),
        "comparisons": {word: one.as_json() for word, one in words.COMPARISONS.items()},
        "comparison_families": said(words.FAMILIES),
        "quantity": said(words.QUANTITY),
        "sets": {name: list(readers) for name, readers in SETS.items()},
        "anniversaries": said(words.ANNIVERSARIES),
        "calendar": said(words.CALENDAR),
        "held": said(words.HELD),
        "yes_no": said(YES_NO),
        "step": {"where": WHERE.as_json(), "within": SEQUENCE_WITHIN.as_json()},
    }
