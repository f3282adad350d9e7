"""Disks that are full or have become read-only under a shop that runs (numbers 9, 10 and 13).

The shop lives in a mount name space of its own, on a small file system made for it; both need root.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from dangol.bench.shop import make
from tests.faults.load import Load, check
from tests.serving import Server

MOUNT = 'mount $1 "$2" "$3" && cp -a "$4/." "$3" && shift 4 && exec "$@"'


def can_mount() -> bool:
    if os.geteuid() or not shutil.which("unshare"):
        return False
    return (
        subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0
    )


pytestmark = [
    pytest.mark.skipif(os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default"),
    pytest.mark.skipif(not can_mount(), reason="needs root and the right to mount"),
]


def where_it_is_noon(now: datetime) -> str:
    """A time zone; the signs of these names are the wrong way round."""
    return f"Etc/GMT{now.hour - 12:+d}" if now.hour != 12 else "UTC"


@contextlib.contextmanager
def served(folder: Path, options: str, device: str) -> Iterator[Server]:
    """A shop whose data folder is a file system of its own; `inside` leads to it from here."""
    prepared, mounted = folder / "prepared", folder / "mounted"
    mounted.mkdir()
    server = Server(mounted, *make(prepared, where_it_is_noon(datetime.now(UTC))))  # at night no letter would leave
    server.before = ("unshare", "-m", "sh", "-c", MOUNT, "sh", options, device, str(mounted), str(prepared))
    try:
        server.start()
    except AssertionError:
        assert server.process
        server.process.communicate()
        raise
    assert server.process
    server.folder = Path(f"/proc/{server.process.pid}/root{mounted}")
    try:
        yield server
    finally:
        server.end(signal.SIGTERM)


def until(holds: Callable[[], bool], what: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def health(server: Server) -> tuple[int, str]:
    status, body = server.call("/healthz")
    return status, json.loads(body).get("reason", "")


def letter_to(server: Server, user: str) -> str:
    """The path under which a customer who got a letter unsubscribes."""
    definition = {
        "name": "Thanks",
        "entry": {"fact": "Order Completed"},
        "goal": {"fact": "Order Completed", "within": "7d"},
        "holdout_percent": 0,
        "steps": [
            {
                "key": "mail",
                "send": {
                    "channel": "email",
                    "class": "marketing",
                    "templates": {"en": {"subject": "Thank you", "html": "<p>Thank you</p>"}},
                },
            }
        ],
    }
    assert server.call("/api/campaigns/thanks-at-once", definition, key=server.api_key, method="PUT")[0] in {200, 201}
    assert server.call("/api/campaigns/thanks-at-once/activate", {}, key=server.api_key)[0] == 200
    events = [
        {"type": "identify", "traits": {"email": f"{user}@example.com"}},
        {
            "type": "track",
            "event": "Consent Changed",
            "properties": {"channel": "email", "purpose": "marketing", "state": "granted", "basis": "explicit"},
        },
        {"type": "track", "event": "Order Completed", "properties": {"order_id": "1", "revenue": 10}},
    ]
    batch = {"writeKey": server.write_key, "batch": [{**event, "userId": user} for event in events]}
    assert server.call("/v1/batch", batch)[0] == 200

    found: list[str] = []

    def arrived() -> bool:
        letters = json.loads(server.call("/api/outbox", key=server.api_key)[1])["items"]
        found.extend(path for letter in letters for path in re.findall(r"/u/[\w-]+", json.dumps(letter)))
        return bool(found)

    until(arrived, "the letter is in the outbox")
    return found[0]


def sign_in(server: Server) -> int:
    """Sign in as a person does: the page, its token, the form. The status of the page behind it."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(server.address + "/", timeout=20) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        form = page.url
    assert token
    told = {"login": "owner@example.com", "password": "a long enough password", "csrfmiddlewaretoken": token[1]}
    request = urllib.request.Request(form, urllib.parse.urlencode(told).encode(), {"Referer": form})
    with browser.open(request, timeout=20) as page:
        assert "/customers" in page.read().decode(), "the console's menu is there"
        return int(page.status)


def test_a_full_disk(tmp_path: Path, seed: int) -> None:
    """9, 10: facts wait, people do not, and when there is room again everything goes on by itself."""
    with served(tmp_path, "-t tmpfs -o size=160m", "none") as server:
        leave = letter_to(server, "ann")
        until((server.folder / "reserve").exists, "a reserve is kept")
        with Load(server.port, server.write_key, seed=f"full-{seed}") as clients:
            clients.wait(50)
            with (server.folder / "filler").open("wb") as filler, contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(1024 * 1024))
                    filler.flush()
            clients.wait_refused(20)
            until(lambda: not (server.folder / "reserve").exists(), "the reserve is given up")
            assert health(server) == (503, "the disk is almost full")
            assert server.call("/api/customers?identifier=userId:ann", key=server.api_key)[0] == 200
            assert server.call(leave)[0] == 200
            assert server.call(leave, {})[0] == 200, "a customer unsubscribes"
            assert sign_in(server) == 200
            (server.folder / "filler").unlink()
            clients.wait(50)
        assert set(clients.ledger.refused) == {429}
        until(lambda: health(server) == (200, ""), "it is well again")
        until((server.folder / "reserve").exists, "the reserve is back")
        server.wait_idle()
        (ann,) = json.loads(server.call("/api/customers?identifier=userId:ann", key=server.api_key)[1])["items"]
        assert [c["state"] for c in ann["consents"] if c["channel"] == "email"] == ["withdrawn"]
        check_copy(server, tmp_path, clients)


def test_a_disk_that_becomes_read_only(tmp_path: Path, seed: int) -> None:
    """13: as ext4 does after an error. Facts wait, what is there can be read, and health says why."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(192 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    with served(tmp_path, "-o loop,errors=remount-ro", str(image)) as server:
        device = subprocess.run(
            ["findmnt", "-no", "SOURCE", "-N", str(server.process.pid if server.process else 0), "--target",
             str(tmp_path / "mounted")], capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        trigger = Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error")
        if not trigger.exists():
            pytest.skip("this kernel offers no way to break a file system")
        assert server.track("ann", "Seen", "first") == 200
        server.wait_idle()
        with Load(server.port, server.write_key, seed=f"ro-{seed}") as clients:
            clients.wait(50)
            trigger.write_text("1")
            clients.wait_refused(20)
            until(lambda: health(server) == (503, "the disk is read-only"), "health says why")
            read = server.call("/api/customers?limit=1", key=server.api_key)
            assert read[0] == 200, read
            buyers = {"name": "Buyers", "where": {"event": "Order Completed"}}
            status, told = server.call("/api/segments/buyers", buyers, key=server.api_key, method="PUT")
            assert (status, json.loads(told)["status"]) == (503, 503)
            clients.give_up()
        assert set(clients.ledger.refused) == {429}
        check_copy(server, tmp_path, clients)


def check_copy(server: Server, tmp_path: Path, clients: Load) -> None:
    """What is on the disk is whole: looked at in a copy, for SQLite would take the way inside for a link out."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("log.db", "log.db-wal"):
        shutil.copy(server.folder / name, copy / name)
    check(copy, clients.ledger)
