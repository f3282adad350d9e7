"""The gate's table, addresses, retries, and telling machines from people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dangol.deliver import law, machines, retries, rules
from dangol.deliver.caps import ONE_A_DAY, Cap, Other
from dangol.deliver.law import pack, places, zones
from dangol.deliver.rules import Allow, Consented, Deny, HoldUntil, Question, Suppressed

GATE = Path(__file__).parent / "gate"  # tables that read as documentation, one file per law
TABLES = {path.stem: YAML(typ="safe", pure=True).load(path) for path in sorted(GATE.glob("*.yaml"))}
DEFAULTS = TABLES["house"]["defaults"]
ROWS = [
    pytest.param(table["defaults"] | row, id=f"{name}: {row['is']}")
    for name, table in TABLES.items()
    for row in table["rows"]
]
PERIODS = {"day": 1, "week": 7}


def local(row: dict[str, Any], value: Any) -> datetime | None:
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=ZoneInfo(row["zone"])).astimezone(UTC)


def other(row: dict[str, Any], told: list[Any]) -> Other:
    channel, at, *priority = told
    found = local(row, at)
    assert found is not None
    return Other(channel, found, *priority)


def suppressed(row: dict[str, Any]) -> tuple[Suppressed, ...]:
    if not row.get("suppressed"):
        return ()
    purpose, reason, since, *until = row["suppressed"]
    start = local(row, since)
    assert start is not None
    return (Suppressed(purpose, reason, start, *(local(row, at) for at in until)),)


def quiet(row: dict[str, Any]) -> tuple[time, time] | None:
    told = row.get("quiet")
    if told is None:
        return rules.QUIET
    return None if told == "none" else (time.fromisoformat(told[0]), time.fromisoformat(told[1]))


def question(row: dict[str, Any]) -> Question:
    last = [["email", row["last"]]] if row.get("last") else []
    caps = tuple(Cap(most, PERIODS[per], channel) for most, per, channel in row["caps"]) if "caps" in row else ONE_A_DAY
    return Question(
        message_class=row["class"],
        address=row["address"],
        sender=row["sender"],
        zone=ZoneInfo(row["zone"]),
        clocks=tuple(ZoneInfo(name) for name in row.get("clocks", ())),
        sender_told=frozenset(row.get("told", ("name", "email", "phone", "address", "contact"))),
        channel=row.get("channel", "email"),
        consent=Consented(
            row["consent"], local(row, row["consent_at"]), row.get("basis", "explicit"), local(row, row.get("since")),
            row.get("offered", False),
        ),
        night=row.get("night", False),
        countries=frozenset(row.get("countries", ())),
        shop_country=row.get("shop", ""),
        suppressed=suppressed(row),
        dissatisfied=row.get("dissatisfied", False),
        sent=tuple(other(row, one) for one in row.get("sent", last)),
        waiting=tuple(other(row, one) for one in row.get("waiting", ())),
        caps=caps,
        quiet=quiet(row),
        priority=row.get("priority", 0),
        yields=row.get("yields", "wait"),
        topic=row.get("topic", ""),
        subscribed=row.get("subscribed", True),
        unlawful_form=row.get("form", ""),
        restricted=row.get("restricted", False),
        unconfirmed=row.get("unconfirmed", False),
        campaign=row.get("campaign", ""),
        expires_at=local(row, row.get("expires")),
    )  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_the_gate(row: dict[str, Any]) -> None:
    now = local(row, row["at"])
    assert now is not None
    decision = rules.may_send(question(row), now)
    kinds = {"allow": Allow, "hold": HoldUntil, "deny": Deny}
    assert isinstance(decision, kinds[row["says"]])
    assert list(decision.rules) == row["rules"]
    if "packs" in row:
        assert list(decision.packs) == row["packs"]
    if isinstance(decision, HoldUntil):
        assert decision.at == local(row, row["until"])
    if isinstance(decision, Deny):
        assert decision.expired == ("expired" in row["rules"])


def test_every_row_has_a_name_of_its_own() -> None:
    names = [(name, row["is"]) for name, table in TABLES.items() for row in table["rows"]]
    assert len(names) == len(set(names)) >= 200


def sent_at(at: datetime | None) -> tuple[Other, ...]:
    return (Other("email", at),) if at else ()


ZONES = st.sampled_from(["Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@given(zone=ZONES, at=INSTANTS, last=st.none() | st.integers(0, 60 * 48))
def test_whatever_the_hour_a_hold_ends_when_marketing_may_leave(zone: str, at: datetime, last: int | None) -> None:
    row = DEFAULTS | {"zone": zone}
    newest = None if last is None else at - timedelta(minutes=last)
    asked = replace(question(row), sent=sent_at(newest))
    decision = rules.may_send(asked, at)
    if isinstance(decision, HoldUntil):
        assert decision.at > at
        decision = rules.may_send(asked, decision.at)
        at = decision.at if isinstance(decision, HoldUntil) else at
    assert isinstance(decision, Allow), "nothing waits twice for the night or for the day"


@given(zone=ZONES, at=INSTANTS)
def test_marketing_never_leaves_at_night(zone: str, at: datetime) -> None:
    decision = rules.may_send(question(DEFAULTS | {"zone": zone}), at)
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
    while (wait := retries.retry_after(len(waits) + 1)) is not None:
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
    assert machines.is_machine(user_agent) is machine


COUNTRIES = st.frozensets(st.sampled_from(["KR", "US", "CA", "DE", "GB", "JP", "BR"]), max_size=3)
BASES = st.sampled_from(["explicit", "double_optin", *sorted(pack.IMPLIED)])


@given(one=COUNTRIES, more=COUNTRIES, at=INSTANTS, basis=BASES, channel=st.sampled_from(sorted(rules.UNASKED)))
def test_a_further_country_never_allows_more(
    one: frozenset[str], more: frozenset[str], at: datetime, basis: str, channel: str
) -> None:
    address = {"email": "a@b.co", "webpush": "d1"}.get(channel, "+821012345678")
    row = DEFAULTS | {"channel": channel, "address": address, "basis": basis, "quiet": "none", "zone": "UTC"}
    alone = rules.may_send(replace(question(row), countries=one), at)
    both = rules.may_send(replace(question(row), countries=one | more), at)
    severity = {Allow: 0, HoldUntil: 1, Deny: 2}
    if one:  # without a country of their own the shop's clock is taken
        assert severity[type(both)] >= severity[type(alone)]


def test_each_law_has_one_pack_a_day_and_the_newest_counts() -> None:
    for found in law.PACKS:
        newest = law.in_force(found.countries, found.since)
        assert found in newest
        assert len({one.countries for one in newest}) == len(newest)


@pytest.mark.parametrize(
    ("traits", "phone", "countries"),
    [
        ({}, "", set()),
        ({"country": "kr"}, "", {"KR"}),
        ({"country": "대한민국"}, "", {"KR"}),
        ({"country": "UK"}, "", {"GB"}),
        ({"country": "nowhere"}, "", set()),
        ({"country": 82}, "", set()),
        ({"address": {"country": "US"}}, "", {"US"}),
        ({"address": "US"}, "", set()),
        ({}, "+821012345678", {"KR"}),
        ({}, "01012345678", set()),
        ({"country": "DE"}, "+821012345678", {"DE", "KR"}),
    ],
)
def test_where_a_customer_may_be(traits: dict[str, Any], phone: str, countries: set[str]) -> None:
    assert places.countries(traits, phone) == countries


EAST, MIDDLE, MOUNTAIN, WEST = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("traits", "phone", "countries", "found"),
    [
        ({}, "+12125550123", ["US"], {EAST}),
        ({}, "+13105550123", ["US"], {WEST}),
        ({"address": {"state": "CA"}}, "+12125550123", ["US"], {EAST, WEST}),  # a number goes along when one moves
        ({"address": {"region": "california"}}, "", ["US"], {WEST}),
        ({"state": "TX"}, "", ["US"], {MIDDLE, MOUNTAIN}),
        ({"province_code": "HI"}, "", ["US"], {"Pacific/Honolulu"}),
        ({"state": "Atlantis"}, "+12125550123", ["US"], {EAST}),
        ({}, "+12705550123", ["US"], {EAST, MIDDLE}),  # Kentucky's west goes by Chicago's clock
        ({}, "+821012345678", ["KR"], {"Asia/Seoul"}),
        ({"state": "CA"}, "+821012345678", ["KR", "US"], {"Asia/Seoul", WEST}),
        ({}, "", [], set()),
    ],
)
def test_which_clocks_may_be_a_customers(
    traits: dict[str, Any], phone: str, countries: list[str], found: set[str]
) -> None:
    assert {zone.key for zone in zones.possible(traits, phone, countries)} == found


@pytest.mark.parametrize("phone", ["", "+18005550123", "+19995550123"])
def test_where_nothing_tells_the_clock_every_one_of_the_country_may_be_it(phone: str) -> None:
    found = {zone.key for zone in zones.possible({}, phone, ["US"])}
    assert {EAST, MIDDLE, MOUNTAIN, WEST, "America/Anchorage", "Pacific/Honolulu"} <= found
    assert not {name for name in found if name.startswith(("Europe/", "Asia/"))}


def test_every_state_has_a_clock() -> None:
    assert len(zones.US) == 2 * 51


@given(
    at=INSTANTS,
    where=st.lists(st.sampled_from([EAST, MIDDLE, MOUNTAIN, WEST, "Pacific/Honolulu", "America/Adak"]), min_size=1),
)
def test_a_text_to_the_united_states_leaves_only_by_day_on_every_possible_clock(at: datetime, where: list[str]) -> None:
    row = TABLES["america"]["defaults"] | {"channel": "sms", "address": "+18005550123", "caps": [], "clocks": where}
    decision = rules.may_send(question(row), at)
    leaves = decision.at if isinstance(decision, HoldUntil) else at
    assert isinstance(decision, Allow | HoldUntil)
    assert all(8 <= leaves.astimezone(ZoneInfo(name)).hour < 21 for name in where)
