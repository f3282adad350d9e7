"""The gate's table, addresses, retries, and telling machines from people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dangol.deliver import rules
from dangol.deliver.rules import Allow, Consented, Deny, HoldUntil, Question, Suppressed

TABLE = YAML(typ="safe", pure=True).load(Path(__file__).with_name("may_send.yaml"))
ROWS = [TABLE["defaults"] | row for row in TABLE["rows"]]


def local(row: dict[str, Any], value: Any) -> datetime | None:
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=ZoneInfo(row["zone"])).astimezone(UTC)


def question(row: dict[str, Any]) -> Question:
    suppressed = ()
    if told := row.get("suppressed"):
        purpose, reason, *times = told
        suppressed = (Suppressed(purpose, reason, *(local(row, at) for at in times)),)
    return Question(
        message_class=row["class"],
        address=row["address"],
        sender=row["sender"],
        zone=ZoneInfo(row["zone"]),
        consent=Consented(row["consent"], local(row, row["consent_at"])),
        suppressed=suppressed,
        dissatisfied=row.get("dissatisfied", False),
        last_marketing_at=local(row, row.get("last")),
        campaign=row.get("campaign", ""),
        expires_at=local(row, row.get("expires")),
    )


@pytest.mark.parametrize("row", ROWS, ids=[row["is"] for row in ROWS])
def test_the_gate(row: dict[str, Any]) -> None:
    decision = rules.may_send(question(row), local(row, row["at"]))
    kinds = {"allow": Allow, "hold": HoldUntil, "deny": Deny}
    assert isinstance(decision, kinds[row["says"]])
    assert list(decision.rules) == row["rules"]
    if isinstance(decision, HoldUntil):
        assert decision.at == local(row, row["until"])
    if isinstance(decision, Deny):
        assert decision.expired == ("expired" in row["rules"])


def test_every_row_has_a_name_of_its_own() -> None:
    names = [row["is"] for row in ROWS]
    assert len(names) == len(set(names)) >= 80


ZONES = st.sampled_from(["Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@given(zone=ZONES, at=INSTANTS, last=st.none() | st.integers(0, 60 * 48))
def test_whatever_the_hour_a_hold_ends_when_marketing_may_leave(zone: str, at: datetime, last: int | None) -> None:
    row = TABLE["defaults"] | {"zone": zone}
    newest = None if last is None else at - timedelta(minutes=last)
    asked = replace(question(row), last_marketing_at=newest)
    decision = rules.may_send(asked, at)
    if isinstance(decision, HoldUntil):
        assert decision.at > at
        decision = rules.may_send(asked, decision.at)
        at = decision.at if isinstance(decision, HoldUntil) else at
    assert isinstance(decision, Allow), "nothing waits twice for the night or for the day"


@given(zone=ZONES, at=INSTANTS)
def test_marketing_never_leaves_at_night(zone: str, at: datetime) -> None:
    decision = rules.may_send(question(TABLE["defaults"] | {"zone": zone}), at)
    hour = at.astimezone(ZoneInfo(zone)).hour
    assert isinstance(decision, Allow) == (8 <= hour < 21)


@given(st.text(max_size=80) | st.from_regex(r"[^@]{1,20}@[^@]{1,20}\.[a-z]{2,5}", fullmatch=True))
def test_what_passes_for_an_address_is_one_word(text: str) -> None:
    mailbox = rules.parse_mailbox(text)
    if mailbox is not None:
        assert mailbox.isascii()
        assert mailbox.count("@") == 1
        assert not set(mailbox) & set(' \r\n\t\x00<>,;:()[]\\"')


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("a@b.co", "a@b.co"),
        (" a@b.co ", "a@b.co"),
        ("A.B@EXAMPLE.com", "A.B@example.com"),
        ("minji@가게.한국", "minji@xn--o39akk.xn--3e0b707e"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
        ("x" * 65 + "@example.com", None),
        ("a@" + "x" * 64 + ".com", None),
        ("a@" + ".".join(["x" * 60] * 5), None),
        ("@example.com", None),
        ("a@", None),
        ("a@-b.com", None),
        ("a@b-.com", None),
        ("a@b..com", None),
        (".a@b.com", None),
        ("a@b.com.", None),
    ],
)
def test_addresses(address: str, mailbox: str | None) -> None:
    assert rules.parse_mailbox(address) == mailbox


def test_what_is_put_off_is_tried_for_three_days_at_growing_distances() -> None:
    waits = []
    while (wait := rules.retry_after(len(waits) + 1)) is not None:
        waits.append(wait)
    minutes = [wait.total_seconds() / 60 for wait in waits]
    assert minutes[:7] == [5, 15, 30, 60, 120, 240, 240]
    assert timedelta(hours=68) <= sum(waits, timedelta(0)) <= timedelta(hours=72)


@pytest.mark.parametrize(
    ("user_agent", "machine"),
    [
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", True),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", True),
        ("Mozilla/5.0", True),
        ("", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", True),
        ("curl/8.4.0", True),
        ("python-requests/2.31", True),
        ("Mozilla/5.0 (Linux; Android 14; SM-S918N) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.1 Safari/605.1.15", False),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Whale/3.23 Safari/537.36", False),
    ],
)
def test_machines_and_people(user_agent: str, machine: bool) -> None:
    assert rules.is_machine(user_agent) is machine
