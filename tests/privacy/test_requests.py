"""The register: every request has a date by which the law wants an answer, and is answered once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.base.models import Shop
from dangol.privacy import audit, requests
from dangol.privacy.audit import Actor
from dangol.privacy.models import Access, Request
from dangol.privacy.requests import Asked
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
ANN, DAY = Actor("ann@staff.example"), timedelta(days=1)


def test_a_request_has_a_due_date_and_is_answered_once(kit: Kit) -> None:
    now = kit.clock.now()
    kit.identify("c", {"email": "c@mail.example"})
    kit.run()
    row = requests.receive(
        Asked("access", kit.customer("c"), "everything", "ID card seen", received_at=now - 2 * DAY), now, ANN
    )
    assert (row.law, row.due_at, row.state) == ("KR", now + 8 * DAY, "open")
    assert requests.waiting() == [row]
    assert requests.count_waiting() == 1
    requests.answer(row.pk, "done", now, ANN, told="handed over", result_hash="f" * 64)
    assert requests.waiting() == []
    (done,) = requests.answered()
    assert (done.answered_by, done.answered_at, done.result_hash) == (ANN.name, now, "f" * 64)
    with pytest.raises(Conflict):
        requests.answer(row.pk, "refused", now, ANN, told="no")
    assert list(Access.objects.order_by("pk").values_list("what", flat=True)) == ["request", "request done"]
    assert audit.verify().broken_at is None


def test_a_refusal_needs_a_reason(kit: Kit) -> None:
    row = requests.receive(Asked("erasure"), kit.clock.now(), ANN)
    with pytest.raises(Invalid):
        requests.answer(row.pk, "refused", kit.clock.now(), ANN, told=" ")
    with pytest.raises(Invalid):
        requests.answer(row.pk, "lost", kit.clock.now(), ANN)
    assert requests.answer(row.pk, "refused", kit.clock.now(), ANN, told="nobody of that name").state == "refused"


def test_what_makes_no_sense_is_refused(kit: Kit) -> None:
    now = kit.clock.now()
    with pytest.raises(Invalid):
        requests.receive(Asked("applause"), now, ANN)
    with pytest.raises(Invalid):
        requests.receive(Asked("access", received_at=now + DAY), now, ANN)
    with pytest.raises(NotFound):
        requests.receive(Asked("access", 99), now, ANN)
    with pytest.raises(NotFound):
        requests.answer(99, "done", now, ANN)
    assert not Request.objects.exists()


def test_a_platforms_request_is_taken_in_once(kit: Kit) -> None:
    Shop.objects.update(country="US")
    asked = Asked("erasure", source="shopify", external_id="shopify:1")
    first = requests.receive(asked, kit.clock.now(), ANN)
    assert requests.receive(asked, kit.clock.now() + DAY, ANN).pk == first.pk
    assert (first.law, first.due_at) == ("platform", kit.clock.now() + 30 * DAY)


def test_only_the_gdpr_gives_two_further_months_and_only_once(kit: Kit) -> None:
    now = kit.clock.now()
    korean = requests.receive(Asked("access"), now, ANN)
    with pytest.raises(Conflict):
        requests.extend(korean.pk, now, ANN, "many")
    Shop.objects.update(country="DE", timezone="Europe/Berlin")
    german = requests.receive(Asked("access"), now, ANN)
    with pytest.raises(Invalid):
        requests.extend(german.pk, now, ANN, "")
    assert (requests.extend(german.pk, now, ANN, "many requests").due_at - now).days in {91, 92}
    with pytest.raises(Conflict):
        requests.extend(german.pk, now, ANN, "still many")
