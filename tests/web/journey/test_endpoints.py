"""The editor's requests: a change comes back as the flow, saving keeps it, and what is refused loses nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign, Run
from dangol.campaign.templates import stored
from dangol.segment import topics
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DEFINITION = {"entry": {"fact": "Order Completed"}, "steps": [{"key": "rest", "wait": "2d"}]}


def sent(definition: Any = DEFINITION, **more: str) -> dict[str, str]:
    return {"definition": json.dumps(definition), "name": "After an order", **more}


def held(answer: Any) -> Any:
    """The definition that the editor holds now."""
    return json.loads(answer.context["page"].text)


def test_a_change_comes_back_and_keeps_nothing(console: Client, opened: Kit) -> None:
    answer = console.post(
        "/journeys/change", sent(open="/steps/0", do="add:exit@/steps@1", **{"f.wait": "3", "f.wait.unit": "h"}),
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert held(answer)["steps"] == [{"key": "rest", "wait": "3h"}, {"key": "exit", "exit": True}]
    assert "<html" not in answer.content.decode()
    assert not Campaign.objects.exists()


def test_a_message_is_given_a_topic_by_a_choice_of_those_there_are(
    console: Client, opened: Kit, clock: SetClock
) -> None:
    topics.save("news", {"name": {"en": "The news", "ko": "소식"}}, clock.now())
    send = {"channel": "email", "class": "marketing", "templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"}}}
    definition = {**DEFINITION, "steps": [{"key": "hello", "send": send}]}
    opened_form = console.post("/journeys/change", sent(definition, open="/steps/0", do=""))
    assert '<option value="news">' in opened_form.content.decode()
    chosen = console.post("/journeys/change", sent(definition, open="/steps/0", do="", **{"f.send.topic": "news"}))
    assert held(chosen)["steps"][0]["send"]["topic"] == "news"
    none = console.post("/journeys/change", sent(held(chosen), open="/steps/0", do="", **{"f.send.topic": ""}))
    assert "topic" not in held(none)["steps"][0]["send"]


def test_without_scripts_it_is_a_whole_page(console: Client, opened: Kit) -> None:
    answer = console.post("/journeys/change", sent(do="up:/steps/0"))
    assert "<html" in answer.content.decode()
    assert held(answer) == DEFINITION


def test_saving_makes_a_draft_then_a_version(console: Client, opened: Kit) -> None:
    answer = console.post("/journeys/save", sent())
    assert answer.headers["Location"] == "/campaigns/after-an-order"
    assert campaign.get("after-an-order").state == "draft"
    console.post("/journeys/save", sent({**DEFINITION, "holdout_percent": 5}, key="after-an-order", version="1"))
    saved = campaign.get("after-an-order")
    assert (saved.version, saved.definition["holdout_percent"]) == (2, 5)
    assert console.post("/journeys/save", sent()).headers["Location"] == "/campaigns/after-an-order-2"


def test_two_who_edit_do_not_overwrite_each_other(console: Client, opened: Kit) -> None:
    for _ in range(2):
        console.post("/journeys/save", sent(key="after-an-order", version="") if _ else sent())
    console.post("/journeys/save", sent({**DEFINITION, "holdout_percent": 5}, key="after-an-order", version="1"))
    late = console.post("/journeys/save", sent({**DEFINITION, "holdout_percent": 9}, key="after-an-order", version="1"))
    assert late.status_code == 422
    assert late.context["page"].overtaken
    assert campaign.get("after-an-order").definition["holdout_percent"] == 5
    told = str(late.context["page"].version)  # what the form sends from now on: now they know
    console.post("/journeys/save", sent({**DEFINITION, "holdout_percent": 9}, key="after-an-order", version=told))
    assert campaign.get("after-an-order").definition["holdout_percent"] == 9


@pytest.mark.parametrize(
    ("definition", "name", "place"),
    [
        ({"entry": {"segment": ""}, "steps": []}, "X", "@entry"),
        (DEFINITION | {"steps": [{"key": "rest", "wait": "soon"}]}, "X", "/steps/0"),
        (DEFINITION, "", "@settings"),
    ],
)
def test_what_is_refused_is_said_where_it_is_mended(
    console: Client, opened: Kit, definition: Any, name: str, place: str
) -> None:
    answer = console.post("/journeys/save", sent(definition) | {"name": name})
    assert answer.status_code == 422
    assert f'value="open:{place}"' in answer.content.decode()
    assert held(answer) == definition
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"steps": 5}', '{"steps": [1, null, {"send": 3, "split": []}]}']
)
def test_anything_at_all_is_answered(console: Client, opened: Kit, text: str) -> None:
    for do in (
        "",
        "open:/steps/2",
        "twice:/steps/0",
        "down:/steps/0",
        "branch:/steps/2",
        "remake:wait.?",
        "open:@entry",
    ):
        answer = console.post("/journeys/change", {"definition": text, "do": do, "open": "/steps/2", "name": "x"})
        assert answer.status_code == 200


def test_every_number_leads_to_its_customers(console: Client, happened: Kit) -> None:
    page = console.get("/campaigns/welcome").content.decode()
    assert "/campaigns/welcome/steps/hello/sent" in page
    listed = console.get("/campaigns/welcome/steps/hello/sent").context["page"].people
    standing = console.get("/campaigns/welcome").context["page"].nodes[0].counts.messages["sent"]
    assert len(listed) == standing > 0
    assert console.get("/campaigns/welcome/steps/hello/nonsense").status_code == 404


def test_who_stands_at_a_step_is_found(console: Client, opened: Kit) -> None:
    campaign.put("slow", {"name": "Slow", "definition": DEFINITION}, opened.clock.now())
    campaign.activate("slow", opened.clock.now())
    opened.order("ann", "1", 10)
    opened.run()
    assert Run.objects.get().step == "rest"
    [person] = console.get("/campaigns/slow/steps/rest/waiting").context["page"].people
    assert person.customer_id == opened.customer("ann")
    assert console.get("/campaigns/slow/edit?step=rest").context["page"].edited.open == "/steps/0"


def test_it_runs_out_and_is_put_away(console: Client, opened: Kit) -> None:
    campaign.put("slow", {"name": "Slow", "definition": DEFINITION}, opened.clock.now())
    campaign.activate("slow", opened.clock.now())
    for verb, state in (("drain", "draining"), ("archive", "archived")):
        console.post(f"/campaigns/slow/{verb}")
        assert campaign.get("slow").state == state
    assert "/campaigns/slow/edit" not in console.get("/campaigns/slow").content.decode()


LETTER = {"en": {"subject": "Hi", "html": "<p>{{ customer.first_name }} bought {{ event.order_id }}</p>"}}
SEND = {"key": "hi", "send": {"channel": "email", "class": "marketing", "templates": LETTER}}


@pytest.mark.parametrize(
    ("step", "whom", "seen"),
    [
        (SEND, "ann", "<p>Ann bought 77</p>"),
        (SEND, "", "<p> bought </p>"),
        (SEND, "nobody like this", "Nobody found"),
        ({"key": "hi", "wait": "1d"}, "ann", "Only letters are shown here."),
        ({"key": "hi", "send": {"channel": "email", "template": "none-such"}}, "ann", "none-such"),
    ],
)
def test_a_letter_is_seen_as_a_customer_reads_it(console: Client, opened: Kit, step: Any, whom: str, seen: str) -> None:
    opened.identify("ann", {"firstName": "Ann", "name": "Ann", "email": "ann@example.com"})
    opened.order("ann", "77", 10)
    opened.run()
    definition = {**DEFINITION, "steps": [step]}
    answer = console.post("/journeys/letter", sent(definition, open="/steps/0", **{"preview.customer": whom}))
    assert seen in answer.content.decode()


def test_a_letter_with_partials_and_a_kept_version_are_seen_as_they_would_be_sent(console: Client, opened: Kit) -> None:
    stored.put("card", {"source": "<b>First</b>"}, opened.clock.now())
    stored.put("card", {"source": "<b>Second</b>"}, opened.clock.now())
    for html in ("<p>Old</p>", "<p>New</p>"):
        stored.put("kept", {"templates": {"en": {"subject": "Hi", "html": html}}}, opened.clock.now())
    own = {"templates": {"en": {"subject": "Hi", "html": "{% render 'card' %}"}}}
    wrong = {"templates": {"en": {"subject": "Hi", "html": "{% render 'none' %}"}}}
    for told, seen in (
        (own, "Second"), ({**own, "partials": {"card": 1}}, "First"), (wrong, "no partial is called none"),
        ({"template": "kept"}, "New"), ({"template": "kept", "template_version": 1}, "Old"),
        ({"template": "kept", "template_version": 7}, "has no version 7"),
    ):  # fmt: skip
        send = {"channel": "email", "class": "marketing", **told}
        definition = {**DEFINITION, "steps": [{"key": "mail", "send": send}]}
        assert seen in console.post("/journeys/letter", sent(definition, open="/steps/0")).content.decode()
