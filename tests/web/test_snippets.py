"""What the page Connect offers to paste works: each is run as it stands there, against a shop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dangol.web.snippets import snippets
from tests.clients.conftest import modules, node  # noqa: F401 - the fixtures
from tests.serving import Server
from tests.test_serve import pytestmark, server  # noqa: F401 - the fixture, and that it is of the embedded default


def pasted(server: Server, name: str) -> str:  # noqa: F811
    (found,) = [snippet for snippet in snippets(server.address, server.write_key) if snippet.name == name]
    return found.text.replace("minji", name.lower()).replace("1001", f"order-{name}")


def told(server: Server, name: str) -> int:  # noqa: F811
    """The orders of the customer whom the snippet names."""
    server.wait_idle()
    path = f"/api/customers?identifier=userId:{name.lower()}"
    (customer,) = json.loads(server.call(path, key=server.api_key)[1])["items"]
    return int(customer["figures"]["orders"])


def test_curl(server: Server) -> None:  # noqa: F811
    subprocess.run(["sh", "-ec", pasted(server, "curl")], check=True, timeout=60, stdout=subprocess.DEVNULL)
    assert told(server, "curl") == 1


def test_python(server: Server) -> None:  # noqa: F811
    subprocess.run([sys.executable, "-c", pasted(server, "Python")], check=True, timeout=60)
    assert told(server, "Python") == 1


@pytest.mark.parametrize("name", ["Node", "RudderStack", "PostHog"])
def test_node(server: Server, modules: Path, node: str, tmp_path: Path, name: str) -> None:  # noqa: F811
    (tmp_path / "node_modules").symlink_to(modules)
    program = tmp_path / "program.mjs"
    program.write_text(pasted(server, name), "utf-8")
    subprocess.run([node, str(program)], check=True, timeout=60, stdout=subprocess.DEVNULL)
    assert told(server, name) == 1
