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
