"""The table of routes: who may pass, and that looking changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from dangol.converse.models import Task
from dangol.deliver import preferences
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.survey import steps as survey
from dangol.web.guard import Route
from dangol.web.models import ApiKey
from dangol.web.urls import ROUTES
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

SESSIONS = {"django_session", "auth_user"}  # what signing in itself writes


def address(route: Route) -> str:
    """A route with real parts, of the shop in which something has happened."""
    delivery = Delivery.objects.filter(state="accepted").order_by("pk").first()
    parts: dict[str, Any] = {
        "customer_id": Delivery.objects.values_list("customer_id", flat=True).first(),
        "pk": OutboxMessage.objects.values_list("pk", flat=True).first(),
        "token": preferences.link(delivery.pk) if delivery else "",
        "month": "2026-10",
    }
    if route.name.startswith("task"):
        parts["pk"] = Task.objects.values_list("pk", flat=True).first()
    if route.name.startswith("import"):
        parts |= {"pk": 1, "number": 0}
    if route.name.startswith("key"):
        parts["pk"] = ApiKey.objects.values_list("pk", flat=True).first()
    if route.name == "letter-survey" and delivery:
        asked = Delivery.objects.filter(campaign="thanks", state="accepted").first()
        parts["token"] = survey.link(asked.pk, 3) if asked else ""
    if route.name == "waiting-heard":
        parts["what"] = "seen"
    if route.name == "campaign-people":
        parts |= {"step": "hello", "group": "sent"}
    segment = route.name.startswith(("segment", "customer"))
    parts["key"] = "new" if segment else "site" if route.name.startswith("source") else "welcome"
    wanted = {name: value for name, value in parts.items() if f":{name}>" in route.path}
    return reverse(route.name, kwargs=wanted)


def everything() -> dict[str, list[Any]]:
    """Every row of every table."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in SESSIONS:
                cursor.execute(f'SELECT * FROM "{table}"')
                found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def test_the_table_says_who_may_pass(happened: Kit) -> None:
    for route in ROUTES:
        if route.permission != "staff":
            continue
        client, path = Client(), address(route)
        if "GET" in route.methods:
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/sign-in"), route.name
        if "POST" in route.methods:
            before = everything()
            assert client.post(path).status_code == 403, route.name
            assert everything() == before, route.name


def test_only_the_door_and_the_letters_are_open(happened: Kit) -> None:
    assert {route.name for route in ROUTES if route.permission == "anyone"} == {
        "account_login",
        "account_logout",
        "language",
    }
    assert {route.name for route in ROUTES if route.permission == "link"} == {
        "letter-unsubscribe",
        "letter-click",
        "letter-open",
        "letter-survey",
        "letter-preferences",
        "letter-confirm",
        "sign-up",
        "sign-up-form",
        "waiting",
        "waiting-heard",
    }


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(happened: Kit, console: Client, method: str) -> None:
    before = everything()
    for route in ROUTES:
        if "GET" not in route.methods or route.name in {"letter-open", "letter-click"}:
            continue  # those two count that somebody looked: that is what they are for
        answer = getattr(console, method)(address(route))
        assert answer.status_code in {200, 204, 302, 404}, route.name
        assert everything() == before, route.name


def test_what_another_system_signs_is_the_only_thing_without_a_token() -> None:
    assert [route.name for route in ROUTES if route.permission == "hook"] == ["hook"]


def test_other_methods_are_refused(happened: Kit, console: Client) -> None:
    for route in ROUTES:
        if "POST" not in route.methods:
            assert console.post(address(route)).status_code == 405, route.name
        if "GET" not in route.methods:
            assert console.get(address(route)).status_code == 405, route.name
        assert console.generic("TRACE", address(route)).status_code == 405, route.name


def test_a_form_from_elsewhere_is_refused(happened: Kit, owner: object) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)  # type: ignore[arg-type]
    before = everything()
    for route in ROUTES:
        if "POST" in route.methods and route.permission not in {"link", "hook"}:
            assert client.post(address(route), {"text": "x"}).status_code == 403, route.name
    assert everything() == before


def test_htmx_is_told_where_to_sign_in(happened: Kit) -> None:
    answer = Client().get("/live?after=0", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (403, "/sign-in")


def test_a_number_no_database_holds_is_no_page(console: Client) -> None:
    assert console.get("/customers/" + "9" * 30).status_code == 404
    assert console.get("/customers/999999").status_code == 404
