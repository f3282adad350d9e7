"""The console's lists kept by hand and its library of segments."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dangol.base.clock import SetClock
from dangol.segment import active, lists
from dangol.web.screens.hand_lists import entries_of
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("a@x.example\n\n 42 \nphone:+821012345678\n", ["email:a@x.example", "userId:42", "phone:+821012345678"]),
        ("이름,이메일\n민지,minji@x.example\n보람,\n", ["email:minji@x.example"]),
        ("name,customer_id,email\nMin,42,min@x.example\n", ["userId:42"]),
        ("#720\n720\n", ["720", "userId:720"]),
    ],
)
def test_lines_and_tables_name_customers(text: str, entries: list[str]) -> None:
    assert entries_of(text) == entries


def test_a_list_is_made_filled_from_a_file_and_removed(console: Client, happened: Kit, clock: SetClock) -> None:
    assert console.post("/lists/save", {"key": "vip", "name": "우수 고객"}).headers["Location"] == "/lists"
    file = SimpleUploadedFile("vip.csv", b"customer_id,email\nu1,\nnobody,\n")
    page = console.post("/lists/of/vip/change", {"file": file, "what": "add"})
    assert page.context["page"].result.added == 1
    assert page.context["page"].unknown == ["userId:nobody"]
    happened.run()
    assert console.get("/lists").context["page"].rows[0][1] == 1
    assert console.post("/lists/save", {"key": "Not a key", "name": "x"}).status_code == 422
    assert console.post("/lists/of/vip/remove").headers["Location"] == "/lists"
    assert lists.everything() == []


def test_a_segment_of_the_library_is_adopted(console: Client, happened: Kit) -> None:
    page = console.get("/segments/library").context["page"]
    counts = {one.key: one.count for _, offered in page.groups for one in offered}
    assert counts["big-spenders"] is None
    assert counts["lifecycle-active"] is not None
    answer = console.post("/segments/library/lifecycle-active/adopt", {"state": "draft"})
    assert answer.headers["Location"] == "/segments/of/lifecycle-active"
    assert active.newest("lifecycle-active").state == "draft"
    assert console.post("/segments/library/big-spenders/adopt", {"amount": "x"}).status_code == 422
    console.post("/segments/library/big-spenders/adopt", {"amount": "100"})
    assert active.get("big-spenders").rule["sum"] == {"of": "revenue", "at_least": 100}
