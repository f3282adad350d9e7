"""Tests that travel in time: every shipped play's own, and what a test says of a campaign that does something else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dangol.base.errors import Invalid
from dangol.rehearsal import playing
from dangol.rehearsal.case import read_file
from dangol.strategy import files

pytestmark = pytest.mark.django_db
TESTS = files.PLAYS / "tests"


@pytest.mark.parametrize("key", sorted(files.plays()))
def test_a_play_does_what_its_test_says(key: str) -> None:
    for played in playing.play_file(TESTS / f"{key}.yaml"):
        assert played.passed, "\n".join(playing.lines(played, playing.clock_words))


CASE = """
- name: A reminder
  until: 2d
  definition:
    entry: {fact: Product Added}
    holdout_percent: 50
    goal: {fact: Order Completed, within: 1d}
    steps:
      - key: reminder
        wait: 1h
        send: {channel: email, class: transactional, templates: {en: {subject: Hi, html: <p>Hi</p>}}}
  facts:
    - {at: 0m, customer: ann, identify: {email: ann@example.com}}
    - {at: 1m, customer: ann, event: Product Added}
  expect:
    - {at: 1h1m, customer: ann, step: reminder}
"""


def played(tmp_path: Path, *changes: tuple[str, str]) -> playing.Played:
    text = CASE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (tmp_path / "case.yaml").write_text(text)
    [found] = playing.play_file(tmp_path / "case.yaml")
    return found


def test_a_test_passes_fails_for_what_is_missing_and_for_what_nobody_expected(tmp_path: Path) -> None:
    assert played(tmp_path).passed
    late = played(tmp_path, ("wait: 1h", "wait: 2h"))
    assert [(one.at, one.what) for one in late.missing] == [(timedelta(minutes=61), "message reminder")]
    assert [(one.at, one.what) for one in late.unexpected] == [(timedelta(minutes=121), "message reminder")]
    lines = list(playing.lines(late, playing.clock_words))
    assert lines[0].startswith("FAIL")
    assert any("2h1m" in line and "not expected" in line for line in lines)
    bought = (
        "  expect:",
        "    - {at: 30m, customer: ann, event: Order Completed, properties: {order_id: o}}\n  expect:",
    )
    ended = played(tmp_path, bought, ("step: reminder", "left: goal"), ("at: 1h1m", "at: 30m"))
    assert ended.passed


def test_a_test_says_which_topics_there_are(tmp_path: Path) -> None:
    marketing = ("class: transactional,", "class: marketing, topic: cups,")
    allowed = ("  expect:", "    - {at: 0m, customer: ann, consent: email}\n  expect:")
    there = ("  until: 2d", "  until: 2d\n  topics: {cups: opt_out}")
    assert played(tmp_path, marketing, allowed, there).passed
    silent = played(tmp_path, marketing, allowed, (there[0], there[1].replace("opt_out", "opt_in")))
    assert [one.what for one in silent.missing] == ["message reminder"]
    with pytest.raises(Invalid, match="a topic, of which there is none yet"):
        played(tmp_path, marketing, allowed)
    with pytest.raises(Invalid, match="opt_in"):
        played(tmp_path, marketing, allowed, (there[0], there[1].replace("opt_out", "both")))


def test_nothing_of_a_test_stays(tmp_path: Path) -> None:
    from dangol.campaign.models import Campaign
    from dangol.profile.models import Fact

    assert played(tmp_path).passed
    assert not Campaign.objects.exists()
    assert not Fact.objects.exists()


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("until: 2d", "until: soon", "/0/until"),
        ("at: 0m", "at: -1m", "/0/facts/0/at"),
        ("identify: {email: ann@example.com}", "shout: x", "/0/facts/0/shout"),
        ("step: reminder", "stp: reminder", "/0/expect/0/stp"),
        ("name: A reminder", "nme: A reminder", "/0/nme"),
    ],
)
def test_a_test_that_is_written_wrong_is_refused_with_the_place(
    tmp_path: Path, before: str, after: str, place: str
) -> None:
    (tmp_path / "case.yaml").write_text(CASE.replace(before, after))
    with pytest.raises(Invalid) as refused:
        read_file(tmp_path / "case.yaml")
    assert place in [fault.path for fault in refused.value.faults]


COUPON = """
- name: Two codes for three who sign up
  offers: {ten: {gives: {percent: 10}, limits: {total: 2}}}
  definition:
    entry: {fact: Signed Up}
    steps:
      - {key: gift, give: {offer: ten}}
      - key: letter
        send:
          channel: email
          class: transactional
          templates: {en: {subject: "{{ coupon.code }}", html: "<p>{{ coupon.value }}</p>"}}
  until: 1h
  facts:
    - {at: 0m, customer: ann, identify: {email: ann@example.com}}
    - {at: 0m, customer: bob, identify: {email: bob@example.com}}
    - {at: 0m, customer: cem, identify: {email: cem@example.com}}
    - {at: 1m, customer: ann, event: Signed Up}
    - {at: 2m, customer: bob, event: Signed Up}
    - {at: 3m, customer: cem, event: Signed Up}
  expect:
    - {at: 1m, customer: ann, step: letter}
    - {at: 2m, customer: bob, step: letter}
    - {at: 3m, customer: cem, left: no_coupon}
    - {at: 3m, customer: cem, fact: Coupon Not Issued}
"""


def test_codes_that_run_out(db: None, tmp_path: Path) -> None:
    (tmp_path / "coupon.test.yaml").write_text(COUPON)
    [played] = playing.play_file(tmp_path / "coupon.test.yaml")
    assert played.passed, list(playing.lines(played, playing.clock_words))
