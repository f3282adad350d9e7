"""The autopilot's page: off at first, limits that are refused where they are wrong, and taking back by one click."""

from __future__ import annotations

import pytest
from django.test import Client

from dangol.autopilot import steps as autopilot
from dangol.base.clock import SetClock
from dangol.campaign import reads as campaigns
from tests.web.test_pages import look

pytestmark = pytest.mark.django_db
LIMITS = {"mode": "proposes", "contacts": "4", "budget": "50000", "discount": "0", "hours": "8", "staff_hours": "",
          "opens": "09:00", "closes": "18:00", "plays": ["welcome", "thanks"]}  # fmt: skip


def test_it_is_off_until_somebody_switches_it_on(console: Client) -> None:
    page = look(console, "/autopilot")
    assert "it is switched off" in page
    assert "Autopilot: Off" in look(console, "/strategy")


def test_limits_are_kept_and_wrong_ones_marked(console: Client) -> None:
    wrong = console.post("/autopilot/save", {**LIMITS, "contacts": "many", "closes": "8"})
    assert wrong.status_code == 422
    assert wrong.content.decode().count("is-invalid") == 2
    assert autopilot.limits().mode == "off"
    assert console.post("/autopilot/save", LIMITS).headers["Location"] == "/autopilot"
    kept = autopilot.limits()
    assert (kept.mode, kept.contacts, kept.budget, kept.plays) == ("proposes", 4, 50_000, ["thanks", "welcome"])


def test_a_proposal_is_done_and_taken_back(console: Client, clock: SetClock) -> None:
    console.post("/autopilot/save", LIMITS)
    first, second = autopilot.step(clock.now())
    assert "2 proposals" in look(console, "/strategy")
    assert "Do it" in look(console, "/autopilot")
    console.post(f"/autopilot/acts/{first.pk}/accept")
    console.post(f"/autopilot/acts/{second.pk}/decline")
    assert campaigns.of_plays()[first.play].state == "active"
    console.post(f"/autopilot/acts/{first.pk}/accept")
    assert "not as it was when you looked" in look(console, "/autopilot")
    console.post(f"/autopilot/acts/{first.pk}/undo")
    assert campaigns.of_plays()[first.play].state == "paused"
    page = look(console, "/autopilot")
    assert "taken back" in page
    assert "declined" in page
    assert console.post("/autopilot/acts/999/undo").status_code == 404
