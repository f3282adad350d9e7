"""A scratch shop for every test run: its own data folder, a set clock, SQLite or PostgreSQL as the environment says."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

for name in [key for key in os.environ if key.startswith("DANGOL_") and not key.startswith("DANGOL_TEST_")]:
    del os.environ[name]  # a developer's own settings must not leak into tests
SCRATCH = tempfile.mkdtemp(prefix="dangol-test-")
os.environ["DANGOL_DATA"] = SCRATCH
os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"  # not in pyproject: it would be read before this
if os.environ.get("DANGOL_TEST_STATE") == "postgres":
    os.environ["DANGOL_DATABASE_URL"] = os.environ["DANGOL_TEST_POSTGRES_URL"]

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402

from dangol.base.clock import SetClock  # noqa: E402
from dangol.base.models import Shop  # noqa: E402

if TYPE_CHECKING:
    from tests.shopkit import Kit

if not os.environ.get("CI"):  # there Hypothesis brings its own: no deadline, the same examples each time
    settings.register_profile("dangol", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("dangol")

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # a Tuesday, 12:00 in Seoul


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches it: all the rest says the same on either state, and has its run on SQLite. What
    takes a browser comes first: few tests, each of them long, so that at the end no worker waits for another's.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
    if os.environ.get("DANGOL_TEST_STATE") != "postgres":
        return
    config.hook.pytest_deselected(items=[one for one in items if not _touches_tables(one)])
    items[:] = [one for one in items if _touches_tables(one)]


def _touches_tables(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or bool(
        {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    )


def pytest_unconfigure() -> None:
    shutil.rmtree(SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session")
def first_numbers(django_db_setup: None, django_db_blocker: Any) -> str:
    """The statement that lets every table of PostgreSQL count as it did before the first test."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()"
        )
        begun = [
            f"setval('{schema}.{name}', {last or 1}, {'true' if last else 'false'})"
            for schema, name, last in cursor.fetchall()
        ]
    return "SELECT " + ", ".join(begun)


@pytest.fixture(autouse=True)
def _numbers_begin_anew(request: pytest.FixtureRequest) -> None:
    """Who is held out hangs on a customer's number: a test must not see those that the tests before it used up.

    SQLite takes its counters back with the test's transaction; PostgreSQL's go on.
    """
    if os.environ.get("DANGOL_TEST_STATE") != "postgres" or not _touches_tables(request.node):
        return
    begin_anew = request.getfixturevalue("first_numbers")
    with request.getfixturevalue("django_db_blocker").unblock(), connection.cursor() as cursor:
        cursor.execute(begin_anew)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """The shop's data folder, of this test alone: for what lies in files, its log, and its secret."""
    settings.DANGOL = replace(settings.DANGOL, data=str(tmp_path))
    return tmp_path


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop.objects.create(
        name="Dangol Test Shop",
        timezone="Asia/Seoul",
        currency="KRW",
        locale="ko",
        country="KR",
        url="https://shop.example",
        sender_name="단골 가게",
        sender_email="hello@shop.example",
        postal_address="서울시 종로구 1",
        phone="02-000-0000",
    )


@pytest.fixture
def test_data() -> Path:
    """The folder of public data sets, or a skip that says how to get it."""
    folder = Path(os.environ.get("DANGOL_TEST_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip("the public data sets are not here; name their folder in DANGOL_TEST_DATA")
    return folder


@pytest.fixture
def kit(shop: Shop, clock: SetClock, tmp_path: Path) -> Iterator[Kit]:
    """A shop with a log of its own."""
    from tests.shopkit import Kit

    kit = Kit(tmp_path, clock)
    yield kit
    kit.close()
