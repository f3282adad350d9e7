"""What is typed into a form becomes the definition, and what a definition holds comes back into the form."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dangol.campaign import parsing
from dangol.web.journey import editing, fields, kinds, opening, places, repeats
from dangol.web.journey.editing import Edited
from dangol.web.journey.fields import Shown

PLAYS = Path(__file__).parents[3] / "src" / "dangol" / "strategy" / "plays"
WHOLE: dict[str, Any] = {
    "entry": {"fact": "Product Added", "where": [{"property": "price", "at_least": 5}], "key": "cart_id",
              "again": {"after": "30d"}},
    "goal": {"fact": "Order Completed", "within": "3d"},
    "exit": {"rule": {"event": "Order Completed", "within": "1d"}},
    "holdout_percent": 10,
    "steps": [
        {"key": "hour", "wait": {"hour": "10:30", "days": ["mon", "fri"]}},
        {"key": "day", "wait": {"date": "birthday", "offset": "-7d", "hour": "08:00", "yearly": True}},
        {"key": "best", "wait": {"best_hour": True}},
        {"key": "letter", "wait": "2h", "send": {"channel": "email", "class": "marketing", "templates": {
            "en": {"subject": "Hello", "html": "<p>Hello</p>"}, "pt-BR": {"subject": "Olá", "html": "<p>Olá</p>"}}}},
        {"key": "for", "wait_for": {"within": "3d", "branches": [
            {"key": "bought", "fact": "Order Completed", "match": "cart_id", "steps": [{"key": "out", "exit": True}]},
            {"key": "rich", "rule": {"event": "Order Completed", "count": {"at_least": 3}}}],
            "otherwise": [{"key": "told", "emit": {"fact": "Cart Forgotten", "properties": {"n": 1}}}]}},
        {"key": "chance", "split": {"shares": [{"key": "a", "share": 30}, {"key": "b", "share": 70}]}},
        {"key": "text", "send": {"channel": "sms", "class": "marketing", "templates": {"ko": {"text": "안녕"}}}},
        {"key": "card", "send": {"channel": "onsite", "class": "marketing", "form": "inline", "slot": "top",
                                 "templates": {"en": {"text": "Hello", "button": "Go"}}}},
        {"key": "push", "send": {"channel": "webpush", "class": "marketing", "ttl": "2h",
                                 "templates": {"en": {"title": "Hello"}}}},
        {"key": "talk", "send": {"channel": "kakao", "class": "transactional", "alimtalk": "A1",
                                 "variables": {"#{name}": "{{ customer.name }}"}}},
        {"key": "hook", "send": {"channel": "webhook", "class": "transactional", "url": "https://erp.example/x",
                                 "data": {"who": "{{ customer.id }}"}}},
        {"key": "visit", "send": {"channel": "task", "class": "transactional", "kind": "visit",
                                  "templates": {"en": {"title": "Visit"}}}},
        {"key": "happy", "ask": {"channel": "email", "class": "transactional", "survey": "csat",
                                 "templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}},
        {"key": "staff", "task": {"kind": "call", "title": {"en": "Call"}}},
        {"key": "erp", "webhook": {"url": "https://erp.example/x", "data": {"n": "1"}, "within": "1h"}},
        {"key": "either", "send": {"reach": ["sms", "email"], "class": "marketing",
            "sms": {"templates": {"en": {"text": "Hi"}}},
            "email": {"templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}}},
        {"key": "gold", "change": {"traits": {"tier": "gold"}}},
    ],
}  # fmt: skip
OPEN = ["@entry", "@goal", "@exit", "@settings", *(at for at, _ in places.walk(WHOLE))]


def typed_back(form: list[Shown]) -> Mapping[str, str]:
    """What a browser sends of a form that nobody touched."""
    sent: dict[str, str] = {}
    for one in form:
        match one.field.kind:
            case "flag":
                sent |= {f"{one.name}.here": "1"} | ({one.name: "on"} if one.value else {})
            case "days":
                sent |= {f"{one.name}.here": "1"} | {f"{one.name}.{day}": "on" for day in one.value}
            case "span":
                sent |= {one.name: one.value["number"], f"{one.name}.unit": one.value["unit"]}
                sent |= {f"{one.name}.sign": one.value["sign"]}
            case "repeat" if "every" in one.value:
                sent |= {f"{one.name}.here": "1", f"{one.name}.every": one.value["every"]}
                sent |= {f"{one.name}.interval": one.value["interval"]}
                sent |= {f"{one.name}.{day}": "on" for day in one.value["days"]}
            case "repeat":
                sent[one.name] = one.value["text"]
            case _:
                sent[one.name] = str(one.value)
    return sent


def controls(definition: Any, opened: str) -> list[Shown]:
    shape, place, form = editing.form_of(Edited("x", definition, open=opened), {})
    return fields.show(form, shape, place, {})


def untouched(definition: Any, opened: str) -> Any:
    sent = typed_back(controls(definition, opened))
    return editing.typed(Edited("x", definition, open=opened), sent.get, {}).definition


@pytest.mark.parametrize("opened", OPEN)
def test_a_form_that_nobody_touched_changes_nothing(opened: str) -> None:
    parsing.parse(WHOLE)
    assert untouched(WHOLE, opened) == WHOLE


@pytest.mark.parametrize("path", sorted(PLAYS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_play_can_be_opened_line_by_line(path: Path) -> None:
    definition = json.loads(json.dumps(YAML(typ="safe").load(path)["campaign"], default=str))
    for opened in [*opening.FIELDS, *(at for at, _ in places.walk(definition))]:
        assert untouched(definition, opened) == definition


ODD: list[tuple[str, dict[str, Any]]] = [
    ("@entry", {"entry": {"broadcast": "2027-01-05T10:00:30+09:00", "segment": "all"}}),
    ("@entry", {"entry": {"schedule": "FREQ=DAILY", "start": "2027-01-05 10:00", "segment": "all"}}),
    ("@entry", {"entry": {"fact": ["a", "list"], "where": "a text"}}),
    ("@goal", {"goal": {"fact": "Order Completed", "within": "2w"}, "exit_on_goal": "yes"}),
    ("@settings", {"holdout_percent": "ten"}),
    ("/steps/0", {"steps": [{"key": "a", "wait": "90s"}]}),
    ("/steps/0", {"steps": [{"key": "a", "wait": "soon"}]}),
    ("/steps/0", {"steps": [{"key": "a", "wait": {"hour": "9:00", "days": ["mon", "someday"]}}]}),
    ("/steps/0", {"steps": [{"key": "a", "wait": {"date": "birthday", "offset": "2w"}}]}),
    ("/steps/0", {"steps": [{"key": "a", "split": {"branches": {"key": "no list"}}}]}),
    ("/steps/0", {"steps": [{"key": "a", "split": {"shares": "half"}}]}),
    ("/steps/0", {"steps": [{"key": "a", "wait_for": {"within": 3, "branches": 7}}]}),
    ("/steps/0", {"steps": [{"key": ["a"], "emit": {"fact": 7, "properties": "a text"}}]}),
    ("/steps/0", {"steps": [{"key": "a", "send": {"channel": "email", "template": "hello", "template_version": 3}}]}),
    ("/steps/0", {"steps": [{"key": "a", "send": {"channel": "email", "templates": ["no", "languages"]}}]}),
]  # fmt: skip


@pytest.mark.parametrize(("opened", "definition"), ODD)
def test_what_no_control_can_say_stays_where_nobody_touched_it(opened: str, definition: dict[str, Any]) -> None:
    assert untouched(definition, opened) == definition


EMPTIED: list[tuple[str, str, dict[str, Any]]] = [
    ("@entry", "entry.fact", {"entry": {"fact": "Order Completed"}}),
    ("@entry", "entry.date", {"entry": {"date": "birthday"}}),
    ("@entry", "entry.schedule", {"entry": {"schedule": "nonsense", "start": "", "segment": "all"}}),
    ("@entry", "entry.broadcast", {"entry": {"broadcast": "2027-01-05T10:00", "segment": "all"}}),
    ("@goal", "goal.rule", {"goal": {"rule": {"event": "Order Completed"}}}),
    ("/steps/0", "wait", {"steps": [{"key": "a", "wait": "2d"}]}),
    ("/steps/0", "wait.date", {"steps": [{"key": "a", "wait": {"date": "birthday"}}]}),
    ("/steps/0", "emit.fact", {"steps": [{"key": "a", "emit": {"fact": "Seen"}}]}),
    ("/steps/0", "go_to", {"steps": [{"key": "a", "go_to": "thanks"}]}),
    ("/steps/0", "change.list", {"steps": [{"key": "a", "change": {"list": "vip", "on": True}}]}),
    ("/steps/0", "change.topic", {"steps": [{"key": "a", "change": {"topic": "news", "subscribed": True}}]}),
    ("/steps/0", "change.traits", {"steps": [{"key": "a", "change": {"traits": {"tier": "gold"}}}]}),
    ("/steps/0", "split.branches.0.rule", {"steps": [{"key": "a", "split": {"branches": [{"key": "b", "rule": {}}]}}]}),
]  # fmt: skip


@pytest.mark.parametrize(("opened", "path", "definition"), EMPTIED, ids=[path for _, path, _ in EMPTIED])
def test_an_emptied_control_makes_no_other_kind(opened: str, path: str, definition: dict[str, Any]) -> None:
    before = [one.field.path for one in controls(definition, opened)]
    emptied = editing.typed(Edited("x", definition, open=opened), {f"f.{path}": ""}.get, {}).definition
    shape = places.find(emptied, opened) if opened.startswith("/") else emptied
    assert fields.get(shape, path) == ""
    assert [one.field.path for one in controls(emptied, opened)] == before


def test_what_was_said_stays_on_another_channel() -> None:
    told = {"channel": "onsite", "class": "marketing", "templates": {"en": {"text": "Hi", "title": "T", "image": "x"}}}
    made = editing.typed(
        Edited("x", {"steps": [{"key": "a", "send": told}]}, open="/steps/0"), {"f.send.channel": "sms"}.get, {}
    )
    assert made.definition["steps"][0]["send"]["templates"] == {"en": {"text": "Hi"}}


def test_a_kept_letter_is_chosen_and_given_up_again() -> None:
    told = {"channel": "email", "class": "marketing", "templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}
    edited = Edited("x", {"steps": [{"key": "a", "send": told}]}, open="/steps/0")
    chosen = editing.typed(edited, {"f.send.template": "hello"}.get, {})
    assert chosen.definition["steps"][0]["send"] == {"channel": "email", "class": "marketing", "template": "hello"}
    assert "send.template_version" in [one.field.path for one in controls(chosen.definition, "/steps/0")]
    back = editing.typed(chosen, {"f.send.template": ""}.get, {})
    assert back.definition["steps"][0]["send"] == {"channel": "email", "class": "marketing", "templates": {}}


@pytest.mark.parametrize("kind", [kind.key for kind in kinds.known()])
def test_every_kind_of_step_is_added_and_opens(kind: str) -> None:
    edited = editing.change(Edited("x", {"steps": []}), f"add:{kind}@/steps@0", {}.get, {})
    step = places.find(edited.definition, "/steps/0")
    assert (edited.open, kinds.kind_of(step).key) == ("/steps/0", kind)
    assert editing.form_of(edited, {})[2]


def change(definition: Any, what: str, opened: str = "", **sent: str) -> Edited:
    return editing.change(Edited("x", copy.deepcopy(definition), open=opened), what, sent.get, {})


def test_the_open_step_stays_open_where_it_goes() -> None:
    moved = change(WHOLE, "down:/steps/0", "/steps/0")
    assert (moved.open, moved.said) == ("/steps/1", "moved")
    assert places.find(moved.definition, moved.open)["key"] == "hour"


def test_a_way_more_and_a_way_less() -> None:
    more = change(WHOLE, "branch:/steps/5", "/steps/5")
    assert [one["key"] for one in fields.get(more.definition, "steps.5.split.shares")] == ["a", "b", "way"]
    less = change(more.definition, "unbranch:/steps/5/split/shares/0/steps", "/steps/5")
    assert [one["key"] for one in fields.get(less.definition, "steps.5.split.shares")] == ["b", "way"]


@pytest.mark.parametrize(
    ("opened", "path", "word", "told"),
    [
        ("/steps/0", "wait.?", "span", {"wait": "1d"}),
        ("/steps/3", "wait.?", "none", {"wait": None}),
        ("@entry", "entry.?", "segment", {"entry": {"segment": "", "again": {"after": "30d"}}}),
        ("@entry", "entry.again.?", "each", {"entry.again": None}),
        ("@goal", "goal.?", "rule", {"goal": {"within": "3d", "rule": {"event": "Order Completed"}}}),
        ("@exit", "exit.?", "none", {"exit": None}),
        (f"/steps/{len(WHOLE['steps']) - 1}", "change", "list", {"change": {"list": "", "on": True}}),
        ("/steps/4", "wait_for.branches.1.?", "fact", {"wait_for.branches.1.fact": "Order Completed"}),
    ],
)
def test_another_choice_begins_another_form(opened: str, path: str, word: str, told: dict[str, Any]) -> None:
    made = editing.typed(Edited("x", copy.deepcopy(WHOLE), open=opened), {f"f.{path}": word}.get, {})
    shape = places.find(made.definition, opened) if opened.startswith("/") else made.definition
    assert {at: fields.get(shape, at) for at in told} == told


@pytest.mark.parametrize(
    "what", ["", "nonsense", "add:wait@/nowhere@0", "move:/steps/0@@", "remove:/x", "open:/steps/99"]
)
def test_what_means_nothing_changes_nothing(what: str) -> None:
    assert change(WHOLE, what).definition == WHOLE


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY;BYDAY=1MO", "nonsense"]
)
def test_a_rule_of_the_calendar_comes_back(rule: str) -> None:
    told = repeats.parts(rule)
    assert told.get("text") or repeats.said(told["every"], told["interval"], told["days"]) == rule
    assert told.get("text", rule) == rule
