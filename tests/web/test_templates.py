"""The pages of templates and of the brand: begun from the gallery, looked at, saved, refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dangol.campaign.templates import brand, stored
from dangol.strategy import gallery
from dangol.web.security import MESSAGE_POLICY
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


def written(**changes: Any) -> dict[str, Any]:
    body = "<p>Hi {{ customer.first_name | default: 'you' }}, {{ product.name }}</p>"
    return {
        "key": "hello", "name": "Hello", "language": "en", "subject": "Hi", "preheader": "Look", "form": "html",
        "body": body, "customer": "0", "fresh": "1", **changes,
    }  # fmt: skip


def test_a_letter_of_the_gallery_is_begun_with_and_keeps_its_other_language(opened: Kit, console: Client) -> None:
    page = console.get(reverse("template-new") + "?from=win-back&language=en").content.decode()
    assert "It has been a while" in page
    console.post(reverse("template-save"), written(key="mine", begun="win-back", body="<p>Mine</p>"))
    told = stored.newest_of(stored.get("mine")).shape["templates"]
    assert told["en"]["html"] == "<p>Mine</p>"
    assert told["ko"]["html"] == gallery.letters()["win-back"].texts["ko"]["html"]


def test_what_is_written_can_be_looked_at_before_it_is_saved(opened: Kit, console: Client) -> None:
    answer = console.post(reverse("template-look"), written())
    assert "Hi you, </p>" in answer.content.decode()
    assert answer.headers["Content-Security-Policy"] == MESSAGE_POLICY
    notes = console.post(reverse("template-notes"), written(subject="READ THIS NOW")).content.decode()
    assert "product.name" in notes, "a value that is missing"
    assert "capitals" in notes
    assert not stored.everyone()


def test_what_is_wrong_is_said_and_not_saved(opened: Kit, console: Client) -> None:
    wrong = written(body="<p>\n{{ custmer.name }}</p>")
    assert "line 2: unknown variable custmer" in console.post(reverse("template-notes"), wrong).content.decode()
    answer = console.post(reverse("template-save"), wrong)
    assert answer.status_code == 422
    assert "custmer.name" in answer.content.decode(), "what was written is still there"
    assert not stored.everyone()


def test_a_test_needs_a_mail_server(opened: Kit, console: Client) -> None:
    assert "no mail server is set" in console.post(reverse("template-test"), written()).content.decode()


def test_saved_listed_and_removed(opened: Kit, console: Client) -> None:
    assert console.post(reverse("template-save"), written()).status_code == 303
    assert "Hello" in console.get(reverse("templates")).content.decode()
    assert console.get(reverse("template", args=["hello"])).status_code == 200
    console.post(reverse("template-remove", args=["hello"]))
    assert console.get(reverse("template", args=["hello"])).status_code == 404


def test_brand_is_set_and_refused(opened: Kit, console: Client) -> None:
    told = {"logo_url": "", "colour": "#123456", "background": "#ffffff", "font": "", "social": "X https://x.example/a"}
    assert console.post(reverse("brand-save"), told).status_code == 303
    assert (brand.current().colour, brand.current().social[0]["name"]) == ("#123456", "X")
    assert console.post(reverse("brand-save"), told | {"social": "X nowhere"}).status_code == 422
