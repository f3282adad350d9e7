"""The console's sign-up forms, what a shop pastes, and those of the API."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.privacy import forms
from dangol.segment import topics
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
FORM: dict[str, Any] = {
    "new": "1", "key": "footer", "title.en": "Our <letters>", "thanks.ko": "고맙습니다", "topic": ["news"],
    "trait.0": "city", "label.0.en": "Your city", "required.0": "on", "trait.1": "", "label.1.en": "left over",
}  # fmt: skip


def test_a_form_is_made_changed_pasted_and_archived(console: Client, happened: Kit, clock: SetClock) -> None:
    topics.save("news", {"name": {"en": "The news"}}, clock.now())
    assert console.post("/sign-up-forms/save", FORM).headers["Location"] == "/sign-up-forms"
    assert forms.written(forms.get("footer")) == {
        "title": {"en": "Our <letters>"}, "thanks": {"ko": "고맙습니다"}, "topics": ["news"],
        "fields": [{"trait": "city", "label": {"en": "Your city"}, "required": True}],
    }  # fmt: skip
    page = console.get("/sign-up-forms").content.decode()
    assert "Our &lt;letters&gt;" in page
    pasted = unescape(page[page.index("&lt;form action=") :])
    assert '<form action="http://127.0.0.1:8000/f/footer?lang=en" method="post">' in pasted
    assert '<label>Your city <input name="city" maxlength="200" required></label>' in pasted
    assert '<input type="checkbox" name="topic" value="news"> The news' in pasted
    assert "<script" not in pasted[: pasted.index("</form>")]
    console.post("/sign-up-forms/save", {"key": "footer", "title.en": "Letters"})
    assert forms.written(forms.get("footer"))["fields"] == []
    assert console.post("/sign-up-forms/of/footer/archive").headers["Location"] == "/sign-up-forms"
    assert forms.everything() == []


def test_a_form_that_is_refused_keeps_what_was_typed(console: Client, happened: Kit) -> None:
    told = FORM | {"topic": [], "trait.0": "email"}
    refused = console.post("/sign-up-forms/save", told)
    assert (refused.status_code, refused.context["page"].new.key) == (422, "footer")
    assert 'value="Our &lt;letters&gt;"' in refused.content.decode()
    console.post("/sign-up-forms/save", told | {"trait.0": "city"})
    assert console.post("/sign-up-forms/save", told | {"trait.0": "city"}).status_code == 422, "the key is taken"
    assert console.post("/sign-up-forms/save", {"key": "footer", "trait.0": "a b"}).status_code == 422
