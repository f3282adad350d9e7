"""The plan and the autopilot over the API."""

from __future__ import annotations

import pytest

from dangol.autopilot import steps as autopilot
from dangol.base.clock import SetClock
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db


def test_limits_are_told_set_and_refused_with_their_place(program: Program, open_shop: Kit) -> None:
    told = program.get("/api/autopilot").body
    assert (told["mode"], told["plays"], told["budget"], told["hours"]) == ("off", [], None, 8)
    saved = program.put("/api/autopilot", {"mode": "proposes", "budget": "50000", "contacts": 4})
    assert saved.status == 200
    assert (saved.body["mode"], saved.body["budget"], saved.body["contacts"]) == ("proposes", "50000", 4)
    wrong = program.put("/api/autopilot", {"mode": "always", "hours": -1})
    assert wrong.status == 422
    assert {error["path"] for error in wrong.body["errors"]} == {"/mode", "/hours"}
    assert program.get("/api/autopilot").body == saved.body


def test_proposals_are_accepted_declined_and_taken_back(program: Program, open_shop: Kit, still: SetClock) -> None:
    program.put("/api/autopilot", {"mode": "proposes"})
    autopilot.step(still.now())
    first = program.get("/api/autopilot/acts?limit=1").body
    [newest], cursor = first["items"], first["next"]
    rest = program.get(f"/api/autopilot/acts?cursor={cursor}").body["items"]
    assert [newest["id"], *(one["id"] for one in rest)] == [3, 2, 1]
    assert program.post(f"/api/autopilot/acts/{newest['id']}/decline").body["state"] == "declined"
    done = program.post("/api/autopilot/acts/1/accept").body
    assert (done["state"], done["by"], done["verb"]) == ("done", "API", "activate")
    assert program.get(f"/api/campaigns/{done['play']}").body["state"] == "active"
    assert program.post("/api/autopilot/acts/1/undo").body["state"] == "undone"
    assert program.post("/api/autopilot/acts/1/undo").status == 409
    assert program.post("/api/autopilot/acts/99/undo").status == 404


def test_the_plan_tells_margin_limits_and_what_would_help(program: Program, open_shop: Kit, still: SetClock) -> None:
    rows = program.get("/api/strategy/plan").body["items"]
    assert len(rows) >= 20
    cart = next(row for row in rows if row["play"] == "abandoned-cart")
    assert {amount["currency"] for amount in cart["expected_margin"].values()} == {"KRW"}
    assert (cart["fits"], cart["limit"], cart["annoyed"]) == (True, "", None)
    assert "Product Added" in cart["helps"]["en"]
    assert cart["ready"][0] == {"what": "Product Added", "kind": "fact", "customers": 0}
