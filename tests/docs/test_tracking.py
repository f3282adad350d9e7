"""docs/tracking.md runs: what it says for servers is told to a server, and its calls are those of the tracker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dangol.collect import tracker
from tests.docs import pages
from tests.serving import Server
from tests.test_serve import pytestmark, server  # noqa: F401 - the fixture, and that it is of the embedded default

PAGE = pages.text("tracking.md")
COMMANDS = {"sh": ["sh", "-e"], "python": [sys.executable], "js": ["node", "--input-type=module"], "php": ["php"]}


def program(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


@pytest.mark.parametrize(
    ("language", "user"), [("sh", "curl-1"), ("python", "python-1"), ("js", "node-1"), ("php", "php-1")]
)
def test_a_server_tells_an_order(server: Server, language: str, user: str) -> None:  # noqa: F811
    command = COMMANDS[language]
    found = program(command[0])
    if found is None or (language == "sh" and program("curl") is None):
        pytest.skip(f"needs {command[0]}")
    (block,) = [b for b in pages.blocks(PAGE) if b.language == language and "Order Completed" in b.text]
    told = block.text.replace("http://127.0.0.1:8000", server.address)
    for _ in range(2):  # and again, as somebody does who is not sure
        subprocess.run(
            [found, *command[1:]], input=told, text=True, check=True, timeout=60, stdout=subprocess.DEVNULL,
            env={**os.environ, "WRITE_KEY": server.write_key},
        )  # fmt: skip
    server.wait_idle()
    (customer,) = json.loads(server.call(f"/api/customers?identifier=userId:{user}", key=server.api_key)[1])["items"]
    assert customer["figures"]["orders"] == 1


def test_opting_out_is_heeded_in_public(server: Server) -> None:  # noqa: F811
    status, body = server.call("/.well-known/gpc.json")
    assert status == 200
    assert json.loads(body)["gpc"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", json.loads(body)["lastUpdate"])


def test_every_call_and_option_is_told() -> None:
    source = tracker.SOURCE.read_text("utf-8")
    names = source[source.index("const HELPERS") : source.index('").split(",")')]
    events = re.findall(r"[A-Z][\w ]+", names.partition("(")[2])
    for event in events:
        words = event.split(" ")
        call = words[0].lower() + "".join(word[0].upper() + word[1:] for word in words[1:])
        assert f"`{call}" in PAGE or f" {call}" in PAGE, call
    for option in set(re.findall(r'option\("([\w-]+)"\)', source)):
        assert f"| `{option}` |" in PAGE, option
    api = source[source.index("const api = {") : source.index("HELPERS.forEach")]
    for call in re.findall(r"^    (\w+): \(", api, re.M):
        assert f"dangol.{call}(" in PAGE, call
