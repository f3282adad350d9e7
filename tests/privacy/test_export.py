"""A copy of everything: every table that leads to a customer is in it, or it is said why not."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from django.apps import apps
from django.db import models

from dangol.base.errors import NotFound
from dangol.privacy import export, holdings, rights
from dangol.privacy.audit import Actor
from dangol.privacy.models import Access
from tests.privacy.test_erasure import EMAIL, NAME, PHONE, live
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
ANN = Actor("ann@staff.example")
PEOPLE = {"customer_id", "customer", "survivor", "absorbed", "survivor_id", "absorbed_id"}


def about_customers() -> Iterator[type[models.Model]]:
    """Every table of ours that leads to a customer, directly or over a table that does."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("dangol.")]
    found = {model for model in ours if {field.name for field in model._meta.concrete_fields} & PEOPLE}
    for model in ours:
        if any(field.related_model in found for field in model._meta.concrete_fields if field.is_relation):
            found.add(model)
    yield from sorted(found, key=lambda model: model._meta.label)


def test_every_table_about_customers_is_told_or_explained() -> None:
    told = {holding.model._meta.label for holding in holdings.HOLDINGS}
    tables = {model._meta.label for model in about_customers()}
    assert tables - told - set(holdings.EXPLAINED) == set()
    assert told <= tables, "a holding whose table leads to nobody"
    assert set(holdings.EXPLAINED) - {"identity.Customer"} <= tables, "an explanation without its table"
    assert not told & set(holdings.EXPLAINED)


def copied(kit: Kit, customer: int) -> dict[str, list[dict[str, object]]]:
    pieces = export.as_json(export.copy_of(customer, kit.clock.now(), ANN, "asked for"))
    told: dict[str, list[dict[str, object]]] = msgspec.json.decode(b"".join(pieces))
    return told


@pytest.mark.django_db(transaction=True)
def test_a_copy_holds_everything_that_a_person_left(kit: Kit) -> None:
    ann = live(kit)
    rights.restrict(ann, kit.clock.now(), ANN, "r")
    rights.lift(ann, kit.clock.now(), ANN)
    told = copied(kit, ann)
    empty = {key for key, rows in told.items() if rows == []}
    assert empty <= {
        "merges",
        "requests",
        "segments",
        "confirmations",
        "forecasts",
        "bought",
        "experiments",
        "cards",
        "browsers",
    }
    assert told["profile"][0]["email"] == EMAIL
    assert {row["value"] for row in told["identifiers"]} >= {"ann", EMAIL, "browser-1"}
    assert {row["name"] for row in told["facts"]} >= {"Home", "Order Completed", "Video Watched", "Email Delivered"}
    video = next(row for row in told["facts"] if row["name"] == "Video Watched")
    assert video["properties"] == {"video": NAME}
    assert told["orders"][0]["revenue"] == "120.5"
    assert told["consent_changes"][0]["state"] == "granted"
    (message,) = told["messages"]
    content = message["content"]
    assert isinstance(content, dict)
    assert NAME in str(content["subject"])
    assert "Thank you" in str(content["html"])
    assert told["answers"][0]["answer"] == f"call me {PHONE}"
    assert told["campaigns"][0]["campaign"] == "thanks-at-once"
    assert all("B-1" not in str(row) for rows in told.values() for row in rows), "nothing of anybody else"


def test_a_copy_is_noted_with_its_reason_and_the_same_twice(kit: Kit) -> None:
    kit.identify("c", {"email": "c@mail.example"})
    kit.run()
    first, second = (export.digest(export.as_json(export.copy_of(kit.customer("c"), kit.clock.now(), ANN, "why")))
                     for _ in range(2))  # fmt: skip
    assert first == second
    assert set(Access.objects.values_list("what", "who", "reason")) == {("export", ANN.name, "why")}
    with pytest.raises(NotFound):
        export.copy_of(99, kit.clock.now(), ANN, "why")
