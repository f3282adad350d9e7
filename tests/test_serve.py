"""The process tree as its owner sees it: ready, sole, graceful, and back in a moment after kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dangol.bench.shop import DANGOL, free_port, make
from dangol.collect.log import open_log
from tests.serving import Server

pytestmark = pytest.mark.skipif(
    os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default through its processes"
)


FILES = {  # what the shop keeps as files
    "topics/news.yaml": "key: news\nname: {en: News}\nkind: opt_in\n",
    "segments/viewers.yaml": "key: viewers\nname: Viewers\nwhere: {all: [{event: Product Viewed}, {topic: news}]}\n",
    "offers/spring.yaml": "name: Spring\nterms: {gives: {percent: 10}}\n",
    "campaigns/hello.yaml": "name: Hello\nentry: {segment: viewers}\nsteps: [{key: gift, give: {offer: spring}}]\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    server = Server(folder, *make(folder))
    for name, text in FILES.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text, "utf-8")
    server.start()
    yield server
    if server.process and server.process.poll() is None:
        server.end(signal.SIGTERM)


def test_one_address_serves_facts_tracker_console_and_api(server: Server) -> None:
    assert server.call("/healthz") == (200, b'{"ready": true}')
    assert server.call("/t.js")[0] == 200
    assert server.call("/")[0] == 200, "a stranger is shown the sign-in page"
    assert server.call("/api/log")[0] in {401, 403}
    assert server.call("/api/log", key=server.write_key)[0] in {401, 403}, "a write key reads nothing"
    assert server.track("ann", "Seen", "m1") == 200
    told = server.wait_idle()
    assert told["appended"] >= 1
    (customer,) = json.loads(server.call("/api/customers?identifier=userId:ann", key=server.api_key)[1])["items"]
    assert "userId:ann" in customer["identifiers"]


def test_what_the_shop_keeps_as_files_is_applied_when_it_opens(server: Server) -> None:
    end = time.monotonic() + 20
    while server.call("/api/campaigns/hello", key=server.api_key)[0] == 404:
        assert time.monotonic() < end
        time.sleep(0.1)
    told = json.loads(server.call("/api/campaigns/hello", key=server.api_key)[1])
    assert (told["state"], told["name"]) == ("draft", "Hello")
    assert json.loads(server.call("/api/segments/viewers", key=server.api_key)[1])["name"] == "Viewers"
    assert json.loads(server.call("/api/offers/spring", key=server.api_key)[1])["name"] == "Spring"


def test_a_second_server_on_the_same_folder_is_refused_and_harms_nothing(server: Server) -> None:
    command = [*DANGOL, "serve", "--data", str(server.folder), "--port", str(free_port())]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert second.returncode == 2
    assert "already served" in second.stderr
    assert server.call("/healthz")[0] == 200


def test_after_kill_9_it_is_back_and_has_every_acknowledged_fact(server: Server) -> None:
    acknowledged = [n for n in range(30) if server.track("bob", "Seen", f"before-{n}") == 200]
    server.end(signal.SIGKILL)
    assert server.start() < 15
    assert [server.track("bob", "Seen", f"before-{n}") for n in range(30)] == [200] * 30, "clients send again"
    server.wait_idle()
    with open_log(server.folder) as log:
        stored = [entry.message_id for entry in log.read(0, 10_000) if entry.message_id.startswith("before-")]
    assert sorted(stored) == sorted(f"before-{n}" for n in acknowledged)


def test_a_dead_loop_is_started_again(server: Server) -> None:
    assert server.process
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    loop = next(int(pid) for pid in children if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"loop\0"))
    os.kill(loop, signal.SIGKILL)
    assert server.track("cat", "Seen", "after-the-loop-died") == 200
    server.wait_idle()


def test_sigterm_finishes_and_leaves_nobody_behind(server: Server) -> None:
    assert server.process
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    begun = time.monotonic()
    assert server.end(signal.SIGTERM) == 0
    assert time.monotonic() - begun < 10
    for _ in range(50):  # the interpreter's own resource tracker ends a moment after the process it watched
        left = [child for child in children if Path(f"/proc/{child}").exists()]
        if not left:
            break
        time.sleep(0.1)
    assert not left
    server.start()


def test_a_folder_without_a_shop_is_refused_with_what_to_do(tmp_path: Path) -> None:
    told = subprocess.run([*DANGOL, "serve", "--data", str(tmp_path)], capture_output=True, text=True, timeout=30)
    assert (told.returncode, "dangol init" in told.stderr) == (2, True)


def test_a_shop_is_made_once_and_every_fault_is_named(tmp_path: Path) -> None:
    arguments = [
        "--owner",
        "nobody",
        "--password-stdin",
        "--timezone",
        "Mars/Base",
        "--currency",
        "?",
        "--locale",
        "xx",
    ]
    told = subprocess.run(
        [*DANGOL, "init", "--data", str(tmp_path), *arguments],
        input="123\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 2
    for place in ("/owner", "/password", "/timezone", "/currency", "/locale"):
        assert place in told.stderr
    write_key, api_key = make(tmp_path)
    assert ":" not in write_key + api_key
    with pytest.raises(subprocess.CalledProcessError):
        make(tmp_path)


def test_the_core_imports_quickly_and_without_scipy_stats() -> None:
    code = "import sys, dangol.cli; print([m for m in ('scipy.stats', 'django', 'ibis', 'duckdb') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
