"""Templates over the API: saved, refused, looked at, sent as they were when the campaign was activated."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db
MJML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ customer.first_name | default: 'you' }}</mj-text>"
    "{% for p in items %}<mj-image src='{{ p.image_url }}' alt='{{ p.name }}' href='{{ p.url }}'/>{% endfor %}"
    "<mj-text>{{ event.order_id }}{{ customer.nickname }}</mj-text></mj-column></mj-section></mj-body></mjml>"
)
SHAPE = {"name": "Thanks", "templates": {"en": {"subject": "Hi {{ customer.name }}", "mjml": MJML}}}
EVENT = {
    "name": "Order Completed",
    "properties": {
        "order_id": "A1",
        "products": [{"name": "Cup", "url": "/cup", "image_url": "https://a.example/c.png"}],
    },
}


def test_a_template_is_saved_read_listed_and_removed(program: Program, open_shop: Kit) -> None:
    saved = program.put("/api/templates/thanks", SHAPE)
    assert (saved.status, saved.body["version"], saved.body["templates"]) == (200, 1, SHAPE["templates"])
    assert program.get("/api/templates/thanks").body == saved.body
    assert [row["key"] for row in program.get("/api/templates").body["items"]] == ["thanks"]
    assert program.call("DELETE", "/api/templates/thanks").status == 204
    assert program.get("/api/templates/thanks").status == 404


def test_a_change_to_another_version_is_refused(program: Program, open_shop: Kit) -> None:
    assert program.put("/api/templates/thanks?version=0", SHAPE).status == 200
    other = {"templates": {"en": {"subject": "Other", "html": "<p>Other</p>"}}}
    assert program.put("/api/templates/thanks?version=0", other).status == 409
    assert program.put("/api/templates/thanks?version=1", other).body["version"] == 2
    refused = program.put("/api/templates/thanks?version=1", SHAPE)
    assert (refused.status, "has version 2, not version 1" in str(refused.body)) == (409, True)


def test_what_is_wrong_is_said_with_its_place_and_line(program: Program, open_shop: Kit) -> None:
    html = "<p>{{ customer.name }}</p>\n<a href='/x'>x</a>"
    refused = program.put("/api/templates/thanks", {"templates": {"en": {"subject": "x", "html": html}}})
    assert (refused.status, refused.body["errors"][0]["path"]) == (422, "/templates/en/html")
    assert "line 2" in refused.body["errors"][0]["found"]


def test_a_preview_says_what_is_missing_and_what_to_look_at(program: Program, open_shop: Kit) -> None:
    program.put("/api/templates/thanks", SHAPE)
    told = program.post("/api/templates/thanks/preview", {"language": "en", "event": EVENT}).body
    assert "https://a.example/c.png" in told["html"]
    assert "A1" in told["text"]
    assert told["missing"] == ["customer.name", "customer.nickname"]
    assert "preheader_missing" in {hint["code"] for hint in told["hints"]}
    assert program.post("/api/templates/thanks/preview", {"customer": 99}).status == 404
    assert program.post("/api/templates/none/preview", {}).status == 404


def test_brand(program: Program, open_shop: Kit) -> None:
    assert program.put("/api/brand", {"colour": "#112233"}).body["colour"] == "#112233"
    assert program.get("/api/brand").body["colour"] == "#112233"
    assert program.put("/api/brand", {"colour": "blue"}).status == 422


def test_a_campaign_sends_the_version_it_was_activated_with(program: Program, open_shop: Kit) -> None:
    program.put("/api/templates/thanks", SHAPE)
    send = {"channel": "email", "class": "transactional", "template": "thanks"}
    definition: dict[str, Any] = {"entry": {"fact": "Order Completed"}, "steps": [{"key": "mail", "send": send}]}
    program.put("/api/campaigns/mine", {"name": "Mine", "definition": definition})
    assert program.post("/api/campaigns/mine/activate").status == 200
    program.put("/api/templates/thanks", {"templates": {"en": {"subject": "Other", "html": "<p>Other</p>"}}})
    open_shop.identify("minji", {"email": "minji@shop.example", "name": "Minji"})
    open_shop.track("minji", "Order Completed", EVENT["properties"])
    open_shop.run()
    mail = program.get("/api/outbox").body["items"][0]
    assert mail["subject"] == "Hi Minji"
    assert 'alt="Cup"' in mail["html"]
    assert "A1" in mail["text"]
