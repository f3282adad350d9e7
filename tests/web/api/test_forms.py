"""Sign-up forms over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db


def test_a_form_is_made_and_archived(program: Program, open_shop: Kit) -> None:
    program.put("/api/topics/news", {"name": {"en": "News"}})
    shape: dict[str, Any] = {
        "title": {"en": "Letters"}, "topics": ["news"], "thanks": {},
        "fields": [{"trait": "city", "label": {}, "required": False}],
    }  # fmt: skip
    made = program.put("/api/forms/footer", shape)
    assert (made.status, {word: made.body[word] for word in shape}) == (200, shape)
    assert program.get("/api/forms").body == {"items": [made.body], "next": None}
    assert program.get("/api/forms/footer").body == made.body
    refused = program.put("/api/forms/footer", {"topics": ["none"]})
    assert (refused.status, refused.body["errors"][0]["path"]) == (422, "/topics/0")
    assert program.delete("/api/forms/footer").status == 204
    assert program.get("/api/forms/footer").status == 404
