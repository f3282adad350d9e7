"""The catalogue through the real loop: what stands in it, who hears of news, and who is shown what."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from dangol.deliver import previews
from dangol.offer import reads, steps, studying
from dangol.offer.models import Notice, Price, Product, Study
from dangol.privacy import erasure
from dangol.profile import restrictions
from dangol.profile.models import Fact
from tests.offer.shop import bought, told, viewed
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def study(kit: Kit) -> Study:
    kit.run()
    return studying.study(kit.clock.now())


def shown(found: list[reads.Recommended]) -> list[str]:
    return [one.product.key for one in found]


def facts_named(name: str) -> list[tuple[int, str]]:
    return list(Fact.objects.filter(name=name).order_by("position").values_list("customer_id", "properties"))


def test_the_catalogue_holds_what_was_told_last_whatever_comes_late(kit: Kit) -> None:
    told(kit, "P", name="Cup", price=100, stock=4, ago=2 * DAY)
    told(kit, "P", price=80, ago=timedelta(0))
    told(kit, "P", name="Mug", price=120, ago=DAY)
    found = reads.get("P")
    assert (found.name, found.price, found.stock) == ("Cup", Decimal(80), 4)
    assert [row.price for row in reads.prices(found)] == [Decimal(100), Decimal(80)]


def test_who_looked_at_it_hears_that_the_price_fell_and_once(kit: Kit) -> None:
    told(kit, "P", name="Cup", price=100)
    for user, key in (("ann", "P"), ("bob", "P"), ("cho", "Q")):
        viewed(kit, user, key)
    viewed(kit, "old", "P", ago=40 * DAY)
    bought(kit, "bob", "P")
    kit.run()
    told(kit, "P", price=90)
    assert steps.due(kit.clock.now())
    assert steps.tell_news(kit.clock.now()) == 1
    assert steps.tell_news(kit.clock.now()) == 0
    kit.run()
    ((customer, properties),) = facts_named("Price Dropped")
    assert customer == kit.customer("ann")
    assert '"before":100.0' in properties.replace(" ", "")
    assert Notice.objects.get().told == 1


def test_who_waited_hears_that_it_is_back(kit: Kit) -> None:
    told(kit, "P", name="Cup", price=100, stock=0)
    kit.track("ann", "Back In Stock Requested", {"product_id": "P"})
    kit.track("bob", "Product Added", {"product_id": "P"})
    viewed(kit, "cho", "P")
    kit.run()
    told(kit, "P", stock=5)
    steps.tell_news(kit.clock.now())
    kit.run()
    who = {customer for customer, _ in facts_named("Product Back In Stock")}
    assert who == {kit.customer("ann"), kit.customer("bob")}


def test_news_that_are_over_are_told_to_nobody(kit: Kit) -> None:
    told(kit, "P", price=100)
    viewed(kit, "ann", "P")
    kit.run()
    told(kit, "P", price=50)
    kit.clock.set(kit.clock.now() + timedelta(hours=1))
    told(kit, "P", price=100)
    assert steps.tell_news(kit.clock.now()) == 0
    assert not Notice.objects.filter(told_at=None).exists()


def test_a_shop_without_a_catalogue_has_one_out_of_its_customers_facts(kit: Kit) -> None:
    bought(kit, "ann", "A", "B")
    viewed(kit, "bob", "C")
    made = study(kit)
    assert (made.orders, made.products, made.customers) == (1, 3, 2)
    found = reads.get("A")
    assert (found.name, found.catalogued, found.price, found.currency) == ("Product A", False, Decimal(10), "KRW")
    told(kit, "A", name="Vase", price=30)
    study(kit)
    found = reads.get("A")
    assert (found.name, found.catalogued, found.price) == ("Vase", True, Decimal(30))


def test_what_goes_with_what_was_bought_is_shown_first_then_what_is_popular(kit: Kit) -> None:
    for n in range(6):
        bought(kit, f"x{n}", "A", "B")
    for n in range(9):
        bought(kit, f"y{n}", "C")
    bought(kit, "ann", "A", ago=2 * DAY)
    study(kit)
    now = kit.clock.now()
    found = reads.for_customer(kit.customer("ann"), now)
    assert shown(found) == ["B", "C"]
    assert found[0].because is not None
    assert found[0].because.key == "A"
    assert shown(reads.for_customer(0, now)) == ["C", "A", "B"]
    assert shown(reads.with_product("B", limit=1)) == ["A"]


def test_what_a_visitor_does_changes_what_is_shown_at_once(kit: Kit) -> None:
    for n in range(4):
        bought(kit, f"x{n}", "A", "B")
        bought(kit, f"y{n}", "C", "D")
    study(kit)
    kit.identify("new", {})
    viewed(kit, "new", "C", ago=timedelta(seconds=1))
    kit.run()
    assert shown(reads.for_customer(kit.customer("new"), kit.clock.now(), limit=1)) == ["D"]


def test_what_cannot_be_had_is_shown_to_nobody(kit: Kit) -> None:
    for n in range(4):
        bought(kit, f"x{n}", "A", "B", "C")
    study(kit)
    told(kit, "B", stock=0)
    told(kit, "C", status="draft")
    assert shown(reads.popular()) == ["A"]
    assert shown(reads.with_product("A")) == []


def test_whose_data_may_not_be_used_teaches_nothing_and_is_shown_what_is_popular(kit: Kit) -> None:
    for n in range(3):
        bought(kit, f"x{n}", "A", "B")
        bought(kit, f"y{n}", "C")
    bought(kit, "ann", "A", "Z")
    bought(kit, "y9", "C")
    kit.run()
    ann = kit.customer("ann")
    restrictions.restrict(ann, kit.clock.now())
    study(kit)
    assert not Product.objects.filter(key="Z").exists()
    assert shown(reads.for_customer(ann, kit.clock.now(), limit=1)) == ["C"]


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_person_stays_when_they_are_forgotten(kit: Kit) -> None:
    bought(kit, "ann", "A", "B")
    study(kit)
    erasure.forget(kit.customer("ann"), kit.clock.now())
    made = study(kit)
    assert (made.orders, made.customers) == (0, 0)
    assert reads.with_product("A") == []


def test_a_study_is_due_at_night_and_in_a_young_shop_when_it_has_grown(kit: Kit) -> None:
    now = kit.clock.now
    assert not steps.study_due(now())
    bought(kit, "ann", "A")
    kit.run()
    assert steps.study_due(now())
    steps.go_on(now())
    assert not steps.study_due(now())
    bought(kit, "bob", "A")
    kit.pass_time(timedelta(minutes=6))
    assert steps.study_due(now())
    steps.go_on(now())
    kit.pass_time(timedelta(hours=19))
    assert not steps.study_due(now())
    kit.pass_time(timedelta(hours=2))
    assert steps.study_due(now())


def test_the_first_price_is_no_news(kit: Kit) -> None:
    told(kit, "P", name="Cup")
    told(kit, "P", price=50)
    assert not Notice.objects.exists()
    assert Price.objects.count() == 1


def test_a_letter_shows_them(kit: Kit) -> None:
    for n in range(4):
        bought(kit, f"x{n}", "A", "B")
    bought(kit, "ann", "A", ago=2 * DAY)
    study(kit)
    told(kit, "B", name="Saucer", url="/saucer", price=12, image_url="https://cdn.example/b.png")
    one = "[{{ product.title }} {{ product.url }} {{ product.price }}]"
    page = f"<p>{{% for product in recommendations limit: 2 %}}{one}{{% endfor %}}</p>"
    texts = {"en": {"subject": "For you", "html": page}}
    found = previews.preview(texts, "en", kit.customer("ann"), {}, kit.clock.now(), "transactional")
    assert "[Saucer https://shop.example/saucer 12.0]" in found.rendered.html
