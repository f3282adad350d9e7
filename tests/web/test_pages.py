"""Every screen, in both languages, of a shop where nothing and one where something has happened."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.campaign.models import Run
from dangol.collect.reads import write_key
from dangol.converse import steps as converse
from dangol.converse.models import Task
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.profile import reads as profile
from dangol.segment import active, asking
from dangol.segment import steps as segment
from dangol.web.models import ApiKey
from dangol.web.security import POLICY
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

SCREENS = (
    "home", "customers", "identities", "segments", "segment-new", "strategy", "campaigns", "outbox", "results", "tasks",
    "conversations",
    "connect", "imports", "sale", "settings", "live-loop", "shops", "value", "templates", "template-new", "brand",
    "products", "caps", "harvest-sales", "harvest-cohorts", "harvest-moves",
    "harvest-letters", "harvest-letter-preview", "harvest-who",
)  # fmt: skip
KOREAN = {"home": "순환", "customers": "고객", "strategy": "계획", "outbox": "보낼 편지함", "results": "가져온 것"}


class Elements(HTMLParser):
    """What stands in a page that a strict policy would not let run."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.forbidden.append(tag)
        self.forbidden += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        self.forbidden += [f"{tag} {value}" for value in given.values() if value and value.startswith("javascript:")]


def look(client: Client, path: str, language: str = "en") -> str:
    client.cookies["language"] = language
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-store"
    page = answer.content.decode()
    elements = Elements()
    elements.feed(page)
    assert elements.forbidden == [], path
    return page


def details() -> list[str]:
    customer = Delivery.objects.filter(campaign="thanks")[0].customer_id
    return [
        reverse("customer", args=[customer]),
        reverse("customer-facts", args=[customer]),
        reverse("customer-why", args=[customer, "new"]),
        reverse("segment", args=["new"]),
        reverse("segment-members", args=["new"]),
        reverse("campaign", args=["welcome"]),
        reverse("result", args=["welcome"]),
        reverse("harvest-who") + "?what=stage&campaign=welcome&stage=sent",
        reverse("outbox-message", args=[OutboxMessage.objects.latest("pk").pk]),
        reverse("live") + "?after=0",
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_screen_of_an_empty_shop(opened: Kit, console: Client, language: str) -> None:
    for name in SCREENS:
        look(console, reverse(name), language)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_screen_of_a_shop_where_something_happened(happened: Kit, console: Client, language: str) -> None:
    for name in SCREENS:
        page = look(console, reverse(name), language)
        assert language == "en" or KOREAN.get(name, "") in page
    for path in details():
        look(console, path, language)


def test_an_empty_shop_says_what_to_do_with_its_real_key(opened: Kit, console: Client) -> None:
    page = look(console, "/")
    assert f"data-key=&quot;{write_key()}&quot;" in page or f'data-key="{write_key()}"' in page
    assert f"/v1/track -u {write_key()}:" in page
    assert "dangol import" in page


def test_the_feed_brings_what_is_new_and_nothing_twice(happened: Kit, console: Client) -> None:
    newest = profile.last_position()
    assert console.get(f"/live?after={newest}").status_code == 204
    happened.track("u1", "Something New", {"name": "<b>bold</b>"})
    happened.run()
    page = look(console, f"/live?after={newest}")
    assert "Something New" in page
    assert "&lt;b&gt;bold" in page, "what a shop sends is text, never markup"
    assert f"after={profile.last_position()}" in page


def test_customers_are_found_by_name_address_and_id(happened: Kit, console: Client) -> None:
    customer = happened.customer("u3")
    for text in ("u3@example.com", "u3", str(customer)):
        assert reverse("customer", args=[customer]) in look(console, f"/customers?q={text}"), text
    assert "Nobody found" in look(console, "/customers?q=nobody-like-this")
    assert look(console, "/customers?q=김민지").count('class="row-link"') == 12


def test_long_lists_are_read_page_by_page(opened: Kit, console: Client) -> None:
    for n in range(120):
        opened.track(f"v{n:03}", "Seen")
    opened.run()
    seen, path = [], "/customers"
    while path:
        page = console.get(path).content.decode()
        seen += [part.split('"')[0] for part in page.split('class="row-link" href="')[1:]]
        rest = page.partition('<tr class="more">')[2]
        path = rest.split('href="')[1].split('"')[0].replace("&amp;", "&") if rest else ""
    assert len(seen) == len(set(seen)) == 120


def test_a_timeline_is_read_to_its_end(opened: Kit, console: Client) -> None:
    for n in range(95):
        opened.track("ann", f"Event {n:03}")
    opened.run()
    customer, page = opened.customer("ann"), look(console, f"/customers/{opened.customer('ann')}")
    seen = page
    while "before=" in page:
        page = look(console, f"/customers/{customer}/facts?before=" + page.split("facts?before=")[1].split('"')[0])
        seen += page
    assert all(seen.count(f"Event {n:03}") == 1 for n in range(95))


def test_an_old_id_leads_to_the_customer_it_became(opened: Kit, console: Client) -> None:
    opened.send({"type": "page", "anonymousId": "a1", "name": "Home"})
    opened.track("ann", "Seen")
    opened.run()
    visitor = profile.search("")[0].customer_id, profile.search("")[1].customer_id
    opened.send({"type": "identify", "anonymousId": "a1", "userId": "ann", "traits": {}})
    opened.run()
    gone = next(one for one in visitor if one != opened.customer("ann"))
    answer = console.get(f"/customers/{gone}")
    assert answer.headers["Location"] == f"/customers/{opened.customer('ann')}"


def test_a_rule_is_counted_while_it_is_written(happened: Kit, console: Client) -> None:
    text = "key: buyers\nname: Buyers\nwhere: {event: Order Completed}\n"
    page = console.post("/segments/preview", {"text": text}).content.decode()
    assert ">8<" in page
    assert asking.keys_of([happened.customer("u1")])[happened.customer("u1")].count("buyers") == 0, "nothing is saved"


def test_faults_stand_at_their_lines_and_nothing_is_saved(happened: Kit, console: Client) -> None:
    text = "key: new\nname: New\nwhere:\n  all:\n    - event: Order Completed\n      within: 0d\n"
    before = active.get("new").rule
    answer = console.post("/segments/save", {"text": text, "saved": "new"})
    assert answer.status_code == 422
    assert 'data-fault-line="6"' in answer.content.decode()
    assert text.splitlines()[5] in answer.content.decode(), "what was written is not lost"
    assert active.get("new").rule == before
    for broken in ("", "key: [", "- 1\n- 2", "a: 1\n---\nb: 2", "just words"):
        assert console.post("/segments/save", {"text": broken}).status_code == 422, broken


def test_a_segment_is_saved_shown_and_archived(happened: Kit, console: Client) -> None:
    text = "key: buyers\nname: 단골 후보\nwhere: {event: Order Completed}\n"
    assert console.post("/segments/save", {"text": text}).headers["Location"] == "/segments/of/buyers"
    assert "단골 후보" in look(console, "/segments/of/buyers")
    assert console.post("/segments/of/buyers/archive").headers["Location"] == "/segments"
    assert console.get("/segments/of/buyers").context["page"].state == "archived"
    assert console.get("/segments/of/nothing").status_code == 404
    assert console.post("/segments/of/buyers/activate").headers["Location"] == "/segments/of/buyers"
    assert console.get("/segments/of/buyers").context["page"].size == 8


def test_a_draft_has_no_members_until_it_is_let_work(happened: Kit, console: Client) -> None:
    shape = {"key": "buyers", "name": "Buyers", "where": {"event": "Order Completed"}, "state": "draft"}
    console.post("/segments/keep", json.dumps({"shape": shape}), content_type="application/json")
    page = console.get("/segments/of/buyers").context["page"]
    assert (page.state, page.size) == ("draft", 0)
    assert "Drafts" in look(console, "/segments")
    console.post("/segments/of/buyers/activate")
    page = console.get("/segments/of/buyers").context["page"]
    assert (page.state, page.size, page.history) == ("active", 8, None), "and no picture of a single day"


def test_a_segment_in_use_is_not_archived(happened: Kit, console: Client) -> None:
    console.post("/segments/save", {"text": "key: both\nname: Both\nwhere: {segment: new}\n"})
    assert console.post("/segments/of/new/archive").status_code == 409


def test_one_click_carries_out_a_play(opened: Kit, console: Client) -> None:
    assert console.post("/strategy/abandoned-cart/activate").headers["Location"] == "/campaigns/abandoned-cart"
    assert campaign.get("abandoned-cart").state == "active"
    assert "Running" in look(console, "/strategy")


def test_a_campaign_is_paused_and_runs_again(happened: Kit, console: Client) -> None:
    console.post("/campaigns/welcome/pause")
    assert campaign.get("welcome").state == "paused"
    console.post("/campaigns/welcome/activate")
    assert campaign.get("welcome").state == "active"
    assert console.post("/campaigns/nothing/pause").status_code == 404


def test_a_campaigns_definition_is_changed_or_refused_with_its_line(happened: Kit, console: Client) -> None:
    page = console.get("/campaigns/welcome")
    text = page.context["page"].text
    assert console.post("/campaigns/welcome/save", {"text": text}).status_code == 303
    assert campaign.get("welcome").version == 1, "saving the same changes nothing"
    wrong = text.replace("holdout_percent: 10", "holdout_percent: 1000")
    answer = console.post("/campaigns/welcome/save", {"text": wrong})
    line = next(n for n, line in enumerate(wrong.splitlines(), start=1) if "holdout_percent" in line)
    assert (answer.status_code, f'data-fault-line="{line}"' in answer.content.decode()) == (422, True)
    drawn_anew = {"text": text.replace("holdout_percent: 10", "holdout_percent: 20")}
    assert console.post("/campaigns/welcome/save", drawn_anew).status_code == 422, "the draw stands once it has begun"
    console.post("/campaigns/welcome/save", {"text": text.replace("within: 14d", "within: 21d")})
    assert campaign.get("welcome").definition["goal"]["within"] == "21d"


def test_a_letter_is_shown_in_a_frame_in_which_nothing_runs(happened: Kit, console: Client) -> None:
    message = OutboxMessage.objects.filter(delivery__campaign="welcome").latest("pk")
    assert "/o/" in message.html
    answer = console.get(f"/outbox/{message.pk}/body")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    body = answer.content.decode()
    assert "/o/" not in body, "a look by staff is no customer's opening"
    assert '<base target="_blank">' in body
    page = look(console, f"/outbox/{message.pk}")
    assert "allow-scripts" not in page
    assert "allow-same-origin" not in page


def test_who_saves_a_definition_second_is_told_and_may_go_over_it(happened: Kit, console: Client) -> None:
    text = console.get("/campaigns/welcome").context["page"].text
    first, second = (re.sub(r"(?m)^name: .*", f"name: {name}", text) for name in ("First", "Second"))
    assert console.post("/campaigns/welcome/save", {"text": first, "version": "1"}).status_code == 303
    late = console.post("/campaigns/welcome/save", {"text": second, "version": "1"})
    assert late.status_code == 409
    assert "it is at version 2, yours began at 1" in late.content.decode()
    assert "name: Second" in late.content.decode()
    assert campaign.get("welcome").name == "First"
    assert console.post("/campaigns/welcome/save", {"text": second, "version": "2"}).status_code == 303


def test_a_task_is_done_with_a_note(happened: Kit, console: Client, clock: SetClock) -> None:
    task = Task.objects.get(state="open")
    assert "컵에 금이 가 있었어요" in look(console, "/tasks")
    assert console.post(f"/tasks/{task.pk}/done", {"note": "새 컵을 보냄"}).headers["Location"] == "/tasks"
    task.refresh_from_db()
    assert (task.state, task.note, task.done_at) == ("done", "새 컵을 보냄", clock.now())
    assert "새 컵을 보냄" in look(console, "/tasks")


def test_a_call_is_taken_put_back_and_closed_with_what_came_of_it(
    happened: Kit, console: Client, clock: SetClock
) -> None:
    reason = {"kind": "call", "title": "안부 전화", "text": "컵은 잘 왔나요?"}
    converse.open_task(happened.customer("u1"), "call", reason, "asked:1", clock.now())
    task = Task.objects.get(kind="call")
    assert "컵은 잘 왔나요?" in look(console, "/tasks")
    console.post(f"/tasks/{task.pk}/take")
    task.refresh_from_db()
    assert task.taken_by
    console.post(f"/tasks/{task.pk}/take", {"back": "1"})
    console.post(f"/tasks/{task.pk}/done", {"note": "잘 쓰고 계심", "outcome": "reached"})
    task.refresh_from_db()
    assert (task.state, task.outcome) == ("done", "reached")


FORM = {
    "name": "새 이름", "url": "https://shop.example", "timezone": "Asia/Tokyo", "currency": "JPY", "country": "JP",
    "locale": "ko", "sender_name": "가게", "sender_email": "hello@shop.example", "phone": "", "postal_address": "",
}  # fmt: skip


def test_the_shop_is_changed(happened: Kit, console: Client) -> None:
    assert console.post("/settings/shop", FORM).headers["Location"] == "/settings"
    shop = Shop.objects.get()
    assert (shop.name, shop.timezone, shop.currency, shop.country) == ("새 이름", "Asia/Tokyo", "JPY", "JP")


def test_a_shop_that_moves_to_another_zone_has_other_days(opened: Kit, console: Client, clock: SetClock) -> None:
    opened.track("ann", "Seen", at=clock.now().replace(day=23, hour=20))  # the 24th in Seoul, the 23rd in New York
    opened.run()
    today = {"name": "Since the 24th", "where": {"event": "Seen", "since": "2026-11-24"}}
    segment.save("since", today, clock.now())
    assert len(asking.members("since")) == 1
    console.post("/settings/shop", FORM | {"timezone": "America/New_York"})
    assert asking.members("since") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("timezone", "Mars/Base"), ("currency", "XYZW"), ("country", "ZZ"), ("locale", "xx"), ("name", ""),
     ("sender_email", "a@b\r\nBcc: c@d.example"), ("sender_email", "no address")],
)  # fmt: skip
def test_what_is_wrong_with_the_shop_is_refused_at_its_field(
    happened: Kit, console: Client, field: str, value: str
) -> None:
    before = Shop.objects.values().get()
    answer = console.post("/settings/shop", FORM | {field: value})
    assert answer.status_code == 422
    assert f'id="fault-{field}"' in answer.content.decode()
    assert Shop.objects.values().get() == before


def test_a_keys_secret_is_shown_once(happened: Kit, console: Client) -> None:
    page = console.post("/settings/keys", {"name": "ERP 2", "scopes": ["read"]}).content.decode()
    secret = page.split("<pre><code>")[1].split("<")[0]
    assert secret.startswith("dgk_")
    again = look(console, "/settings")
    assert secret not in again
    assert secret[:10] in again
    row = ApiKey.objects.get(name="ERP 2")
    console.post(f"/settings/keys/{row.pk}/revoke")
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert console.post("/settings/keys", {"name": "no scope"}).headers["Location"] == "/settings"
    assert not ApiKey.objects.filter(name="no scope").exists()


def test_charts_stand_beside_their_data(happened: Kit, console: Client) -> None:
    page = look(console, "/strategy")
    data = json.loads(page.split('id="lifecycle-data" type="application/json">')[1].split("</script>")[0])
    assert sum(data["values"]) == profile.count()


def test_whoever_switches_a_play_on_is_asked_about_those_who_are_there_already(
    console: Client, opened: Kit, clock: SetClock
) -> None:
    for n in range(3):
        opened.identify(f"u{n}", {"email": f"u{n}@example.com"})
        opened.consent(f"u{n}")
        opened.order(f"u{n}", f"o{n}", 10, clock.now() - timedelta(days=100))
    opened.run()
    assert "also the 3 who are in it now" in look(console, "/strategy")
    console.post("/strategy/win-back/activate")
    opened.run()
    assert not Run.objects.exists()
    assert "also the 3 who are in it now" not in look(console, "/campaigns/win-back"), (
        "asked when it is first switched on"
    )
    campaign.archive("win-back", clock.now())
    campaign.put("again", {"name": "Again", "definition": campaign.get("win-back").definition}, clock.now())
    assert "also the 3 who are in it now" in look(console, "/campaigns/again")
    console.post("/campaigns/again/activate", {"existing": "on"})
    opened.run()
    assert Run.objects.filter(campaign__key="again").count() == 3
