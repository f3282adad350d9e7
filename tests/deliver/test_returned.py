"""What mails that came back say: public collections of them, and what must never be read into one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.deliver.returned import Report, read

DSN = """\
From: MAILER-DAEMON@mx.example.net
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

{words}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; minji@example.com
Action: {action}
Status: {status}
Diagnostic-Code: {said}

--b--
"""
# The label calls it a filter's doing; the words are those of a mailbox that does not exist.
ARGUABLE = {"lhost-receivingses-01.eml"}


def report(said: str = "", status: str = "5.0.0", action: str = "failed", words: str = "Sorry.") -> Report:
    (only,) = read(DSN.format(said=said, status=status, action=action, words=words).encode())
    return only


def test_labelled_bounces_are_read_right(test_data: Path) -> None:
    folder = test_data / "bounces" / "sisimai"
    rows = list(csv.DictReader((folder / "labels.csv").read_text().splitlines()))
    wrong, silenced = [], []
    for row in rows:
        found = read((folder / row["file"]).read_bytes())[int(row["recipient_no"])]
        hard = row["hard_bounce"] == "1"
        if (found.status_class, found.hard) != (row["dsn_status"][:1], hard):
            wrong.append(row["file"])
        if found.hard and not hard:
            silenced.append(row["file"])
    assert len(rows) == 66
    assert len(wrong) <= len(rows) * 0.05, wrong
    assert set(silenced) <= ARGUABLE


def test_complaints_and_absences_are_what_they_are(test_data: Path) -> None:
    folder = test_data / "bounces"
    assert [read(path.read_bytes())[0].kind for path in sorted((folder / "flanker" / "complaints").glob("*.eml"))] == [
        "complained",
        "complained",
    ]
    assert read((folder / "sisimai" / "arf-01.eml").read_bytes())[0].kind == "complained"
    assert read((folder / "sisimai" / "rfc3834-01.eml").read_bytes())[0].kind == "automatic"


def test_people_who_answer_report_nothing(test_data: Path) -> None:
    for path in (test_data / "replies").glob("*.txt"):
        assert {one.kind for one in read(path.read_bytes())} == {"other"}, path.name


def test_every_bounce_of_a_large_collection_is_read_without_a_fault(test_data: Path) -> None:
    kinds = [read(path.read_bytes())[0].kind for path in (test_data / "bounces" / "flufl").glob("*.txt")]
    assert kinds.count("bounced") + kinds.count("delayed") >= 0.9 * len(kinds) > 100


@pytest.mark.parametrize(
    ("said", "status", "hard", "reason"),
    [
        ("smtp; 550 5.1.1 <minji@example.com>... User unknown", "5.1.1", True, "address"),
        ("smtp; 550 5.1.1 user unknown", "5.0.0", True, "address"),  # the last server's own code says more
        ("smtp; 550 User unknown", "5.2.0", False, "address"),  # so carriers answer to what their filters refuse
        ("smtp; 552 5.2.2 mailbox full", "5.2.2", False, "full"),
        ("smtp; 550 5.1.1 over quota", "5.1.1", False, "full"),
        ("smtp; 554 5.7.1 blocked by policy", "5.7.1", False, "policy"),
        ("smtp; 550 5.1.0 sender rejected", "5.1.0", False, "policy"),
        ("smtp; 550 5.2.1 The account is disabled", "5.2.1", False, "mailbox"),
        ("x-unix; procmail: no such user", "5.1.1", False, "mailbox"),
        ("smtp; 554 5.4.6 Hop count exceeded", "5.4.6", False, "network"),
        ("x-relay; Host or domain name not found", "5.4.4", True, "address"),
    ],
)
def test_only_an_address_that_is_gone_is_hard(said: str, status: str, hard: bool, reason: str) -> None:
    found = report(said, status)
    assert (found.kind, found.hard, found.reason) == ("bounced", hard, reason)
    assert found.recipient == "minji@example.com"


def test_what_is_put_off_is_no_bounce_and_a_receipt_is_none_either() -> None:
    assert report("smtp; 451 4.7.1 greylisted", "4.7.1", "delayed").kind == "delayed"
    assert report("smtp; 250 ok", "2.0.0", "delivered").kind == "delivered"


@given(st.binary(max_size=2_000))
def test_no_mail_is_too_broken_to_be_read(data: bytes) -> None:
    assert read(data)


@given(st.text(max_size=500), st.text(max_size=100))
def test_a_mail_of_a_person_is_never_a_bounce_by_its_words(words: str, subject: str) -> None:
    mail = f"From: minji@example.com\nTo: shop@example.com\nSubject: {' '.join(subject.split())}\n\n{words}"
    assert not any(one.hard for one in read(mail.encode("utf-8", "replace")))
