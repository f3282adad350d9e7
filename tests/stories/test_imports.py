"""A shop moves in: its history becomes customers with money, scores and consents, and wakes nobody."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.campaign.models import Run
from dangol.collect.files.steps import Place, import_file, import_files
from dangol.converse.models import Task
from dangol.deliver.models import Delivery
from dangol.identity import steps as identity
from dangol.profile.models import Consent, Profile
from dangol.segment.models import Member
from dangol.strategy import steps as strategy
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

ORDERS = """order_id,customer_id,ordered_at,total
1,ann,2024-03-05,100.50
2,ann,2026-11-01,50
3,bo,2026-11-20,20
"""
LINES = """order_id,product_id,price,quantity
1,P1,50.25,2
2,P2,50,1
3,P1,20,1
"""
CUSTOMERS = """customer_id,customer_unique_id,email,first_name,accepts_marketing,created_at
ann,person-a,ann@example.com,Ann,yes,2024-03-05
bo,person-b,bo@example.com,Bo,no,2026-11-20
"""
REVIEWS = """order_id,review_score,review_comment_message,review_answer_timestamp
1,5,Lovely,2024-03-20
3,1,Broken,2026-11-23
"""


def test_a_shop_moves_in(kit: Kit, clock: SetClock, shop: Shop, tmp_path: Path) -> None:
    strategy.ensure_ready(clock.now())
    for play in ("welcome", "thanks", "win-back"):
        campaign.activate_play(play, clock.now())
    paths = []
    for name, text in (("reviews", REVIEWS), ("lines", LINES), ("orders", ORDERS), ("customers", CUSTOMERS)):
        paths.append(tmp_path / f"{name}.csv")
        paths[-1].write_text(text)
    place = Place(kit.log, clock.now(), shop.zone, shop.currency, tmp_path)
    import_files(paths, "orders", place)
    kit.run()
    ann = identity.find("userId", "person-a")
    assert ann == identity.find("email", "ann@example.com")
    profile = Profile.objects.get(pk=ann)
    assert (profile.orders, profile.revenue, profile.name) == (2, Decimal("150.50"), "Ann")
    assert dict(Consent.objects.values_list("customer_id", "state")) == {
        ann: "granted", identity.find("userId", "person-b"): "denied",
    }  # fmt: skip
    stages = set(Member.objects.filter(customer_id=ann).values_list("segment__key", flat=True))
    assert stages & {"new", "promising", "loyal"}, "history counts at once"
    assert not Run.objects.exists(), "and starts nothing"
    assert not Delivery.objects.exists()
    assert not Task.objects.exists(), "nor sends it staff after an old complaint"

    before = kit.log.end()
    import_files(paths, "orders", place)
    kit.run()
    assert kit.log.end() == before, "moving in twice is moving in once"


def test_a_new_export_of_customers_changes_what_changed(kit: Kit, clock: SetClock, shop: Shop, tmp_path: Path) -> None:
    place = Place(kit.log, clock.now(), shop.zone, shop.currency, tmp_path)
    for tier in ("gold", "silver"):
        path = tmp_path / f"{tier}.csv"
        path.write_text(f"customer_id,email,tier\nann,ann@example.com,{tier}\n")
        import_file(path, "customers", place)
        kit.run()
    assert Profile.objects.get(pk=kit.customer("ann")).traits["tier"] == "silver"
