"""Live visitors: the demo's invented people, over the same HTTP that a shop's site and customers use.

A process of its own that knows the shop by its address and keys only. Facts go to /v1/ with the public write key; the
letters in the sandbox outbox are read through the admin API, and their links are followed to the real pages: the open
pixel, the redirect, and the survey, which counts only because the button is pressed.
"""

from __future__ import annotations

import base64
import heapq
import html
import json
import random
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dangol.base.process import die_with_parent
from dangol.demo import extract
from dangol.demo.behaviour import Event, Visit, browse, check_out, fill_cart, order_of, reaction
from dangol.demo.people import Person, person

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ARRIVAL = 4.5  # seconds between visitors, on average
HURRY = 12.0  # how much faster a live visitor is than a real one
LOOK_EVERY = 5.0  # seconds between looks into the outbox
PATIENCE = 10.0  # seconds for an answer; and between tries while the shop is away
SEEN_AT_ONCE = 100  # messages of the outbox in one look
REACTS_WITHIN = (5.0, 90.0)  # seconds until somebody takes up a letter

Deed = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Keys:
    """What a visitor needs to know of the shop."""

    base_url: str
    write_key: str
    api_key: str


class Crowd:
    """Everybody who is on the site now, and what each does next."""

    def __init__(self, keys: Keys, known: Sequence[Person], seed: int, started: int) -> None:
        self._keys, self._known, self._rng = keys, list(known), random.Random(f"{seed}:{started}")
        self._name, self._catalogue = started, extract.catalogue()
        self._agenda: list[tuple[float, int, Deed]] = []
        self._by_email = {one.email: one for one in known}
        self._carts: dict[str, Sequence[Event]] = {}
        self._count, self._newest, self._said = 0, 0, 0

    def run(self, clock: Callable[[], float], sleep: Callable[[float], None], until: float | None = None) -> None:
        """Visit until `until`; for ever without it."""
        self._newest = self._outbox()[0]
        self._at(clock(), lambda: self._arrive(clock))
        self._at(clock() + LOOK_EVERY, lambda: self._look_into_outbox(clock))
        while until is None or clock() < until:
            at, _, deed = heapq.heappop(self._agenda)
            sleep(max(at - clock(), 0))
            try:
                deed()
            except (urllib.error.URLError, OSError) as error:
                if isinstance(error, urllib.error.HTTPError) and error.code < 500 and error.code != 429:
                    continue
                sleep(PATIENCE)  # the shop is being restarted; what was to be said is said then
                self._at(clock(), deed)

    def _at(self, at: float, deed: Deed) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at, self._count, deed))

    # --- visits

    def _arrive(self, clock: Callable[[], float]) -> None:
        self._at(clock() + self._rng.expovariate(1 / ARRIVAL), lambda: self._arrive(clock))
        visit = self._visit()
        for one in visit.happenings:
            self._at(clock() + one.after.total_seconds() / HURRY, self._saying(one.event))

    def _visit(self) -> Visit:
        rng, draw = self._rng, self._rng.random()
        if draw < 0.40:
            visit = Visit(self._stranger(), rng, known=False)
            browse(visit, self._catalogue, rng)
        elif draw < 0.55:
            who = self._stranger()
            visit = Visit(who, rng, known=False)
            browse(visit, self._catalogue, rng)
            visit.sign_up()
            self._known.append(who)
            self._by_email[who.email] = who
        else:
            who = rng.choice(self._known)
            visit = Visit(who, rng, known=True)
            cart = fill_cart(visit, self._catalogue, rng)
            self._carts[who.user_id] = cart
            if draw > 0.75:
                self._check_out(visit, cart)
        return visit

    def _check_out(self, visit: Visit, cart: Sequence[Event]) -> None:
        self._count += 1
        check_out(visit, order_of(f"L{self._name}-{self._count}", cart, extract.CURRENCY))

    def _stranger(self) -> Person:
        self._count += 1
        return person(f"l{self._name}{self._count:04}", self._rng)

    def _saying(self, event: Event) -> Deed:
        """To say it, once: tried again it has the same id."""
        self._said += 1
        named = event | {"messageId": f"live-{self._name}-{self._said}"}
        return lambda: self._post(named)

    def _post(self, event: Event) -> None:
        body = json.dumps(event).encode()
        token = base64.b64encode(f"{self._keys.write_key}:".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        self._open(f"{self._keys.base_url}/v1/{event['type']}", headers, body)

    # --- letters

    def _look_into_outbox(self, clock: Callable[[], float]) -> None:
        self._at(clock() + LOOK_EVERY, lambda: self._look_into_outbox(clock))
        newest, letters = self._outbox()
        for letter in letters:
            if int(letter["id"]) > self._newest:
                self._take(letter, self._by_email.get(letter["to"]) or addressee(letter), clock)
        self._newest = max(newest, self._newest)

    def _outbox(self) -> tuple[int, list[dict[str, Any]]]:
        headers = {"Authorization": f"Bearer {self._keys.api_key}"}
        found = json.loads(self._open(f"{self._keys.base_url}/api/outbox?limit={SEEN_AT_ONCE}", headers))["items"]
        return max((int(letter["id"]) for letter in found), default=0), found

    def _take(self, letter: dict[str, Any], who: Person, clock: Callable[[], float]) -> None:
        """What one person does with one letter, in seconds instead of hours."""
        takes = reaction(letter["campaign"], who.language, self._rng)
        when = clock() + self._rng.uniform(*REACTS_WITHIN)
        if takes.opens and (pixel := _links(letter["html"], "o")):
            self._at(when, lambda: self._open(pixel[0]))
        if takes.clicks and (clicks := _links(letter["html"], "c")):
            self._at(when + 3, lambda: self._open(clicks[0]))
        if takes.answers and len(marks := _links(letter["html"], "s")) >= takes.score:
            self._at(when + 3, lambda: self._answer(marks[takes.score - 1], takes.score, takes.comment))
        if takes.buys:
            cart = self._carts.get(who.user_id) or ()
            self._buy(who, cart, when + 8)

    def _answer(self, link: str, score: int, comment: str) -> None:
        """Look at the page as anybody would, then press its button."""
        self._open(link)
        form = urllib.parse.urlencode({"score": score, "text": comment}).encode()
        self._open(link, {"Content-Type": "application/x-www-form-urlencoded"}, form)

    def _buy(self, who: Person, cart: Sequence[Event], when: float) -> None:
        visit = Visit(who, self._rng, known=True)
        self._check_out(visit, cart or fill_cart(visit, self._catalogue, self._rng))
        for one in visit.happenings:
            self._at(when + one.after.total_seconds() / HURRY, self._saying(one.event))

    def _open(self, url: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - our own shop's address
            url, data=body, headers={"User-Agent": BROWSER, **(headers or {})}
        )
        with _OPENER.open(request, timeout=PATIENCE) as answer:
            found: bytes = answer.read()
            return found


class _Stay(urllib.request.HTTPRedirectHandler):
    """A click is told by the shop's answer; where it leads is an address that nobody has."""

    def redirect_request(self, *_: Any) -> None:
        return None


class _Fine(urllib.request.HTTPErrorProcessor):
    """Redirects are answers too."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        return response if response.status < 400 else super().http_response(request, response)


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay, _Fine)


def addressee(letter: dict[str, Any]) -> Person:
    """Somebody from before this process, known again by the address: it ends in the customer's number."""
    written, _, _ = letter["to"].partition("@")
    first, *_, number = written.split(".")
    language = "ko" if re.search("[가-힣]", letter["subject"]) else "en"
    return Person(number, f"again-{number}", first.title(), "", letter["to"], language, agrees=True)


def _links(letter: str, kind: str) -> list[str]:
    """The links of one kind in a letter, in their order."""
    found = re.findall(rf'(?:href|src)="([^"]+/{kind}/[^"]+)"', letter)
    return list(dict.fromkeys(html.unescape(link) for link in found))


def main(folder: str, seed: str) -> None:
    """The visitors' process."""
    die_with_parent()
    told = json.loads((Path(folder) / "demo.json").read_text())
    keys = Keys(told["base_url"], told["write_key"], told["api_key"])
    known = list(extract.people(int(seed)).values())
    while True:
        try:
            Crowd(keys, known, int(seed), int(time.time())).run(time.monotonic, time.sleep)
        except urllib.error.URLError:
            time.sleep(PATIENCE)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
