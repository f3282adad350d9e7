"""Steps as sentences: what a letter is called in the flow."""

from __future__ import annotations

import pytest

from dangol.web.journey import sentences


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Your cart is waiting", "Your cart is waiting"),
        ("{{ customer.first_name | default: 'Hello' }}, your cart is waiting", "[first name], your cart is waiting"),
        ("{{cart.items.size}} things for {{ shop.name }}", "[size] things for [name]"),
        ("{% if customer.first_name %}{{ customer.first_name }}, {% endif %}welcome", "[first name], welcome"),
        ("{{- customer.city -}} calls", "[city] calls"),
        ("Half a mark {{ customer", "Half a mark {{ customer"),
    ],
)
def test_a_letters_subject_reads_without_marks(subject: str, shown: str) -> None:
    step = {"key": "mail", "send": {"channel": "email", "templates": {"en": {"subject": subject, "body": "x"}}}}
    assert sentences.act(step)[0] == shown


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=2;BYHOUR=10;BYMINUTE=0;BYSECOND=0", "Every year on Dec 2"),
        ("FREQ=MONTHLY;BYDAY=2TU;BYHOUR=10;BYMINUTE=0;BYSECOND=0", "Every month on Tue number 2"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "Every month on day 15"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"),
        ("FREQ=MONTHLY;BYDAY=2XX", "FREQ=MONTHLY;BYDAY=2XX"),
        ("FREQ=WEEKLY;BYDAY=MO,FR", "Every week (Mon, Fri)"),
        ("FREQ=HOURLY", "FREQ=HOURLY"),
    ],
)
def test_a_calendar_is_said_as_people_say_it(rule: str, shown: str) -> None:
    definition = {"entry": {"schedule": rule, "segment": "readers"}, "steps": []}
    assert sentences.entry(definition, {"readers": "Readers"})[0] == f"{shown}: who is in Readers"
