"""Named mappings, and what a person decides about an import beside its columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import OperationalError

from dangol.base.errors import Invalid
from dangol.base.models import Shop
from dangol.collect.files.report import FileReport
from dangol.collect.files.steps import Choices, Place, Watch, import_file, import_files
from dangol.collect.log import FileLog, open_log
from dangol.collect.models import Import, SavedMapping

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TILL = "bon,karte,wann,summe,filiale\nT1,K0001,2026-11-01 10:00,12.50,Mitte\nT2,K0002,2026-11-02 11:00,7.00,Mitte\n"
COLUMNS = {"bon": "order_id", "karte": "customer_id", "wann": "time", "summe": "total", "filiale": "ignore"}


@pytest.fixture
def place(shop: Shop, tmp_path: Path) -> Iterator[Place]:
    with open_log(tmp_path / "data") as log:
        yield Place(log, NOW, shop.zone, shop.currency, tmp_path / "rejected")


def told(place: Place) -> list[dict[str, Any]]:
    assert isinstance(place.log, FileLog)
    return [msgspec.json.decode(entry.body) for entry in place.log.read(0, 100_000)]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_mapping_is_kept_and_found_by_its_header_row(place: Place, tmp_path: Path) -> None:
    import_file(write(tmp_path, "till.csv", TILL), "orders", place, choices=Choices(COLUMNS, save="till"))
    assert SavedMapping.objects.get().files[0]["columns"] == COLUMNS
    later = TILL.replace("T1", "T3").replace("T2", "T4").replace("bon,karte", "Bon,KARTE")
    report = import_file(write(tmp_path, "week 48.csv", later), "orders", place)
    assert report.files[0].mapped.known_as == "till"
    assert any("read by the mapping 'till'" in line for line in report.lines())
    assert report.as_json()["files"][0]["mapping_name"] == "till"
    assert [fact["properties"]["order_id"] for fact in told(place)] == ["T1", "T2", "T3", "T4"]
    assert SavedMapping.objects.get().used_at is not None


def test_a_mapping_is_used_by_name_where_the_header_differs(place: Place, tmp_path: Path) -> None:
    import_file(write(tmp_path, "till.csv", TILL), "orders", place, choices=Choices(COLUMNS, save="till"))
    other = "filiale,summe,wann,karte,bon,zahlart\nMitte,5.00,2026-11-03 09:00,K0001,T9,bar\n"
    path = write(tmp_path, "other.csv", other)
    report = import_file(path, "orders", place, choices=Choices(use="till"))
    assert report.files[0].mapped.named() == {name: field for name, field in COLUMNS.items() if field != "ignore"}
    overruled = import_file(path, "orders", place, choices=Choices({"zahlart": "channel"}, use="till"), dry_run=True)
    assert overruled.files[0].mapped.why["channel"] == "you said so"
    assert overruled.files[0].mapped.why["total"] == "the mapping 'till'"


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (Choices(use="cash desk"), "'cash desk' for orders; allowed: till"),
        (Choices(COLUMNS, save="  "), None),
        (Choices(COLUMNS, save="x" * 101), "1 to 100 characters"),
    ],
)
def test_a_name_that_cannot_be_is_refused(place: Place, tmp_path: Path, choices: Choices, said: str | None) -> None:
    path = write(tmp_path, "till.csv", TILL)
    import_file(path, "orders", place, choices=Choices(COLUMNS, save="till"))
    before = place.log.end()
    with pytest.raises(Invalid, match=said):
        import_file(write(tmp_path, "new.csv", TILL.replace("T1", "T8")), "orders", place, choices=choices)
    assert place.log.end() == before


def test_a_mapping_over_other_columns_is_refused(place: Place, tmp_path: Path) -> None:
    import_file(write(tmp_path, "till.csv", TILL), "orders", place, choices=Choices(COLUMNS, save="till"))
    other = write(tmp_path, "other.csv", "order_id,customer_id,date,total\n1,2,2026-11-01,5\n")
    with pytest.raises(Invalid, match="files with the columns bon, filiale"):
        import_file(other, "orders", place, choices=Choices(use="till"))


def test_several_files_are_kept_as_one_mapping(place: Place, tmp_path: Path) -> None:
    orders = write(tmp_path, "o.csv", "nr,kunde,wann\n1,ann,2026-11-01\n")
    lines = write(tmp_path, "l.csv", "bestellung,artikel,preis\n1,P1,5\n")
    columns = {"nr": "order_id", "kunde": "customer_id", "wann": "time", "bestellung": "order_id"}
    columns |= {"artikel": "product_id", "preis": "price"}
    import_files([orders, lines], "orders", place, Choices(columns, save="erp"))
    again = import_files([lines, orders], "orders", place)
    assert [one.mapped.known_as for one in again.files] == ["erp", "erp"]
    assert again.known == 1


def test_a_trial_keeps_no_mapping_and_shows_before_it_counts(place: Place, tmp_path: Path) -> None:
    seen: list[FileReport] = []
    path = write(tmp_path, "till.csv", TILL)
    choices = Choices(COLUMNS, save="till")
    import_file(path, "orders", place, choices=choices, dry_run=True, watch=Watch(shown=seen.extend))
    assert not SavedMapping.objects.exists()
    table = seen[0].table()
    assert table[0].split() == ["column", "is", "read", "as", "because", "of", "values"]
    assert [line.split("  ")[1] for line in table[1:]] == list(COLUMNS)
    assert "order_id" in table[1]
    assert "you said so" in table[1]
    assert table[1].endswith("T1 | T2")
    assert "- left out" in table[5]


# --- channel, marketing, masks ----------------------------------------------------------------------------------------


def test_an_ignored_column_leaves_nothing_behind(place: Place, tmp_path: Path) -> None:
    path = write(tmp_path, "people.csv", "customer_id,tier,secret\nann,gold,4711\n")
    import_file(path, "customers", place, choices=Choices({"secret": "ignore"}))
    assert told(place)[0]["traits"] == {"tier": "gold"}


def test_a_tills_orders_came_in_at_the_store_unless_the_row_says_otherwise(place: Place, tmp_path: Path) -> None:
    rows = "order_id,customer_id,date,total,channel\n1,a,2026-11-01,5,\n2,a,2026-11-02,5,전화\n3,a,2026-11-03,5,kiosk\n"
    import_file(write(tmp_path, "a.csv", rows), "orders", place, choices=Choices(channel="store"))
    assert [fact["context"]["channel"] for fact in told(place)] == ["store", "phone", "kiosk"]


LIST = "email,accepts_marketing\nann@example.com,yes\nbo@example.com,no\n"


def test_a_marketing_list_says_where_its_consents_come_from(place: Place, tmp_path: Path) -> None:
    words = "Fair 2026: 'Yes, send me news of the Dangol shop by e-mail'"
    path = write(tmp_path, "fair.csv", LIST)
    import_file(path, "customers", place, choices=Choices(consent_source=words))
    granted, denied = (fact["properties"] for fact in told(place) if fact.get("event") == "Consent Changed")
    assert (granted["state"], granted["wording"]) == ("granted", words)
    assert granted["text"] == "fair.csv, column accepts_marketing: yes"
    assert denied["state"] == "denied"


def test_a_marketing_list_without_consents_is_refused(place: Place, tmp_path: Path) -> None:
    path = write(tmp_path, "bought.csv", "email,city\nann@example.com,Seoul\n")
    with pytest.raises(Invalid, match="no column of consents among email, city"):
        import_file(path, "customers", place, choices=Choices(consent_source="a list we bought"))
    assert place.log.end() == 0
    assert Import.objects.get().state == "failed"


def test_what_a_marketplace_masked_joins_nobody(place: Place, tmp_path: Path) -> None:
    rows = (
        "주문번호,구매자ID,구매자연락처,결제일,상품별 총 주문금액\n"
        "1,kim****,010-1111-2222,2026-11-01,5000\n2,kim****,010-3333-4444,2026-11-02,6000\n"
        "3,kim****,010-****-5555,2026-11-03,7000\n"
    )
    report = import_file(write(tmp_path, "smartstore.csv", rows), "orders", place)
    facts = [fact for fact in told(place) if fact["type"] == "track"]
    assert [fact["context"]["traits"]["phone"] for fact in facts] == ["010-1111-2222", "010-3333-4444"]
    assert not any("userId" in fact for fact in facts)
    assert report.reasons == {"no customer": 1}


def test_an_import_is_seen_while_it_runs_and_when_it_failed(place: Place, tmp_path: Path) -> None:
    states: list[str] = []

    def look(*_: object) -> None:
        states.append(Import.objects.get().state)

    path = write(tmp_path, "till.csv", TILL)
    import_file(path, "orders", place, choices=Choices(COLUMNS), watch=Watch(progress=look))
    assert set(states) == {"running"}
    done = Import.objects.get()
    assert (done.state, done.counts["appended"], done.progress, done.finished_at) == ("done", 2, {}, NOW)
    with pytest.raises(Invalid):
        import_file(write(tmp_path, "b.csv", "x,y\n1,2\n"), "orders", place)
    failed = Import.objects.latest("pk")
    assert failed.state == "failed"
    assert "none among the columns x, y" in failed.error


def test_one_that_was_cut_short_is_taken_up_again(place: Place, tmp_path: Path) -> None:
    path = write(tmp_path, "till.csv", TILL)

    class Cut(BaseException):
        pass

    def cut(what: str, done: int, _total: int | None) -> None:
        if what == "orders" and done == 2:
            raise Cut

    with pytest.raises(Cut):
        import_file(path, "orders", place, choices=Choices(COLUMNS), watch=Watch(progress=cut))
    assert Import.objects.get().state == "running", "nobody could say goodbye"
    report = import_file(path, "orders", place, choices=Choices(COLUMNS))
    assert report.appended + report.known == 2
    assert [one.state for one in Import.objects.all()] == ["done"]
    assert place.log.end() == 2


def test_what_came_of_it_is_saved_though_the_state_is_busy(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, refusals = Import.save, [OperationalError("database is locked")] * 3

    def busy(row: Import, *args: Any, **more: Any) -> None:
        if row.state == "done" and refusals:
            raise refusals.pop()
        save(row, *args, **more)

    monkeypatch.setattr(Import, "save", busy)
    import_file(write(tmp_path, "till.csv", TILL), "orders", place, choices=Choices(COLUMNS))
    assert not refusals
    assert Import.objects.get().state == "done"
