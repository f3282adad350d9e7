"""What customers reach from letters: no sign-in, no cookie, and only their own act changes anything."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from dangol.base import links
from dangol.base.clock import SetClock
from dangol.converse.models import Task
from dangol.deliver import preferences
from dangol.deliver.models import Delivery, Suppression
from dangol.profile import consents
from dangol.profile.models import Fact
from dangol.survey import steps as survey
from dangol.survey.models import Answer
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


def path_of(delivery: Delivery, kind: str) -> str:
    return next(iter(re.findall(rf"/{kind}/[\w-]+(?:\.gif)?", delivery.outbox.html)))


def consent(delivery: Delivery) -> str:
    return consents.states([delivery.customer_id], "email", "marketing").get(delivery.customer_id, "")


def facts(name: str) -> int:
    return Fact.objects.filter(name=name).count()


def test_a_look_at_the_unsubscribe_page_changes_nothing(happened: Kit, letter: Delivery) -> None:
    for method in ("get", "head"):
        answer = getattr(Client(enforce_csrf_checks=True), method)(path_of(letter, "u"))
        assert answer.status_code == 200
        assert not answer.cookies
    happened.run()
    assert (consent(letter), Suppression.objects.count()) == ("granted", 0)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_is_enough_for_a_mail_program(happened: Kit, letter: Delivery, kind: str) -> None:
    client, path = Client(enforce_csrf_checks=True), path_of(letter, "u")
    for _ in range(2):
        if kind == "multipart/form-data":
            answer = client.post(path, {"List-Unsubscribe": "One-Click"})
        else:
            answer = client.post(path, "List-Unsubscribe=One-Click", content_type=kind)
        assert (answer.status_code, answer.content, dict(answer.cookies)) == (200, b"", {})
    happened.run()
    assert (consent(letter), facts("Unsubscribed"), Suppression.objects.count()) == ("withdrawn", 1, 1)


def test_the_button_works_without_script_cookie_or_sign_in(happened: Kit, letter: Delivery) -> None:
    client, path = Client(enforce_csrf_checks=True), path_of(letter, "u")
    page = client.get(path).content.decode()
    assert 'lang="ko"' in page
    assert "수신거부" in page
    assert "<script src" in page
    done = client.post(path)
    assert done.status_code == 200
    assert "이제 광고를 보내지 않습니다" in done.content.decode()
    happened.run()
    assert consent(letter) == "withdrawn"


def test_a_token_that_is_not_ours_is_not_found(happened: Kit, letter: Delivery) -> None:
    token = path_of(letter, "u").removeprefix("/u/")
    forged = links.sign(b"another secret", "u", letter.pk)
    swapped = links.sign(b"another secret", "p", letter.pk)
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in ("x", "é", "0" * 40, forged, swapped, altered, token + "AAAA", "%00", "../u"):
        for kind in ("u", "c", "s", "p"):
            assert Client().get(f"/{kind}/{wrong}").status_code == 404, (kind, wrong)
        for kind in ("u", "s", "p"):
            assert Client().post(f"/{kind}/{wrong}").status_code == 404, (kind, wrong)
    happened.run()
    assert consent(letter) == "granted"


def test_a_click_leads_to_the_stored_address_and_nowhere_else(happened: Kit, letter: Delivery) -> None:
    path, target = path_of(letter, "c"), letter.links.get(index=0).url
    answer = Client().get(path + "?url=https://evil.example", headers={"User-Agent": BROWSER})
    assert (answer.status_code, answer.headers["Location"]) == (302, target)
    happened.run()
    assert facts("Email Link Clicked") == 1


def test_the_pixel_is_a_picture_whoever_asks(happened: Kit, letter: Delivery) -> None:
    answer = Client().get(path_of(letter, "o"), headers={"User-Agent": BROWSER})
    assert (answer.headers["Content-Type"], answer.content[:6]) == ("image/gif", b"GIF89a")
    assert answer.headers["Cache-Control"] == "no-store"
    assert Client().get("/o/nonsense.gif").content == answer.content
    Client().head(path_of(letter, "o"))
    happened.run()
    assert facts("Email Opened") == 1


def test_a_question_shows_the_mark_chosen_and_records_nothing(happened: Kit, question: Delivery) -> None:
    before = Answer.objects.count()
    page = Client().get(f"/s/{survey.link(question.pk, 4)}").content.decode()
    assert re.search(r'value="4"\s+checked', page)
    assert "만족스러우셨나요" in page
    assert Answer.objects.count() == before


def test_an_answer_is_recorded_by_the_button(happened: Kit, question: Delivery, clock: SetClock) -> None:
    client, path = Client(enforce_csrf_checks=True), f"/s/{survey.link(question.pk, 5)}"
    answer = client.post(path, {"score": "1", "text": "늦었어요"})
    assert answer.status_code == 200
    assert "죄송합니다" in answer.content.decode()
    assert not answer.cookies
    happened.run()
    row = Answer.objects.get(delivery_id=question.pk)
    assert (row.score, row.answer) == (1, "늦었어요")
    assert Task.objects.filter(customer_id=question.customer_id, state="open").exists()

    client.post(path, {"score": "5", "text": ""})
    assert Answer.objects.get(delivery_id=question.pk).score == 5
    clock.advance(timedelta(days=31))
    assert client.post(path, {"score": "2"}).status_code == 409
    assert Answer.objects.get(delivery_id=question.pk).score == 5


@pytest.mark.parametrize("score", ["", "0", "6", "-1", "3.5", "x", "٣", "9" * 40])
def test_a_mark_that_is_none_is_refused(happened: Kit, question: Delivery, score: str) -> None:
    answer = Client().post(f"/s/{survey.link(question.pk, 5)}", {"score": score})
    assert answer.status_code == 422
    assert not Answer.objects.filter(delivery_id=question.pk).exists()


def test_the_customer_says_no_and_yes_again(happened: Kit, letter: Delivery, clock: SetClock) -> None:
    client, path = Client(enforce_csrf_checks=True), f"/p/{preferences.link(letter.pk)}"
    assert re.search(r'name="channel" value="email"\s+checked', client.get(path).content.decode())
    client.post(path, {"channel.shown": "email"})
    happened.run()
    assert consent(letter) == "withdrawn"
    clock.advance(timedelta(minutes=1))
    client.post(path, {"channel.shown": "email", "channel": "email"})
    happened.run()
    assert consent(letter) == "granted"
