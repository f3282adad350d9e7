"""Templates that are kept: versions, partials, what campaigns are activated with, and the brand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.campaign import parsing
from dangol.campaign import steps as campaign
from dangol.campaign.templates import brand, pinning, stored
from dangol.campaign.templates.models import TemplateVersion

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


def mail(html: str = "<p>Hi {{ customer.name }}</p>", **more: str) -> dict[str, Any]:
    return {"name": "Hello", "templates": {"en": {"subject": "Hi", "html": html, **more}}}


def journey(**send: Any) -> dict[str, Any]:
    sends = {"channel": "email", "class": "marketing", "template": "hello", **send}
    return {"name": "x", "entry": {"fact": "Order Completed"}, "steps": [{"key": "a", "send": sends}]}


def told(key: str, version: int) -> str:
    found = stored.version_of(key, version)
    assert found is not None
    return str(found.ready["en"]["html"])


def ready(key: str) -> str:
    return str(stored.newest_of(stored.get(key)).ready["en"]["html"])


def test_each_change_is_a_version_and_no_change_is_none() -> None:
    assert stored.put("hello", mail(), NOW).version == 1
    assert stored.put("hello", mail(), NOW).version == 1
    assert stored.put("hello", mail("<p>Ho</p>"), NOW).version == 2
    assert told("hello", 1) == "<p>Hi {{ customer.name }}</p>"


def test_a_campaign_keeps_what_it_was_activated_with() -> None:
    stored.put("hello", mail(), NOW)
    campaign.put("x", journey(), NOW)
    campaign.activate("x", NOW)
    stored.put("hello", mail("<p>Ho</p>"), NOW)
    assert campaign.get("x").definition["steps"][0]["send"]["template_version"] == 1
    campaign.put("x", journey(), NOW)
    assert campaign.get("x").definition["steps"][0]["send"]["template_version"] == 2
    stored.remove("hello", NOW)
    assert told("hello", 2) == "<p>Ho</p>"


@pytest.mark.parametrize(
    ("send", "place"),
    [({}, "template"), ({"template": "nothing"}, "template"), ({"template_version": 7}, "template_version")],
)
def test_a_template_that_is_not_there_is_refused_with_its_place(send: dict[str, Any], place: str) -> None:
    if send:
        stored.put("hello", mail(), NOW)
    campaign.put("x", journey(**send), NOW)
    with pytest.raises(Invalid) as refused:
        campaign.activate("x", NOW)
    assert [fault.path for fault in refused.value.faults] == [f"/definition/steps/0/send/{place}"]
    assert campaign.get("x").state == "draft"


@pytest.mark.parametrize(
    ("shape", "paths"),
    [
        ({"templates": {}}, ["/templates"]),
        ({"templates": {"en": {"subject": "", "html": "{{ a }}"}}}, ["/templates/en/subject", "/templates/en/html"]),
        ({"templates": {"en": {"subject": "[광고] x", "html": "x"}}}, ["/templates/en/subject"]),
        ({"templates": {"en": {"subject": "x", "html": "{% render 'none' %}"}}}, ["/templates/en/html"]),
        ({"nothing": 1}, ["/nothing", "/templates"]),
        ([], ["", "/templates"]),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(shape: Any, paths: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        stored.put("hello", shape, NOW)
    assert [fault.path for fault in refused.value.faults] == paths
    with pytest.raises(NotFound):
        stored.get("hello")


def sent(key: str = "x") -> dict[str, Any]:
    """What the first step says now."""
    first = campaign.get(key).definition["steps"][0]
    return dict(first.get("send") or first["ask"])


@pytest.mark.parametrize("state", [campaign.activate, campaign.pause])
def test_a_number_that_was_fixed_for_another_template_is_not_kept(state: Any) -> None:
    stored.put("hello", mail(), NOW)
    stored.put("other", mail(), NOW)
    stored.put("other", mail("<p>Ho</p>"), NOW)
    campaign.put("x", journey(), NOW)
    campaign.activate("x", NOW)
    state("x", NOW)
    written = campaign.get("x").definition
    written["steps"][0]["send"]["template"] = "other"
    written["steps"].insert(0, {"key": "rest", "wait": "1d"})
    campaign.put("x", {"name": "x", "definition": written}, NOW)
    campaign.activate("x", NOW)
    send = campaign.get("x").definition["steps"][1]["send"]
    assert (send["template"], send["template_version"]) == ("other", 2)


def test_a_number_that_stands_beside_a_template_is_kept() -> None:
    stored.put("hello", mail(), NOW)
    stored.put("hello", mail("<p>Ho</p>"), NOW)
    campaign.put("x", journey(template_version=1), NOW)
    campaign.activate("x", NOW)
    campaign.put("x", journey(template_version=1, tracking=False), NOW)
    assert sent()["template_version"] == 1


def test_a_letter_that_asks_has_its_version_too() -> None:
    stored.put("hello", mail(), NOW)
    ask = {"channel": "email", "class": "transactional", "template": "hello", "survey": "csat"}
    campaign.put("x", {"name": "x", "entry": {"fact": "Order Completed"}, "steps": [{"key": "a", "ask": ask}]}, NOW)
    campaign.activate("x", NOW)
    assert sent()["template_version"] == 1


# --- partials -------------------------------------------------------------------------------------------------------


def part(source: str, key: str = "card") -> None:
    stored.put(key, {"source": source}, NOW)


def test_a_partial_is_put_in_with_what_it_is_given() -> None:
    part("<b>{{ thing.name }}</b>\n<i>{{ size }}</i>")
    stored.put("hello", mail("{% for p in cart %}{% render 'card', thing: p, size: 3 %}{% endfor %}"), NOW)
    assert "{% with thing: p, size: 3 %}<b>" in ready("hello")


def test_a_partial_in_a_loop_and_in_another_one() -> None:
    part("<b>{{ card.name }}</b>")
    part("{% render 'card' for cart as card %}", "cards")
    stored.put("hello", mail("{% render 'cards' %}"), NOW)
    assert ready("hello") == "{% for card in cart %}<b>{{ card.name }}</b>{% endfor %}"


def test_a_partial_that_changes_makes_new_versions() -> None:
    part("<b>1</b>")
    stored.put("hello", mail("{% render 'card' %}"), NOW)
    part("<b>2</b>")
    assert stored.get("hello").version == 2
    assert (ready("hello"), told("hello", 1)) == ("<b>2</b>", "<b>1</b>")


def test_a_partial_that_would_break_a_template_is_refused() -> None:
    part("<b>1</b>")
    stored.put("hello", mail("{% render 'card' %}"), NOW)
    with pytest.raises(Invalid, match="hello/templates/en/html"):
        part("<b>{{ unheard.of }}</b>")
    assert (ready("hello"), TemplateVersion.objects.filter(template__key="card").count()) == ("<b>1</b>", 1)


def test_a_partial_that_is_held_stays() -> None:
    part("<b>1</b>")
    stored.put("hello", mail("{% render 'card' %}"), NOW)
    with pytest.raises(Conflict, match="hello"):
        stored.remove("card", NOW)


@pytest.mark.parametrize(
    "source", ["{% render 'card' %}", "{% render 'other' %}", "{% if %}", "<a href='/x'>x</a>", ""]
)
def test_partials_that_are_refused(source: str) -> None:
    part("x", "deep")
    with pytest.raises(Invalid):
        part(source)


def test_partials_within_partials_end() -> None:
    part("x", "p0")
    with pytest.raises(Invalid, match="deep"):
        for level in range(1, 20):
            part(f"{{% render 'p{level - 1}' %}}", f"p{level}")


# --- partials in a campaign's own letters ----------------------------------------------------------------------------


def own(html: str = "<p>{% render 'card' %}</p>", **send: Any) -> dict[str, Any]:
    texts = {"en": {"subject": "Hi", "html": html}}
    told = {"channel": "email", "class": "marketing", "templates": texts, **send}
    return {"name": "x", "entry": {"fact": "Order Completed"}, "steps": [{"key": "a", "send": told}]}


def said() -> str:
    """What a message of the campaign reads, as the ledger keeps it."""
    message = parsing.parse(campaign.get("x").definition).steps[0].act.messages["email"]  # type: ignore[union-attr]
    return pinning.texts_of([message])[0]["en"]["html"]


def test_a_letter_of_a_campaign_holds_partials_as_they_were_when_it_was_activated() -> None:
    part("<i>1</i>", "small")
    part("<b>{% render 'small' %}</b>")
    campaign.put("x", own(), NOW)
    campaign.activate("x", NOW)
    assert sent()["partials"] == {"card": 1, "small": 1}
    part("<i>2</i>", "small")
    campaign.pause("x", NOW)
    campaign.activate("x", NOW)
    assert said() == "<p><b><i>1</i></b></p>"
    campaign.put("x", own(partials={"card": 1}), NOW)
    assert sent()["partials"] == {"card": 1, "small": 2}, "the newest of those that are not named"
    assert said() == "<p><b><i>2</i></b></p>"
    assert "{% render 'card' %}" in sent()["templates"]["en"]["html"], "what was written stays as it was written"
    stored.remove("card", NOW)
    assert said() == "<p><b><i>2</i></b></p>"
    campaign.put("x", own("<p>Plain</p>", partials={"card": 1}), NOW)
    assert "partials" not in sent()


@pytest.mark.parametrize(
    ("source", "html", "found"),
    [
        ("<b>x</b>", "{% render 'none' %}", "no partial is called 'none'"),
        ("{{ unheard.of }}", "{% render 'card' %}", "unknown variable unheard"),
        ("<b>x</b>", "{% render 'card' %}{{ unheard.of }}", "unknown variable unheard"),
        ("</p><!--", "<p>{% render 'card' %}", "inside a comment"),
    ],
)
def test_a_letter_with_a_partial_is_judged_whole(source: str, html: str, found: str) -> None:
    part(source)
    campaign.put("x", own(html), NOW)
    with pytest.raises(Invalid) as refused:
        campaign.activate("x", NOW)
    fault = refused.value.faults[0]
    assert (fault.path, found in fault.found) == ("/definition/steps/0/send/templates/en/html", True)


@pytest.mark.parametrize(
    "html", ["{% render 'card' %}{% if %}", "{% render card %}", "{% render 'card' %}<a href='/x'>x</a>"]
)
def test_what_is_wrong_beside_a_partial_is_refused_at_once(html: str) -> None:
    part("<b>x</b>")
    with pytest.raises(Invalid):
        campaign.put("x", own(html), NOW)


def test_other_channels_hold_no_partials() -> None:
    send = {"channel": "sms", "class": "marketing", "templates": {"en": {"text": "{% render 'card' %}"}}}
    with pytest.raises(Invalid, match="unexpected tag 'render'"):
        campaign.put("x", {**own(), "steps": [{"key": "a", "send": send}]}, NOW)


# --- brand ----------------------------------------------------------------------------------------------------------


def test_brand_is_set_part_by_part() -> None:
    brand.put({"colour": "#00aa00", "social": [{"name": "Instagram", "url": "https://instagram.example/x"}]})
    brand.put({"logo_url": "https://shop.example/logo.png"})
    told = brand.variables(brand.current())
    assert (told["colour"], told["logo_url"], told["text_on_colour"]) == (
        "#00aa00",
        "https://shop.example/logo.png",
        "#1a1a1a",
    )
    assert told["social"][0]["name"] == "Instagram"


@pytest.mark.parametrize(
    ("given", "path"),
    [({"colour": "red"}, "/colour"), ({"logo_url": "javascript:x"}, "/logo_url"), ({"font": "x;}</style>"}, "/font"),
     ({"social": [{"name": "x", "url": "/x"}]}, "/social/0/url"), ({"nothing": 1}, "/nothing")],
)  # fmt: skip
def test_brand_that_is_refused(given: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        brand.put(given)
    assert [fault.path for fault in refused.value.faults] == [path]


@pytest.mark.parametrize(("colour", "text"), [("#ffffff", "#1a1a1a"), ("#000000", "#ffffff"), ("#8a5a2b", "#ffffff")])
def test_text_on_a_colour_can_be_read(colour: str, text: str) -> None:
    assert brand.text_on(colour) == text
