"""The rights of persons over the API."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dangol.privacy.models import Access, Erasure
from dangol.profile import restrictions
from dangol.profile.models import Profile
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(kit: Any, program: Program) -> int:
    kit.identify("c", {"email": "c@mail.example", "name": "<b>Minji</b>"})
    kit.consent("c")
    kit.run()
    return int(kit.customer("c"))


def test_a_copy_for_programs_and_one_for_people(kit: Any, program: Program, known: int) -> None:
    told = program.get(f"/api/customers/{known}/export?reason=asked")
    assert (told.status, told.kind) == (200, "application/json")
    assert told.body["customer"] == str(known)
    assert told.body["profile"][0]["email"] == "c@mail.example"
    page = program.client.get(
        f"/api/customers/{known}/export?format=html", headers={"Authorization": f"Bearer {program.secret}"}
    )
    text = page.content.decode()
    assert "c@mail.example" in text
    assert "&lt;b&gt;Minji" in text
    assert "<b>Minji" not in text
    assert "http" not in text.replace("https://shop.example", ""), "nothing is fetched"
    assert list(Access.objects.values_list("what", "reason").order_by("pk")) == [
        ("export", "asked"), ("export", "asked for over the API")
    ]  # fmt: skip


def test_a_correction_a_restriction_and_an_objection(kit: Any, program: Program, known: int) -> None:
    assert program.post(f"/api/customers/{known}/correct", {"traits": {"city": "Seoul"}}).status == 204
    assert program.post(f"/api/customers/{known}/correct", {"traits": {}}).status == 422
    kit.run()
    assert Profile.objects.get(pk=known).traits["city"] == "Seoul"
    assert program.post(f"/api/customers/{known}/restrict", {"reason": "letter"}).body["restricted"] is True
    assert restrictions.restricted() == {known}
    assert program.post(f"/api/customers/{known}/unrestrict", {"reason": "letter"}).body["restricted"] is False
    kit.clock.advance(timedelta(seconds=1))
    assert program.post(f"/api/customers/{known}/object", {"reason": "letter"}).status == 204
    kit.run()
    words = program.get(f"/api/customers/{known}/consents").body
    assert [(word["channel"], word["state"]) for word in words["items"]] == [
        ("sms", "withdrawn"), ("email", "withdrawn"), ("email", "granted")
    ]  # fmt: skip
    first = program.get(f"/api/customers/{known}/consents?limit=1").body
    rest = program.get(f"/api/customers/{known}/consents?cursor={first['next']}").body
    assert first["items"] + rest["items"] == words["items"]


def test_requests_are_entered_and_answered(kit: Any, program: Program, known: int) -> None:
    told = program.post("/api/requests", {"kind": "access", "customer": known, "proof": "ID card"}).body
    assert (told["law"], told["state"], told["customer"]) == ("KR", "open", str(known))
    assert program.post(f"/api/requests/{told['id']}/answer", {"state": "refused"}).status == 422
    assert (
        program.post(f"/api/requests/{told['id']}/answer", {"state": "done", "answer": "sent"}).body["state"] == "done"
    )
    assert program.post(f"/api/requests/{told['id']}/answer", {"state": "done"}).status == 409
    assert program.post("/api/requests", {"kind": "applause"}).status == 422
    assert [row["id"] for row in program.get("/api/requests?state=done").body["items"]] == [told["id"]]
    assert program.get("/api/requests?state=open").body["items"] == []


@pytest.mark.parametrize("verb", ["forget", "correct", "restrict", "unrestrict", "object"])
def test_nobody_is_there(program: Program, verb: str) -> None:
    body = {"traits": {"a": 1}, "reason": "r"} if verb == "correct" else {"reason": "r"}
    assert program.post(f"/api/customers/999/{verb}", body).status == 404


@pytest.mark.django_db(transaction=True)
def test_erasure(kit: Any, program: Program, known: int, settings: Any, tmp_path: Any) -> None:
    settings.DANGOL = replace(settings.DANGOL, data=str(tmp_path))
    assert program.post(f"/api/customers/{known}/forget", {"reason": ""}).status == 422
    told = program.post(f"/api/customers/{known}/forget", {"reason": "asked by letter"})
    assert told.status == 200, told.body
    assert told.body["finished_at"]
    assert told.body["report"]["identifiers"] == 2
    assert program.get(f"/api/customers/{known}").status == 404
    assert "mail.example" not in json.dumps(told.body)
    assert Erasure.objects.get().by.startswith("API key")
