"""Requests of ours go to the internet and to what is meant, never to a machine beside us."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dangol.base.fetch import Fetcher, Forbidden, Unreachable, is_public

PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]
DENIED = [
    "224.0.0.1", "ff02::1", "fec0::1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1", "192.0.0.8", "192.88.99.1",
    "127.0.0.1", "127.255.0.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "240.0.0.1", "255.255.255.255", "0.0.0.0", "0.1.2.3",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a00:1::",
    "2001::1", "2001:db8::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "100::1", "no address", "",
]  # fmt: skip
LOCAL_IN_DISGUISE = ["0x7f.1", "2130706433", "127.1", "017700000001", "①②⑦.⓪.⓪.①", "localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_open(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", DENIED)
def test_what_is_not_the_internet_is_shut(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", LOCAL_IN_DISGUISE)
def test_this_machine_is_recognised_however_it_is_written(host: str) -> None:
    with pytest.raises(Forbidden):
        Fetcher().request("GET", f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://1.1.1.1/", "https://1.1.1.1@127.0.0.1/", "https://user:pass@shop.example/", "https://shop.example:22/",
        "http://127.0.0.1:80\\@ok.example/", "https://127.0.0.1:443\\@ok.example/", "ftp://shop.example/",
        "file:///etc/passwd", "https:///x", "https://shop.example:99999/", "https://sh op.example/", "//shop.example",
        "https://shop.example/\r\nHost: x", "", "https://[::1", "gopher://shop.example:443/",
    ],
)  # fmt: skip
def test_an_address_that_hides_something_is_refused_before_it_is_looked_up(url: str) -> None:
    def lookup(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    with pytest.raises(Forbidden):
        Fetcher(lookup=lookup).request("GET", url)


def test_one_private_answer_among_many_is_enough_to_refuse() -> None:
    with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
        Fetcher(lookup=lambda *_: ["1.1.1.1", "10.0.0.1"]).request("GET", "https://shop.example/")


def test_a_name_is_looked_up_once_and_its_second_answer_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is public, the next one is this machine."""
    answers, connected = iter([["1.1.1.1"], ["127.0.0.1"]]), []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        connected.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unreachable):
        Fetcher(lookup=lambda *_: next(answers)).request("GET", "https://shop.example/")
    assert connected == [("1.1.1.1", 443)]


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[bytes]]]:
    """A listener that answers each connection by hand; the port and the heads of the requests it got."""
    listener = socket.create_server(("127.0.0.1", 0))
    heads: list[bytes] = []

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heads.append(connection.recv(65_536))
                try:
                    answer(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heads
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def says(text: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(text)


def test_a_host_that_is_meant_is_reached_under_its_name() -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 2\r\n\r\nhi")) as (port, heads):
        fetcher = Fetcher([f"shop.test:{port}"], lambda *_: ["127.0.0.1"])
        url = f"http://shop.test:{port}/a?c=é&d=%20"
        answer = fetcher.request("POST", url, headers={"X-Key": "k"}, content=b"{}")
        assert (answer.status, answer.body, answer.headers["x-one"]) == (200, b"hi", "1")
        head = heads[0].lower()
        assert head.startswith(b"post /a?c=%c3%a9&d=%20 http/1.1\r\n")
        assert f"host: shop.test:{port}".encode() in head
        assert b"x-key: k" in head
        with pytest.raises(Forbidden):
            Fetcher([f"shop.test:{port + 1}"], lambda *_: ["127.0.0.1"]).request("GET", f"http://shop.test:{port}/")


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"
    with server(says(away)) as (port, heads):
        answer = Fetcher(["127.0.0.1"]).request("GET", f"http://127.0.0.1:{port}/")
        assert (answer.status, answer.headers["location"], len(heads)) == (302, "http://169.254.169.254/latest", 1)


def test_an_answer_without_end_is_left() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    with server(flood) as (port, _), pytest.raises(Unreachable, match="over 100000 bytes"):
        Fetcher(["127.0.0.1"]).request("GET", f"http://127.0.0.1:{port}/", limit=100_000)


@pytest.mark.parametrize("start", [b"H", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_sender_that_dribbles_is_left_in_time(start: bytes) -> None:
    def dribble(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.05)

    begun = time.monotonic()
    with server(dribble) as (port, _), pytest.raises(Unreachable):
        Fetcher(["127.0.0.1"]).request("GET", f"http://127.0.0.1:{port}/", seconds=0.5)
    assert time.monotonic() - begun < 8


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable):
        Fetcher(["127.0.0.1"]).request("GET", f"http://127.0.0.1:{port}/")
    with pytest.raises(Unreachable, match="no address"):
        Fetcher(lookup=lambda *_: []).request("GET", "https://shop.example/")
