"""The copy of the facts in columns: what it holds is what the file holds, whatever happens to either."""

from __future__ import annotations

import fcntl
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from dangol import loop
from dangol.base import duck
from dangol.base.clock import SetClock
from dangol.base.errors import Unavailable
from dangol.base.models import Shop
from dangol.privacy import steps as privacy
from dangol.profile.columns import keeping, manifest, reading, rows
from dangol.profile.models import Copy, Fact, Stale
from dangol.segment import asking, evaluation, everybody
from tests.shopkit import Kit

HOUR = timedelta(hours=1)
RULES: dict[str, Any] = {
    "bought": {"event": "Order Completed", "sum": {"of": "revenue", "over": 15}},
    "gold": {"trait": "plan", "is": "gold"},
    "quiet": {"event": "*", "count": {"at_most": 1}},
    "lasted": {"last_event": "Order Completed", "having": [{"property": "revenue", "at_least": 20}]},
}


@pytest.fixture
def kit(folder: Path, shop: Shop, clock: SetClock) -> Iterator[Kit]:
    kit = Kit(folder, clock)
    yield kit
    kit.close()


def copied() -> list[tuple[Any, ...]] | None:
    """All facts as a reading has them, stale customers aside; None without a copy."""
    with rows.snapshot():
        found = reading.read()
    if found is None:
        return None
    with found.open() as db:
        told = db.sql("SELECT * FROM facts ORDER BY position").fetchall()
    return [row for row in told if row[0] not in found.stale]


def stored(stale: set[int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"{rows.SELECT} ORDER BY position")
        found = [(*row[:6], bool(row[6]), *row[7:]) for row in cursor.fetchall()]
    return [row for row in found if row[0] not in stale]


def agree(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy holds what the file holds, and rules say the same of both."""
    stale = set(Stale.objects.values_list("customer_id", flat=True))
    assert copied() == stored(stale)
    from_rows = evaluated(kit)
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "frames", None)  # the slow path would fail
        assert evaluated(kit) == from_rows


def evaluated(kit: Kit) -> dict[str, list[int]]:
    """Through the rows while `frames` is there, else through the columns."""
    if evaluation.frames is None:
        found = asking.evaluate_all(RULES, kit.clock.now())
    else:
        kept, everybody._from_columns = everybody._from_columns, lambda *_: None
        try:
            found = asking.evaluate_all(RULES, kit.clock.now())
        finally:
            everybody._from_columns = kept
    return {key: sorted(ids) for key, ids in found.items()}


def fill(kit: Kit, first: int = 1, last: int = 6) -> None:
    for n in range(first, last + 1):
        kit.identify(f"u{n}", {"plan": "gold" if n % 2 else "silver", "email": f"u{n}@example.com"})
        kit.order(f"u{n}", f"o{n}", 10 * n)
    kit.run()


@pytest.mark.django_db(transaction=True)
def test_it_is_made_by_itself_and_follows_the_log(kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not keeping.keep(clock.now()), "nothing has happened yet"
    fill(kit)
    assert copied() is None
    assert keeping.keep(clock.now())
    agree(kit, monkeypatch)
    assert not keeping.keep(clock.now()), "nothing is new"
    fill(kit, 4, 9)
    agree(kit, monkeypatch)  # what is not in the files yet comes from the rows
    assert not keeping.keep(clock.now()), "a few facts are worth no file"
    assert keeping.keep(clock.now() + HOUR), "but after a while they are"
    assert Copy.objects.get().watermark == Fact.objects.latest("position").position
    agree(kit, monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_small_parts_become_larger_ones(kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "ENOUGH", 1)
    monkeypatch.setattr(keeping, "PART", 7)
    for n in range(1, 40, 3):
        fill(kit, n, n + 2)
        keeping.keep(clock.now())
        found = manifest.read(Copy.objects.get().parts)
        assert len([part for part in found if not part.base]) <= 5
        agree(kit, monkeypatch)
    bases = sorted((part.first, part.last) for part in found if part.base)
    assert len(bases) > 3
    assert bases[0][0] == 0
    assert bases[-1][1] == manifest.ALL
    assert all(one[1] + 1 == other[0] for one, other in itertools.pairwise(bases))


@pytest.mark.django_db(transaction=True)
def test_who_is_moved_is_read_from_the_rows_until_a_merge(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(kit)
    keeping.keep(clock.now())
    one, other = kit.customer("u1"), kit.customer("u2")
    loop.join(one, other, clock.now())
    assert set(Stale.objects.values_list("customer_id", flat=True)) == {one, other}
    agree(kit, monkeypatch)
    monkeypatch.setattr(manifest, "STALE_AT_MOST", 0)
    keeping.keep(clock.now())
    assert not Stale.objects.exists()
    agree(kit, monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_who_is_restricted_is_in_nothing(kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(kit)
    keeping.keep(clock.now())
    privacy.restrict(kit.customer("u5"), clock.now(), privacy.HOUSE, "asked")
    assert kit.customer("u5") not in asking.evaluate(RULES["bought"], clock.now())
    agree(kit, monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_erased_people_leave_the_files_at_once(
    kit: Kit, clock: SetClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(kit)
    kit.track("u2", "Shared", {"with": "u3@example.com"})
    kit.run()
    keeping.keep(clock.now())
    fill(kit, 3, 3)
    kit.run()
    keeping.keep(clock.now() + HOUR)  # in a delta as well
    assert "u3@example.com" in everything(folder)
    privacy.forget(kit.customer("u3"), clock.now())
    told = everything(folder)
    assert "u3@example.com" not in told
    assert "u2@example.com" in told
    assert not Stale.objects.filter(purge=True).exists()
    agree(kit, monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_what_stays_of_an_erased_person_makes_no_customer(kit: Kit, clock: SetClock) -> None:
    """A fact that a campaign counted stays without its person; behind the watermark it must be nobody's as well."""
    fill(kit)
    keeping.keep(clock.now())
    fill(kit, 3, 3)
    kit.run()
    number = kit.customer("u3")
    left = Fact.objects.filter(customer_id=number).order_by("-position").values_list("position", flat=True)[0]
    privacy.forget(number, clock.now())
    if not Fact.objects.filter(position=left).exists():
        Fact.objects.create(
            customer_id=number, at=clock.now(), position=left, type="track", name="Order Completed", source="site",
            message_id="kept", received_at=clock.now(),
        )  # fmt: skip
    assert number not in asking.evaluate({"event": "Nothing", "count": 0}, clock.now())
    keeping.keep(clock.now() + HOUR)
    assert number not in asking.evaluate({"event": "Nothing", "count": 0}, clock.now())
    assert number not in {row[0] for row in copied() or ()}


@pytest.mark.django_db(transaction=True)
def test_an_erasure_waits_for_whoever_writes_the_copy(kit: Kit, clock: SetClock, folder: Path) -> None:
    fill(kit)
    keeping.keep(clock.now())
    with keeping._sole_keeper():
        with pytest.raises(Unavailable):
            keeping.discard()
        erasure = privacy.forget(kit.customer("u3"), clock.now())
        assert erasure.finished_at is None
        with pytest.raises(Unavailable):
            keeping.keep(clock.now())
    privacy.tidy(clock.now())
    erasure.refresh_from_db()
    assert erasure.finished_at is not None
    assert "u3@example.com" not in everything(folder)


def everything(folder: Path) -> str:
    """Every byte and every value of the copy."""
    here = folder / "columns"
    found = [path.read_bytes().decode("latin-1") for path in here.rglob("*") if path.is_file()]
    with duck.connected(folder) as db:
        for path in here.glob("*.parquet"):
            found += [str(row) for row in db.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()]
    return "\n".join(found)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("harm", ["missing", "short", "flipped", "all", "restored"])
def test_a_broken_copy_is_noticed_and_made_again(
    kit: Kit, clock: SetClock, folder: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(kit)
    keeping.keep(clock.now())
    right = evaluated(kit)
    harm_it(folder / "columns", harm)
    found = {key: sorted(ids) for key, ids in asking.evaluate_all(RULES, clock.now()).items()}
    assert found == right, "meanwhile the rows answer"
    keeping.keep(clock.now() + 25 * HOUR)
    agree(kit, monkeypatch)


def harm_it(here: Path, harm: str) -> None:
    (path,) = [path for path in here.glob("*.parquet") if ".first" not in path.name]
    if harm == "missing":
        path.unlink()
    elif harm == "short":
        path.write_bytes(path.read_bytes()[:-9])
    elif harm == "flipped":
        data = bytearray(path.read_bytes())
        data[-6] ^= 255  # in the footer's length: a reader notices; the rest is noticed once a day
        path.write_bytes(data)
    elif harm == "all":
        for file in here.iterdir():
            file.unlink()
    else:  # a backup of the state that knows of less than the files, or of other files
        Copy.objects.update(home="elsewhere")


@pytest.mark.django_db(transaction=True)
def test_bytes_that_changed_where_no_reader_sees_it_are_found_within_a_day(
    kit: Kit, clock: SetClock, folder: Path
) -> None:
    fill(kit)
    keeping.keep(clock.now())
    (path,) = [path for path in (folder / "columns").glob("*.parquet") if ".first" not in path.name]
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    before = Copy.objects.get().parts
    assert not keeping.keep(clock.now() + HOUR)
    assert keeping.keep(clock.now() + 25 * HOUR)
    assert Copy.objects.get().parts != before
    assert keeping._good(clock.now())


@pytest.mark.django_db(transaction=True)
def test_a_keeper_that_died_leaves_the_copy_as_it_was(
    kit: Kit, clock: SetClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(kit)
    keeping.keep(clock.now())
    fill(kit, 7, 9)
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "commit", boom)
        with pytest.raises(RuntimeError):
            keeping.keep(clock.now() + HOUR)
    agree(kit, monkeypatch)
    assert len(list((folder / "columns").glob("*.parquet"))) == 4, "the new part lies beside"
    keeping.keep(clock.now() + HOUR)
    agree(kit, monkeypatch)
    assert len(list((folder / "columns").glob("*.parquet"))) == 2 * len(manifest.read(Copy.objects.get().parts))


def boom(*_: Any, **__: Any) -> None:
    raise RuntimeError("killed")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_while_the_disk_is_full(kit: Kit, clock: SetClock, folder: Path) -> None:
    fill(kit)
    keeping.keep(clock.now(), lambda: True)
    assert not Copy.objects.exists()
    assert not list((folder / "columns").glob("*.parquet"))


@pytest.mark.django_db(transaction=True)
def test_what_a_dead_process_spilled_is_deleted(kit: Kit, clock: SetClock, folder: Path) -> None:
    left = folder / "columns" / "spill" / "999999999-0"
    left.mkdir(parents=True)
    (left / "duckdb_temp").write_text("u1@example.com")
    fill(kit)
    keeping.keep(clock.now())
    assert not left.exists()


def test_the_lock_is_one(tmp_path: Path, settings: Any) -> None:
    settings.DANGOL = replace(settings.DANGOL, data=str(tmp_path))
    with keeping._sole_keeper(), (tmp_path / "columns" / "lock").open("a+") as file, pytest.raises(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
