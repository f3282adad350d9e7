"""The door: who comes in, and that it does not open to anybody else."""

from __future__ import annotations

import pytest
from django.test import Client

from dangol.privacy.models import Access
from tests.shopkit import Kit
from tests.web.conftest import OWNER, PASSWORD

pytestmark = pytest.mark.django_db


def test_the_owner_comes_in_and_goes_out(opened: Kit, owner: object) -> None:
    client = Client()
    answer = client.post("/sign-in", {"login": OWNER, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    assert list(Access.objects.values_list("what", "who", "ip")) == [("sign-in", OWNER, "127.0.0.1")]
    old = client.cookies["sid"].value
    assert client.get("/sign-out").status_code == 405, "a picture or a link cannot sign anybody out"
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    client.cookies["sid"] = old
    assert client.get("/").status_code == 302, "the old session is dead on the server too"


def test_a_wrong_password_and_an_unknown_name_look_alike(opened: Kit, owner: object) -> None:
    told = []
    for login in (OWNER, "nobody@shop.example"):
        answer = Client().post("/sign-in", {"login": login, "password": "wrong-horse-9"})
        assert answer.status_code == 200
        page = answer.content.decode()
        told.append(page.split('role="alert">')[1].split("<")[0])
    assert told[0] == told[1]


def test_guessing_is_slowed_down(opened: Kit, owner: object) -> None:
    client = Client()
    for _ in range(10):
        client.post("/sign-in", {"login": OWNER, "password": "wrong-horse-9"})
    client.post("/sign-in", {"login": OWNER, "password": PASSWORD})
    assert client.get("/").status_code == 302


def test_the_way_back_leads_nowhere_else(opened: Kit, owner: object) -> None:
    for target in ("//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/x", "javascript:1"):
        answer = Client().post("/sign-in", {"login": OWNER, "password": PASSWORD, "next": target})
        assert answer.headers["Location"] == "/", target
    answer = Client().post("/sign-in", {"login": OWNER, "password": PASSWORD, "next": "/customers?q=a"})
    assert answer.headers["Location"] == "/customers?q=a"


def test_nobody_signs_up(opened: Kit) -> None:
    for path in ("/accounts/signup", "/accounts/signup/", "/signup", "/sign-up", "/accounts/password/reset/"):
        assert Client().get(path).status_code == 404


def test_the_language_is_chosen_and_the_way_back_stays_here(opened: Kit, console: Client) -> None:
    answer = console.post("/language", {"language": "ko", "next": "/customers"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/customers")
    assert 'lang="ko"' in console.get("/").content.decode()
    assert console.post("/language", {"language": "ko", "next": "//evil.example"}).headers["Location"] == "/"
    assert "language" not in Client().post("/language", {"language": "xx"}).cookies
