"""Access logs: page views in visits, crawlers marked, no address kept."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dangol.base.errors import Invalid
from dangol.base.models import Shop
from dangol.collect.files import visits, weblog
from dangol.collect.files.steps import Choices, Place, import_file, import_files
from dangol.collect.log import FileLog, open_log
from dangol.identity.models import Identifier
from tests.shopkit import Kit

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture
def place(shop: Shop, tmp_path: Path) -> Iterator[Place]:
    with open_log(tmp_path / "data") as log:
        yield Place(log, NOW, shop.zone, shop.currency, tmp_path / "rejected")


def told(place: Place) -> list[dict[str, Any]]:
    assert isinstance(place.log, FileLog)
    return [msgspec.json.decode(entry.body) for entry in place.log.read(0, 100_000)]


def line(clock: str, path: str = "/", status: int = 200, address: str = "203.0.113.77", agent: str = FIREFOX) -> str:
    return f'{address} - - [17/May/2026:{clock} +0900] "GET {path} HTTP/1.1" {status} 512 "-" "{agent}"\n'


LOG = "".join(
    [
        line("10:00:00", "/?utm_source=news&utm_campaign=may"),
        line("10:00:01", "/look.css?v=3"),
        line("10:00:02", "/gone", 404),
        line("10:00:03", "/old", 301),
        line("10:29:59", "/cup", 304),
        line("10:59:59", "/bowl"),
        line("11:30:00", "/again"),
        line("10:00:00", "/", agent="-"),
        line("10:00:00", "/cup", agent=CRAWLER),
        line("10:00:00", "/", address="2001:db8:1:2:3::4"),
        '203.0.113.77 - - [17/May/2026:10:00:00 +0900] "GET /cut HTTP/1.1" 200 12 "-" "Mozilla/5.0 (X1\n',
        "nonsense\n",
    ]
)


@pytest.mark.django_db
def test_requests_become_page_views_in_sessions(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(LOG)
    report = import_file(path, "visits", place)
    ours = [fact for fact in told(place) if fact["context"].get("ip") == "203.0.113.0" and "anonymousId" in fact]
    assert [fact["name"] for fact in ours] == ["/", "/cup", "/bowl", "/again"]
    assert [fact["context"].get("sessionStart", False) for fact in ours] == [True, False, False, True]
    assert len({fact["anonymousId"] for fact in ours}) == 1
    assert len({fact["context"]["sessionId"] for fact in ours}) == 2
    assert ours[0]["timestamp"] == "2026-05-17T01:00:00Z"
    assert ours[0]["context"]["campaign"] == {"source": "news", "name": "may"}
    assert ours[0]["properties"] == {"path": "/", "search": "?utm_source=news&utm_campaign=may"}
    bots = [fact for fact in told(place) if "bot" in fact["context"]]
    assert {fact["context"]["bot"] for fact in bots} == {"Googlebot", "no agent"}
    assert not any("anonymousId" in fact for fact in bots)
    figures = {name: report.figures[name] for name in ("page_views", "bot_views", "sessions", "visitors", "addresses")}
    assert figures == {"page_views": 5, "bot_views": 2, "sessions": 3, "visitors": 2, "addresses": 2}
    assert (report.figures["static_files"], report.figures["not_answered"], report.figures["elsewhere"]) == (1, 1, 1)
    assert (report.figures["status_200"], report.figures["status_404"]) == (7, 1)
    assert sorted(reason.partition(";")[0] for reason in report.reasons) == [
        "line 11: a quotation mark is opened and never closed", "line 12: no line of an access log",
    ]  # fmt: skip


@pytest.mark.django_db
def test_no_address_is_in_any_fact(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(LOG)
    import_file(path, "visits", place)
    text = str(told(place))
    assert "203.0.113.77" not in text
    assert "2001:db8:1:2" not in text
    assert "2001:db8:1::" in text
    for guess in ("203.0.113.77", f"203.0.113.77\n{FIREFOX}", f"visitor\n203.0.113.77\n{FIREFOX}"):
        assert hashlib.sha256(guess.encode()).hexdigest()[:32] not in text, "and nobody finds it by trying"
    import_file(path, "visits", replace(place, source="other"), choices=Choices(whole_addresses=True))
    assert "203.0.113.77" in str(told(place)), "unless the shop asks for it"


@pytest.mark.django_db
def test_logs_that_were_rotated_are_one_and_a_copy_adds_nothing(place: Place, tmp_path: Path) -> None:
    lines = LOG.splitlines(keepends=True)[:10]
    older, newer = tmp_path / "access.log.1.gz", tmp_path / "access.log"
    older.write_bytes(gzip.compress("".join(lines[:5]).encode()))
    newer.write_text("".join(lines[5:]) + lines[5])
    report = import_files([newer, older], "visits", place)
    assert (report.figures["sessions"], report.figures["page_views"], report.appended) == (3, 6, 8)
    again = import_files([older], "visits", place)
    assert (again.appended, again.known) == (0, 2)
    assert len([fact for fact in told(place) if fact["name"] == "/bowl"]) == 2, "two requests of one second are two"


@pytest.mark.django_db
def test_a_crawler_becomes_no_customer(kit: Kit, shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(LOG)
    import_file(path, "visits", Place(kit.log, NOW, shop.zone, shop.currency, tmp_path))
    kit.run()
    assert Identifier.objects.filter(kind="anonymousId").count() == 2
    assert kit.log.end() == 7, "but its views stand in the log"


@pytest.mark.django_db
def test_an_access_log_is_nothing_else(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(LOG)
    with pytest.raises(Invalid, match="customer"):
        import_file(path, "orders", place)
    table = tmp_path / "table.csv"
    table.write_text("name,colour\na,b\n")
    with pytest.raises(Invalid, match="an access log"):
        import_file(table, "visits", place)


@pytest.mark.django_db
def test_a_public_log_has_the_published_figures(place: Place, test_data: Path) -> None:
    report = import_file(test_data / "weblog" / "apache_combined.log", "visits", place)
    assert (report.figures["rows"], report.figures["addresses"]) == (10_000, 1_753)
    statuses = {name: count for name, count in report.figures.items() if name.startswith("status_")}
    assert statuses == {
        "status_200": 9_125, "status_304": 445, "status_404": 213, "status_301": 164, "status_206": 45,
        "status_500": 3, "status_403": 2, "status_416": 2,
    }  # fmt: skip
    (reason,) = report.reasons
    assert reason.startswith("line 8,899: a quotation mark is opened and never closed")
    facts = told(place)
    assert len(facts) == report.figures["page_views"] + report.figures["bot_views"]
    assert len({fact["anonymousId"] for fact in facts if "anonymousId" in fact}) == report.figures["visitors"]
    assert len({fact["context"].get("sessionId") for fact in facts} - {None}) == report.figures["sessions"]


@pytest.mark.parametrize(
    ("agent", "bot"),
    [
        (FIREFOX, ""),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT NOTE) Chrome/120.0 Mobile Safari/537.36", ""),
        (CRAWLER, "Googlebot"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32", "python-requests"),
        ("Our-own-linkbot 1.0", "Our-own-linkbot"),
        ("", "no agent"),
    ],
)
def test_programs_are_told_from_people(agent: str, bot: str) -> None:
    assert visits.bot_of(agent) == bot


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 -\n', ["1.2.3.4", "GET", "/", "200", ""]),
        ('shop.example:443 1.2.3.4 - an n [01/Jan/2026:00:00:00 +0000] "POST /a HTTP/2" 302 5 "-" "x" 0.01 "-"\n',
         ["1.2.3.4", "POST", "/a", "302", "x"]),
        ('1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET /\\"q\\" HTTP/1.0" 200 1 "-" "a \\"b\\""\r\n',
         ["1.2.3.4", "GET", '/\\"q\\"', "200", 'a \\"b\\"']),
        ('1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "\\x16\\x03" 400 0 "-" "-"\n',
         ["1.2.3.4", "\\x16\\x03", "", "400", ""]),
    ],
)  # fmt: skip
def test_servers_write_logs_in_several_ways(tmp_path: Path, text: str, cells: list[str]) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(text.encode())
    assert weblog.is_one([text])
    ((row, fault),) = weblog.table(path, "access.log", "utf-8").rows()
    assert fault is None
    assert [row[n] for n in (0, 2, 3, 4, 7)] == cells


def test_a_clock_that_cannot_be_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(line("10:00:00") + line("25:00:00"))
    rows = list(weblog.table(path, "access.log", "utf-8").rows())
    assert [fault.partition(":")[0] for _, fault in rows if fault] == ["line 2"]
