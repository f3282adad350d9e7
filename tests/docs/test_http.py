"""docs/http.md lists every route, with what it needs, and none that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from dangol.collect.paths import ASKED, TAKES
from dangol.web.api.access import needed_scope
from dangol.web.api.document import document
from dangol.web.api.lists import MOST
from dangol.web.api.problems import STATUS
from dangol.web.urls import ROUTES
from tests.docs import pages

PAGE = pages.text("http.md")
FOR_CUSTOMERS = ("s/", "u/", "c/", "o/", "p/", "d/", "f")


def documented(heading: str) -> list[str]:
    return [pages.code(row[0])[0] for row in pages.rows(pages.section(PAGE, heading))]


def braced(route: str) -> str:
    """A Django route as documents write it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = before + braced(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        else:
            yield route, pattern


def test_every_route_of_the_admin_api_is_listed_with_its_scope() -> None:
    routes = {f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods}
    assert sorted(documented("Routes")) == sorted(routes | {"GET /api/openapi.json"})
    for row in pages.rows(pages.section(PAGE, "Routes")):
        method, path = pages.code(row[0])[0].split(" ")
        wanted = "none" if path == "/api/openapi.json" else needed_scope(RequestFactory().generic(method, path))
        assert row[1] == wanted, row


def test_the_document_and_the_urls_are_the_same_routes() -> None:
    served = {f"/{route}" for route, _ in patterns(get_resolver()) if route.startswith("api/") and route != "api/"}
    assert served == {*document()["paths"], "/api/openapi.json"}


def test_every_page_behind_a_message_is_listed_with_its_methods() -> None:
    routes = {
        f"{method} /{braced(route.path)}"
        for route in ROUTES
        if route.path.startswith(FOR_CUSTOMERS)
        for method in route.methods
    }
    assert set(documented("The pages behind a message")) == routes


def test_every_tracking_path_is_listed() -> None:
    section = pages.section(PAGE, "Facts in")
    listed = {
        path.removeprefix("POST ").rstrip("/")
        for row in pages.rows(section)
        for path in pages.code(row[0])
        if path.startswith(("POST /", "/"))
    }
    for path in [path for path in listed if path.startswith("/api/s/") and not path.endswith("s2s")]:
        listed.add(path.replace("/api/s/", "/api/s/s2s/"))
    assert listed - {"/api/s/s2s"} == {*TAKES, *ASKED}


def test_every_code_of_a_refused_event_is_listed() -> None:
    folder, names = pages.ROOT / "src/dangol/collect", ("rules.py", "bounds.py", "http.py", "requests.py")
    source = "".join((folder / name).read_text() for name in names)
    codes = set(re.findall(r'(?:return|fault =) "([a-z_]+)", f?"', source)) | set(
        re.findall(r'Refused\([^,]+, "([a-z_]+)"', source)
    )
    assert len(codes) > 6
    assert codes <= set(pages.code(pages.section(PAGE, "Facts in")))


def test_every_status_is_explained() -> None:
    table = pages.section(PAGE, "The admin API")
    explained = {int(number) for row in pages.rows(table) for number in re.findall(r"\b[45]\d\d\b", row[0])}
    assert {*STATUS.values(), 400, 401, 403, 405, 413, 415} <= explained


def test_what_is_said_not_to_be_there_is_not() -> None:
    missing = [code for code in pages.code(pages.section(PAGE, "Not there yet")) if code.split(" ")[-1].startswith("/")]
    assert missing
    served = set(document()["paths"])
    assert not [path for path in missing if path in served]


def test_the_numbers_in_the_text_are_those_of_the_code() -> None:
    assert f"`limit` (1 to {MOST:,}," in PAGE
