"""The daily audit on the console: how it went, and who was set right."""

from __future__ import annotations

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.segment import audits
from dangol.segment.models import Audit
from dangol.segment.rules import HIDDEN
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


def test_the_audit_is_where_staff_look_for_it(console: Client, happened: Kit, clock: SetClock) -> None:
    assert "has not happened yet" in console.get("/segments/audit").content.decode()
    row, customer = Audit(day=""), happened.customer("u1")
    audits.begin(row, "2026-11-23")
    audits.begin(row, "2026-11-24")
    row.segments, row.checked, row.wrong, row.finished_at = 2, 3, 2, clock.now()
    audits.note(row, [audits.Difference(customer, ["new"], [], late=True), audits.Difference(999, [], ["new"], False)])
    row.save()
    page = console.get("/segments/audit")
    assert [(one.customer, one.difference.too_many) for one in page.context["page"].found] == [
        (customer, ["new"]), (None, []),
    ]  # fmt: skip
    text = page.content.decode()
    assert f'href="/customers/{customer}"' in text
    assert "2026-11-23" in text
    assert "2 customers were not where the rules say" in console.get("/segments").content.decode()


def test_a_condition_of_a_campaign_and_a_segment_that_is_gone_have_no_page(console: Client, happened: Kit) -> None:
    row, customer, condition = Audit(day=""), happened.customer("u1"), f"{HIDDEN}0123456789abcdef"
    audits.begin(row, "2026-11-24")
    audits.note(row, [audits.Difference(customer, [condition], ["gone"], late=False)])
    row.wrong = 1
    row.save()
    page = console.get("/segments/audit")
    assert page.status_code == 200
    text = page.content.decode()
    assert "a condition of a campaign" in text
    assert condition not in text
    assert "/segments/gone" not in text
