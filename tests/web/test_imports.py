"""Imports in the console: uploaded, looked at, imported by a process of their own, mended."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.test import Client

from dangol import importing
from dangol.base.clock import SetClock
from dangol.base.errors import Conflict
from dangol.collect.files import uploads
from dangol.collect.models import Import, SavedMapping
from dangol.profile.models import Consent, Profile
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

TILL = (
    "bon,karte,wann,summe,mail\nT1001,K0001,2026-11-01 10:00,12.50,ann@example.com\n"
    + "".join(f"T{n},K{n % 7:04},2026-11-{n % 20 + 1:02} 11:00,7.00,\n" for n in range(1004, 1040))
    + "T1002,K0001,someday,5.00,\n=T3,K0002,2026-11-03 11:00,five,\n"
)


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    yield
    for row in Import.objects.exclude(files=[]):
        Import.objects.filter(pk=row.pk).update(state="failed")
        uploads.remove(uploads.get(row.pk))


def uploaded(console: Client, *files: tuple[str, bytes]) -> Import:
    given = [SimpleUploadedFile(name, content) for name, content in files]
    answer = console.post("/imports/upload", {"files": given})
    assert answer.status_code == 303, answer.content.decode()
    return Import.objects.get(pk=int(answer.headers["Location"].rpartition("/")[2]))


def form(page: Any, **more: str) -> dict[str, str]:
    """The form as a person would send it who changes nothing but `more`."""
    columns = {f"column:{c.key}": c.field for table in page.tables for c in table.columns}
    return {"kind": page.kind, **columns, **more}


def started(console: Client, row: Import, **more: str) -> Import:
    page = console.get(f"/imports/{row.pk}").context["page"]
    answer = console.post(f"/imports/{row.pk}/start", form(page, **more))
    assert answer.status_code == 303, answer.context["page"].faults
    return Import.objects.get(pk=row.pk)


def worked(kit: Kit, clock: SetClock) -> Import:
    """What the importer's process does."""
    row = uploads.claim(clock.now())
    assert row is not None
    importing.run_uploaded(row)
    kit.run()
    return Import.objects.get(pk=row.pk)


def test_a_file_is_looked_at_before_it_is_imported(opened: Kit, console: Client, clock: SetClock) -> None:
    row = uploaded(console, ("till.csv", TILL.encode()))
    page = console.get(f"/imports/{row.pk}")
    shown = page.context["page"]
    assert [(c.name, c.field, c.because) for c in shown.tables[0].columns] == [
        ("bon", "order_id", "numbers that never repeat"), ("karte", "", ""), ("wann", "time", "looks like times"),
        ("summe", "total", "looks like money"), ("mail", "email", "by its name"),
    ]  # fmt: skip
    assert "T1001" in page.content.decode()
    assert opened.log.end() == 0
    row = started(console, row, channel="store", save="till", **{"column:till.csv:karte": "customer_id"})
    assert (row.state, row.by) == ("waiting", "owner@shop.example")
    assert "Waits its turn" in console.get(f"/imports/{row.pk}/progress").content.decode()
    assert opened.log.end() == 0, "nothing is imported in the request"
    done = worked(opened, clock)
    assert (done.state, done.counts["appended"], done.counts["rejected"]) == ("done", 38, 2)
    assert Profile.objects.filter(orders__gt=0).count() == 7
    assert SavedMapping.objects.get().name == "till"
    assert not uploads.paths(done)[0].exists(), "a list of people is not kept longer than it is needed"
    assert console.get(f"/imports/{row.pk}/progress").headers["HX-Refresh"] == "true"
    result = console.get(f"/imports/{row.pk}").content.decode()
    assert "till.csv.rejected.csv" in result
    assert "someday" in result


async def fetched(answer: StreamingHttpResponse) -> bytes:
    return b"".join([piece async for piece in cast("AsyncIterator[bytes]", answer.streaming_content)])


def test_rejected_rows_are_fetched_mended_and_uploaded(opened: Kit, console: Client, clock: SetClock) -> None:
    mine = {"column:till.csv:karte": "customer_id"}
    started(console, uploaded(console, ("till.csv", TILL.encode())), save="till", **mine)
    done = worked(opened, clock)
    answer = console.get(f"/imports/{done.pk}/rejected/0")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="till.csv.rejected.csv"'
    assert isinstance(answer, StreamingHttpResponse)
    text = asyncio.run(fetched(answer)).decode("utf-8-sig")
    assert ",'=T3," in text, "no spreadsheet runs it"
    mended = text.replace("someday", "2026-11-04").replace("five", "5")
    row = uploaded(console, ("till.csv.rejected.csv", ("\ufeff" + mended).encode()))
    shown = console.get(f"/imports/{row.pk}").context["page"]
    assert shown.tables[0].columns[0].field == "", "the reasons are no field"
    assert shown.tables[0].known_as == "till", "it is read as the file was"
    started(console, row)
    assert worked(opened, clock).counts["rejected"] == 0
    assert opened.log.end() == 40, "and only those were added"
    assert console.get(f"/imports/{done.pk}/rejected/7").status_code == 404


def test_files_that_belong_together_come_together(opened: Kit, console: Client, clock: SetClock) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("orders.csv", "order_id,customer_id,order_date\n1,ann,2026-11-01\n")
        packed.writestr("items.csv", "order_id,product_id,price,quantity\n1,P1,5,2\n")
    row = uploaded(
        console, ("export.zip", archive.getvalue()), ("../../customers.csv", b"customer_id,email\nann,a@b.co\n")
    )
    assert row.files == ["export.zip", "customers.csv"]
    page = console.get(f"/imports/{row.pk}").context["page"]
    assert (page.kind, [table.role for table in page.tables]) == ("orders", ["orders", "items", "customers"])
    started(console, row)
    assert worked(opened, clock).counts["facts"]["Order Completed"] == 1
    assert Profile.objects.get(pk=opened.customer("ann")).email == "a@b.co"


def test_the_mapping_is_guessed_anew_for_another_kind(opened: Kit, console: Client) -> None:
    row = uploaded(console, ("people.csv", b"customer_id,name,date\nann,Ann,2026-11-01\n"))
    page = console.get(f"/imports/{row.pk}").context["page"]
    assert page.kind == "customers"
    part = console.post(f"/imports/{row.pk}/preview", form(page) | {"kind": "orders"})
    assert {c.name: c.field for c in part.context["page"].tables[0].columns}["date"] == "time"
    assert "This cannot work yet" in part.content.decode(), "an order needs money"
    assert "--map" not in part.content.decode()


def test_what_cannot_work_is_told_and_nothing_is_lost(opened: Kit, console: Client) -> None:
    row = uploaded(console, ("till.csv", TILL.encode()))
    page = console.get(f"/imports/{row.pk}").context["page"]
    answer = console.post(f"/imports/{row.pk}/start", form(page, save="my till", **{"column:till.csv:summe": ""}))
    assert answer.status_code == 422
    assert "till.csv/total" in answer.content.decode()
    assert 'value="my till"' in answer.content.decode()
    twice = form(page, **{"column:till.csv:karte": "total"})
    assert "summe" in console.post(f"/imports/{row.pk}/start", twice).context["page"].faults[0]
    assert Import.objects.get(pk=row.pk).state == "draft"


def test_a_list_to_write_to_says_who_agreed_and_how(opened: Kit, console: Client, clock: SetClock) -> None:
    row = uploaded(console, ("fair.csv", b"customer_id,email,newsletter\nann,ann@example.com,yes\n"))
    page = console.get(f"/imports/{row.pk}").context["page"]
    assert console.post(f"/imports/{row.pk}/start", form(page, marketing="1")).status_code == 422
    told = {"marketing": "1", "consent_source": "Fair 2026: yes, send me news"}
    without = form(page, **told, **{"column:fair.csv:newsletter": "ignore"})
    answer = console.post(f"/imports/{row.pk}/start", without)
    assert "no column of consents" in answer.context["page"].faults[0]
    started(console, row, **told)
    worked(opened, clock)
    assert Consent.objects.get().evidence["wording"] == "Fair 2026: yes, send me news"


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, b"\x1f\x8bbroken"])
def test_a_file_that_cannot_be_read_is_refused_and_not_kept(opened: Kit, console: Client, content: bytes) -> None:
    files = [SimpleUploadedFile("orders.xlsx", content)]
    answer = console.post("/imports/upload", {"files": files} if content else {})
    assert answer.status_code == 422
    assert "notice-bad" in answer.content.decode()
    assert not Import.objects.exists()
    left = list((settings.DANGOL.folder / "uploads").glob("*/*/*"))
    assert not left


def test_one_that_was_cut_short_is_taken_up_and_not_for_ever(opened: Kit, console: Client, clock: SetClock) -> None:
    row = started(console, uploaded(console, ("till.csv", TILL.encode())))
    for _ in range(uploads.TRIES):
        taken = uploads.claim(clock.now())
        assert taken is not None, "the process died, and the next one takes it up"
        assert (taken.pk, taken.state) == (row.pk, "running")
    assert uploads.claim(clock.now()) is None
    row.refresh_from_db()
    assert (row.state, "cut short 3 times" in row.error) == ("failed", True)
    assert "cut short 3 times" in console.get(f"/imports/{row.pk}").content.decode()
    started(console, row)
    assert worked(opened, clock).state == "done"


def test_it_is_stopped_removed_and_started_once_only(opened: Kit, console: Client, clock: SetClock) -> None:
    row = started(console, uploaded(console, ("till.csv", TILL.encode())))
    with pytest.raises(Conflict, match="started already"):
        uploads.start(row, "orders", uploads.Choices(), clock.now())
    running = uploads.claim(clock.now())
    assert running is not None
    console.post(f"/imports/{row.pk}/remove")
    importing.run_uploaded(running)
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "stopped by hand")
    assert opened.log.end() == 0
    assert console.post(f"/imports/{row.pk}/remove").headers["Location"] == "/imports"
    assert not Import.objects.exists()
    assert console.get(f"/imports/{row.pk}").status_code == 404


def test_drafts_and_rejected_rows_do_not_lie_about_for_ever(opened: Kit, console: Client, clock: SetClock) -> None:
    done = worked_one(opened, console, clock)
    draft = uploaded(console, ("b.csv", TILL.encode()))
    assert uploads.sweep(clock.now() + timedelta(days=6)) == 0
    assert done.finished_at
    assert uploads.sweep(max(clock.now(), done.finished_at) + timedelta(days=31)) == 2
    assert not Import.objects.filter(pk=draft.pk).exists()
    done.refresh_from_db()
    assert done.rejected == []
    assert not uploads.rejected_folder(done).exists()


def worked_one(kit: Kit, console: Client, clock: SetClock) -> Import:
    started(console, uploaded(console, ("till.csv", TILL.encode())))
    done = worked(kit, clock)
    assert Path(done.rejected[0]).is_file()
    return done


# --- the whole, over a running shop -----------------------------------------------------------------------------------


@pytest.mark.skipif(os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default")
def test_a_served_shop_imports_in_the_background_and_survives_a_kill(tmp_path: Path) -> None:
    from dangol.bench.shop import DANGOL, free_port, make

    shop, port = tmp_path / "shop", free_port()
    make(shop)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DANGOL_")}
    environment = {**kept, "DANGOL_MAX_UPLOAD_BYTES": "1000000", "DANGOL_MAX_BODY_BYTES": "100000"}
    program = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'dangol.django_settings'; django.setup()\n"
        "from dangol.base.clock import SystemClock; from dangol.collect.files import uploads\n"
        "rows = ''.join(f'A{n},c{n},2026-01-02,5.00\\n' for n in range(90000))\n"
        "text = 'order_id,customer_id,date,total\\n' + rows\n"
        "row = uploads.receive([('orders.csv', [text.encode()])], 'o', SystemClock().now())\n"
        "uploads.start(row, 'orders', uploads.Choices(), SystemClock().now())\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={**environment, "DANGOL_DATA": str(shop)})
    served = [*DANGOL, "serve", "--data", str(shop), "--port", str(port)]
    server = subprocess.Popen(served, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("ready")
        _killed_in_the_middle(server.pid, shop)
        done = _state(shop)
        assert done["state"] == "done", done
        assert done["counts"]["appended"] + done["counts"]["known"] == 90_000
        assert done["counts"]["known"] > 0, "it was taken up, and what was in already was not added again"
        assert _in_the_log(shop) == 90_000
        assert _refused(port, "/imports/upload", 1_000_001) == 413
        assert _refused(port, "/settings/shop", 100_001) == 413
        assert _refused(port, "/imports/upload", 999_999) == 403, "not too large, but nobody is signed in"
    finally:
        server.terminate()
        server.wait(30)
        if server.stdout is not None:
            server.stdout.close()


def _in_the_log(shop: Path) -> int:
    with closing(sqlite3.connect(f"file:{shop / 'log.db'}?mode=ro", uri=True, timeout=10)) as db:
        return int(db.execute("SELECT count(*) FROM fact WHERE source = 'import'").fetchone()[0])


def _killed_in_the_middle(server: int, shop: Path) -> None:
    """Kill the importer as soon as something of its import is in the log."""
    end = time.monotonic() + 60
    while not _in_the_log(shop) and time.monotonic() < end:
        time.sleep(0.005)
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    (importer,) = [int(pid) for pid in children if b"\0imports\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(importer, signal.SIGKILL)
    assert 0 < _in_the_log(shop) < 90_000, "it was in the middle"


def _refused(port: int, path: str, size: int) -> int:
    """What is answered to a body of this size; a server that refuses it by its length need not read it to the end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        connection.putrequest("POST", path)
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.send(b"x" * size)
        return connection.getresponse().status


def _state(shop: Path) -> dict[str, Any]:
    """The import's row once it is over."""
    end = time.monotonic() + 60
    while True:
        with closing(sqlite3.connect(shop / "state.db", timeout=10)) as db:
            state, counts = db.execute("SELECT state, counts FROM collect_import").fetchone()
        if state in {"done", "failed"} or time.monotonic() > end:
            return {"state": state, "counts": json.loads(counts)}
        time.sleep(0.05)
