"""What the form asks the shop: counts, faults, YAML, suggestions, explanations, saving."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.campaign import steps as campaign
from dangol.profile import suggestions
from dangol.segment import active, asking, leaves, lists, topics
from dangol.segment import steps as segment
from dangol.web.builder import counting
from tests.shopkit import Kit
from tests.web.builder.test_vocabulary import example

pytestmark = pytest.mark.django_db

BUYERS: dict[str, Any] = {"key": "buyers", "name": "Buyers", "where": {"event": "Order Completed"}}


@pytest.fixture(autouse=True)
def fresh() -> None:
    suggestions.forget()


def ask(console: Client, path: str, body: Any, status: int = 200) -> dict[str, Any]:
    answer = console.post(f"/segments/{path}", json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = answer.json()
    return found


def suggested(console: Client, **query: str) -> dict[Any, int | None]:
    items = console.get("/segments/suggestions", query).json()["items"]
    return {item["value"]: item["count"] for item in items}


def test_a_rule_is_counted_in_whole_and_in_parts_before_it_has_a_name(happened: Kit, console: Client) -> None:
    where = {"all": [{"event": "Order Completed"}, {"any": [{"trait": "language", "is": "ko"}, {"any": []}]}]}
    told = ask(console, "judge", {"shape": {"key": "", "name": "", "where": where}})
    assert (told["faults"], told["count"], told["exact"], told["customers"]) == ([], 4, True, 12)
    assert told["parts"]["/where/all/0"] == 8
    assert told["parts"]["/where/all/1/any/1"] == 0
    assert "Order Completed" in told["words"]
    assert len(told["sample"]) == 4
    assert asking.count(where, happened.clock.now()) == 4


def test_a_fault_names_the_control_it_belongs_to(happened: Kit, console: Client) -> None:
    shape = {**BUYERS, "where": {"all": [{"event": "Order Completed", "within": "0d"}]}}
    [fault] = ask(console, "judge", {"shape": shape})["faults"]
    assert fault["path"] == "/where/all/0/within"
    console.cookies["language"] = "ko"
    [fault] = ask(console, "judge", {"shape": shape})["faults"]
    assert fault["allowed"] == "0보다 큰 정수와 단위"


@pytest.mark.parametrize("body", [{}, {"shape": None}, {"shape": []}, {"shape": {"where": None}}, [], "x"])
def test_anything_at_all_is_answered(happened: Kit, console: Client, body: Any) -> None:
    assert ask(console, "judge", body)["faults"]
    assert "text" in ask(console, "text", body)
    ask(console, "keep", body, 422)
    ask(console, "explain", body, 422)


def test_a_large_shop_is_told_about_first_and_then_exactly(
    happened: Kit, console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "EXACT_UP_TO", 5)
    monkeypatch.setattr(counting, "DRAWN", 6)
    told = ask(console, "judge", {"shape": BUYERS})
    assert told["exact"] is False
    assert told["low"] <= 8 <= told["high"]
    assert told == ask(console, "judge", {"shape": BUYERS}), "the draw is the same from one edit to the next"
    exact = ask(console, "judge", {"shape": BUYERS, "exact": True})
    assert (exact["exact"], exact["count"]) == (True, 8)
    with counting._one_at_a_time:
        ask(console, "judge", {"shape": BUYERS, "exact": True}, 409)


def test_form_and_yaml_say_the_same(happened: Kit, console: Client) -> None:
    shape = {**BUYERS, "name": "단골 # 후보", "where": {"trait": 'a."b c"', "in": ["10", 10, True, "on", "2026-05-01"]}}
    text = ask(console, "text", {"shape": shape})["text"]
    assert ask(console, "shape", {"text": text}) == {"shape": shape, "comments": False}


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ("# mine\nkey: a\n", True),
        ("key: a # mine\n", True),
        ("key: a\n# mine", True),
        ("key: 'a # b'\n", False),
        ("key: a#b\n", False),
        ("key: |\n  # no comment\n", False),
        ("key: [a, # mine\n b]\n", True),
    ],
)
def test_comments_are_told_before_they_are_lost(console: Client, shop: object, text: str, comments: bool) -> None:
    assert ask(console, "shape", {"text": text})["comments"] is comments


@pytest.mark.parametrize("text", ["key: [", "", "just words", "- 1", "a: .inf", "a: &b [*b]", "a: 1\n---\nb: 2"])
def test_yaml_that_is_no_segment_stays_yaml(console: Client, shop: object, text: str) -> None:
    assert ask(console, "shape", {"text": text}, 422)["faults"]


def test_saving_says_where_to_go_or_what_is_wrong(happened: Kit, console: Client) -> None:
    assert ask(console, "keep", {"shape": BUYERS}) == {"go": "/segments/of/buyers"}
    assert active.get("buyers").rule == BUYERS["where"]
    wrong = {**BUYERS, "where": {"event": ""}}
    assert ask(console, "keep", {"shape": wrong}, 422)["faults"][0]["path"] == "/where/event"
    assert active.get("buyers").rule == BUYERS["where"], "what was refused changes nothing"


def test_suggestions_are_what_the_shops_own_facts_hold(happened: Kit, console: Client) -> None:
    happened.track("u1", "Product Viewed", {"products": [{"category": "cup", "price": 9}], "colour": "red", "n": 1})
    happened.track("u2", "Product Viewed", {"colour": "red", "my.key": True, "n": "1"})
    happened.run()
    assert suggested(console, source="events", typed="prod") == {"Product Viewed": 2}
    assert suggested(console, source="events")["Order Completed"] == 8
    of = {"event": "Product Viewed"}
    assert suggested(console, source="property", **of)["colour"] == 2
    assert '"my.key"' in suggested(console, source="property", **of)
    assert suggested(console, source="value", path="colour", **of) == {"red": 2}
    kinds = console.get("/segments/suggestions", {"source": "value", "path": "n", **of}).json()["items"]
    assert sorted(map(repr, (item["value"] for item in kinds))) == ["'1'", "1"], "a number and a text are two"
    assert set(suggested(console, source="property", item="products", **of)) == {"category", "price"}
    assert suggested(console, source="value", item="products", path="category", **of) == {"cup": 1}
    assert suggested(console, source="property", event="Product*")["colour"] == 2, "of all that begin so"
    assert suggested(console, source="traits")["language"] == 12
    assert suggested(console, source="trait", path="language") == {"en": 6, "ko": 6}
    assert "loyal" in suggested(console, source="segments")
    assert "welcome" in suggested(console, source="campaign")
    assert "csat" in suggested(console, source="surveys")
    lists.save("vip", "Friends of the house", happened.clock.now())
    assert suggested(console, source="lists", typed="friends") == {"vip": None}
    assert "email" in suggested(console, source="channels")
    assert happened.customer("u3") in suggested(console, source="customers", typed="u3@example.com")
    assert suggested(console, source="nothing such") == {}


def test_suggestions_cost_the_same_in_a_shop_of_any_size(
    happened: Kit, console: Client, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(suggestions, "DRAWN", 4)
    monkeypatch.setattr(suggestions, "NEWEST", 1)
    taken = suggestions.take()
    assert taken.scale >= 3, "twelve customers, of whom at most four were drawn"
    assert suggestions.draw(4) == suggestions.draw(4)
    monkeypatch.setattr(suggestions, "ROWS_OF_PART", 2)
    assert sum(suggestions.take().events.values()) <= 3
    suggested(console, source="events")
    with django_assert_max_num_queries(8):  # the session's and the frame's; the sample is kept
        suggested(console, source="events", typed="x")


def test_an_empty_shop_has_nothing_to_suggest_and_nobody_to_count(opened: Kit, console: Client) -> None:
    assert suggested(console, source="events") == {}
    told = ask(console, "judge", {"shape": BUYERS})
    assert (told["count"], told["customers"], told["exact"]) == (0, 0, True)


@pytest.mark.parametrize(("language", "said"), [("en", "Order Completed exactly once"), ("ko", "정확히 1회")])
def test_a_rule_nobody_saved_is_explained(happened: Kit, console: Client, language: str, said: str) -> None:
    console.cookies["language"] = language
    where = {"all": [{"event": "Order Completed", "count": 1, "within": "30d"}, {"trait": "language", "is": "fr"}]}
    page = ask(console, "explain", {"where": where, "customer": happened.customer("u1")})["html"]
    assert said in page
    assert 'class="tl-fact"' in page
    assert 'class="tl-flip"' in page, "the thirty days will be over"
    assert page.count('class="holds"') == 1
    assert "style=" not in page
    ask(console, "explain", {"where": where, "customer": 999_999}, 422)
    ask(console, "explain", {"where": {"event": ""}, "customer": happened.customer("u1")}, 422)


@pytest.mark.parametrize("subject", leaves.LEAVES)
def test_every_leaf_is_counted_and_explained_also_for_who_did_nothing_of_it(
    happened: Kit, console: Client, subject: str
) -> None:
    lists.save("email", "A list", happened.clock.now())
    topics.save("email", {"name": {"en": "A topic"}}, happened.clock.now())
    happened.identify("quiet", {"email": "quiet@example.com"})
    happened.run()
    where = {"segment": "new"} if subject == "segment" else example(subject)
    told = ask(console, "judge", {"shape": {"where": where}})
    assert told["faults"] == []
    for user in ("quiet", "u1"):
        page = ask(console, "explain", {"where": where, "customer": happened.customer(user)})["html"]
        assert page.count('class="why-leaf"') == 1


def test_any_segment_is_explained_on_a_customers_page(happened: Kit, console: Client) -> None:
    customer = happened.customer("u1")
    assert 'id="why-not"' in console.get(f"/customers/{customer}").content.decode()
    page = console.get(f"/customers/{customer}/segments", {"segment": "loyal"}).content.decode()
    assert "Order Completed" in page
    assert console.get(f"/customers/{customer}/segments", {"segment": "nothing"}).status_code == 404


def test_two_segments_are_compared_part_by_part(happened: Kit, console: Client, clock: SetClock) -> None:
    segment.save("buyers", BUYERS, clock.now())
    segment.save("korean", {"name": "Korean", "where": {"trait": "language", "is": "ko"}}, clock.now())
    page = console.get("/segments/overlap", {"a": "buyers", "b": "korean"}).context["page"]
    assert (page.overlap.both, page.overlap.first, page.overlap.second) == (4, 4, 2)
    for part, count, where in (
        ("both", 4, {"all": [{"segment": "buyers"}, {"segment": "korean"}]}),
        ("first", 4, {"all": [{"segment": "buyers"}, {"none": [{"segment": "korean"}]}]}),
        ("second", 2, {"all": [{"segment": "korean"}, {"none": [{"segment": "buyers"}]}]}),
    ):
        shown = console.get("/segments/overlap", {"a": "buyers", "b": "korean", "part": part}).context["page"].shown
        assert len(shown.rows) == shown.count == count
        begun = console.get(f"/segments/new?{shown.new}").context["page"].builder["shape"]["where"]
        assert begun == where
        assert sorted(asking.evaluate(begun, clock.now())) == [customer for customer, _ in shown.rows]
    assert console.get("/segments/overlap", {"a": "buyers", "b": "nothing"}).status_code == 404


def test_a_segment_says_who_uses_it_and_becomes_a_campaign(happened: Kit, console: Client, clock: SetClock) -> None:
    segment.save("buyers", BUYERS, clock.now())
    segment.save("rest", {"name": "Rest", "where": {"segment": "buyers", "is": False}}, clock.now())
    answer = console.post("/segments/of/buyers/campaign/new", {"name": "감사", "play": "win-back"})
    assert answer.headers["Location"] == "/campaigns/buyers"
    made = campaign.get("buyers")
    assert (made.state, made.name, made.definition["entry"]) == ("draft", "감사", {"segment": "buyers"})
    assert made.definition["include_existing"] is False
    again = console.post(
        "/segments/of/buyers/campaign/new", {"name": "b", "play": "win-back", "include_existing": "on"}
    )
    assert again.headers["Location"] == "/campaigns/buyers-2"
    assert campaign.get("buyers-2").definition["include_existing"] is True
    uses = console.get("/segments/of/buyers").context["page"].uses
    assert [one.key for one in uses.segments] == ["rest"]
    assert {one.key for one in uses.campaigns} == {"buyers", "buyers-2"}
    assert console.post("/segments/of/buyers/campaign/new", {"name": "", "play": "x"}).status_code == 422


def test_members_are_searched(happened: Kit, console: Client, clock: SetClock) -> None:
    segment.save("buyers", BUYERS, clock.now())
    page = console.get("/segments/of/buyers/members", {"q": "u4@example.com"}).content.decode()
    assert page.count("<li>") == 1
    assert "Nobody found" in console.get("/segments/of/buyers/members", {"q": "u3@example.com"}).content.decode()


def test_a_saved_segment_begins_with_the_form_it_was_saved_with(happened: Kit, console: Client) -> None:
    page = console.get("/segments/of/loyal/edit").context["page"]
    assert page.builder["shape"]["where"] == active.get("loyal").rule
    assert page.builder["saved"] == "loyal"


def test_counts_of_a_draw_that_was_cut_are_scaled_by_who_was_read(
    opened: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "ROWS_OF_PART", 25)
    for user in range(10):
        for number in range(10):
            opened.track(f"u{user}", "Seen", {"items": [{"n": number}]} if number else {"items": [{"m": 1}]})
            opened.track(f"u{user}", "Seen again", {"items": [{"k": number}]})
    opened.run()
    taken = suggestions.take()
    assert taken.events["Seen"] * taken.scale == pytest.approx(100)
    assert set(taken.paths("Seen*")["items"].items or {}) == {"n", "m", "k"}
