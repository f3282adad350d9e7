"""Sources and the quarantine in the console: seen, switched, mended."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from dangol.base.clock import SetClock, to_us
from dangol.collect import quarantine, sources
from dangol.collect.log import Rejected
from dangol.collect.models import Source, WriteKey
from dangol.collect.reads import write_key
from tests.shopkit import Kit
from tests.web.test_pages import look

pytestmark = pytest.mark.django_db
XSS = "<script>alert(1)</script>"


def refuse(kit: Kit, clock: SetClock, event: object, code: str = "missing_id", source: str = "site") -> int:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    kit.log.append([], [Rejected(source, to_us(clock.now()), code, f"found {XSS}", body)])
    return quarantine.listed(kit.log, limit=1)[0].id


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_is_there(happened: Kit, console: Client, clock: SetClock, language: str) -> None:
    id_ = refuse(happened, clock, {"type": "track", "event": XSS})
    for path in ("/connect", "/connect/of/site", "/connect/of/site/live", "/quarantine", f"/quarantine/{id_}"):
        page = look(console, path, language)
        assert XSS not in page, path
    assert console.get("/connect/of/nothing").status_code == 404
    assert console.get("/quarantine/999999").status_code == 404
    assert console.get("/quarantine?before=x&source=%00&code=nothing").status_code == 200


def test_a_source_waits_then_is_healthy_then_silent(opened: Kit, console: Client, clock: SetClock) -> None:
    assert "Waiting for the first fact" in look(console, "/connect/of/site/live")
    assert "waiting" in look(console, "/connect")
    opened.track("a", "Seen")
    opened.run()
    assert "Facts arrive" in look(console, "/connect/of/site/live")
    assert "healthy" in look(console, "/connect")
    clock.set(clock.now() + timedelta(days=4))
    assert "nothing for 4 days" in look(console, "/connect")


def test_the_snippets_hold_the_newest_key_and_the_real_address(opened: Kit, console: Client) -> None:
    page = look(console, "/connect/of/site")
    assert page.count(write_key()) > 8
    for word in (
        "/t.js",
        "segment.analytics",
        "@segment/analytics-node",
        "new PostHog(",
        "jitsuAnalytics",
        "dataPlaneUrl",
    ):
        assert word in page, word


def test_a_new_source_its_second_key_and_the_end_of_the_first(opened: Kit, console: Client) -> None:
    assert console.post("/connect/new", {"name": "Second App"}).headers["Location"] == "/connect/of/second-app"
    first = Source.objects.get(key="second-app").write_key
    console.post("/connect/of/second-app/keys")
    source = Source.objects.get(key="second-app")
    assert len(source.live_keys()) == sources.MOST_KEYS
    assert source.write_key != first
    assert console.post("/connect/of/second-app/keys").status_code == 409, "two at a time"
    old = WriteKey.objects.get(key=first)
    assert console.post(f"/connect/of/site/keys/{old.pk}/revoke").status_code == 404, "it is another source's"
    console.post(f"/connect/of/second-app/keys/{old.pk}/revoke")
    assert [key.key for key in Source.objects.get(key="second-app").live_keys()] == [source.write_key]
    assert "revoked" in look(console, "/connect/of/second-app")


@pytest.mark.parametrize(
    ("form", "status"),
    [({"name": "Site", "key": "site"}, 409), ({"name": "x", "key": "dangol"}, 422), ({"name": "가게"}, 422), ({}, 422)],
)
def test_a_source_that_cannot_be(opened: Kit, console: Client, form: dict[str, str], status: int) -> None:
    answer = console.post("/connect/new", form)
    assert (answer.status_code, Source.objects.count()) == (status, 1)
    assert 'role="alert"' in answer.content.decode()


def test_a_source_is_switched_and_its_addresses_shortened(opened: Kit, console: Client) -> None:
    console.post("/connect/of/site/switch", {"on": "no"})
    console.post("/connect/of/site/shorten", {"on": "yes"})
    source = Source.objects.get(key="site")
    assert (source.enabled, source.shorten_ip) == (False, True)
    assert "refused" in look(console, "/connect/of/site")
    console.post("/connect/of/site/switch", {"on": "yes"})
    assert Source.objects.get(key="site").enabled


def test_an_event_is_read_mended_and_taken(opened: Kit, console: Client, clock: SetClock) -> None:
    id_ = refuse(opened, clock, {"type": "track", "event": "Seen", "properties": {"text": XSS}})
    page = look(console, f"/quarantine/{id_}")
    assert "&lt;script&gt;" in page
    assert console.post(f"/quarantine/{id_}/replay").status_code == 422, "as it is it is refused again"
    broken = console.post(f"/quarantine/{id_}/replay", {"text": "{no json"})
    assert broken.status_code == 422
    assert "{no json" in broken.content.decode(), "what was typed is not lost"
    mended = json.dumps({"type": "track", "event": "Seen", "userId": "minji"})
    assert console.post(f"/quarantine/{id_}/replay", {"text": mended}).status_code == 303
    opened.run()
    assert opened.customer("minji")
    assert quarantine.count(opened.log) == 0


def test_all_of_one_reason_are_judged_again(opened: Kit, console: Client, clock: SetClock) -> None:
    for n in range(3):
        refuse(opened, clock, {"type": "track", "event": "Seen", "userId": f"u{n}"}, "wrong_write_key")
    refuse(opened, clock, {"type": "track", "event": "Seen"})
    refuse(opened, clock, b"not json", "not_an_object", "app")
    page = look(console, "/quarantine?source=site&code=wrong_write_key")
    assert "Judge all 3 again" in page
    assert page.count("<details") - look(console, "/connect").count("<details") == 3
    console.post("/quarantine/replay", {"source": "site", "code": "wrong_write_key"})
    assert quarantine.count(opened.log) == 2
    assert "not json" in look(console, "/quarantine?source=app")
    console.post("/quarantine/replay")
    assert quarantine.count(opened.log) == 2, "these are wrong still"


def test_a_long_quarantine_is_read_part_by_part(opened: Kit, console: Client, clock: SetClock) -> None:
    for n in range(55):
        refuse(opened, clock, {"type": "track", "n": n})
    page = look(console, "/quarantine")
    assert "before=6" in page
    assert "Older ones" not in look(console, "/quarantine?before=6")
