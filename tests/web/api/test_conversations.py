"""Conversations over the API: read, answered and closed as staff would in the console."""

from __future__ import annotations

import pytest

from dangol.base.clock import SetClock
from dangol.deliver.models import OutboxMessage
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db


def writes(shop: Kit, user: str, text: str) -> None:
    shop.track(
        user, "Message Received", {"channel": "email", "subject": "Where is it?", "text": text, "from": "a@b.example"}
    )
    shop.run()


@pytest.fixture
def thread(program: Program, open_shop: Kit) -> str:
    open_shop.identify("42", {"email": "minji@example.com", "language": "en"})
    writes(open_shop, "42", "My parcel has not come.")
    (found,) = program.get("/api/conversations").body["items"]
    assert (found["state"], found["waiting"], found["channel"]) == ("open", True, "email")
    return str(found["id"])


def test_an_answer_leaves_and_stands_in_the_thread(program: Program, open_shop: Kit, thread: str) -> None:
    told = program.post(f"/api/conversations/{thread}/answer", {"text": "It leaves today.", "who": "Jin"}).body
    assert [(one["by"], one["text"]) for one in told["said"]] == [
        ("customer", "My parcel has not come."), ("staff", "It leaves today."),
    ]  # fmt: skip
    assert told["waiting"] is False
    open_shop.run()
    sent = OutboxMessage.objects.get()
    assert "It leaves today." in sent.text
    told = program.get(f"/api/conversations/{thread}").body
    assert (told["said"][-1]["state"], told["said"][-1]["who"]) == ("accepted", "Jin")


def test_it_is_closed_until_the_customer_writes_again(program: Program, open_shop: Kit, thread: str) -> None:
    told = program.post(f"/api/conversations/{thread}/answer", {"text": "Solved.", "close": True}).body
    assert (told["state"], program.get("/api/conversations").body["items"]) == ("closed", [])
    assert program.post(f"/api/conversations/{thread}/close").body["state"] == "closed", "twice is once"
    open_shop.run()
    writes(open_shop, "42", "It is not.")
    (again,) = program.get("/api/conversations").body["items"]
    assert (again["id"], again["waiting"]) == (thread, True)


def test_what_is_wrong_is_said(program: Program, thread: str) -> None:
    assert program.post(f"/api/conversations/{thread}/answer", {"text": ""}).status == 422
    assert program.post(f"/api/conversations/{thread}/answer", {"text": "  "}).status == 422
    assert program.post("/api/conversations/999/answer", {"text": "hello"}).status == 404
    assert program.get("/api/conversations/999").status == 404


def test_they_come_in_pages(program: Program, open_shop: Kit, clock: SetClock) -> None:
    for number in range(5):
        open_shop.identify(f"u{number}", {"email": f"u{number}@example.com"})
        writes(open_shop, f"u{number}", f"Question {number}")
    whole = [one["id"] for one in program.get("/api/conversations").body["items"]]
    seen, cursor = [], ""
    while cursor is not None:
        part = program.get(f"/api/conversations?limit=2{cursor and '&cursor=' + cursor}").body
        seen += [one["id"] for one in part["items"]]
        cursor = part["next"]
    assert (seen, len(seen)) == (whole, 5)
