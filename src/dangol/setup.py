"""A new shop: its tables, its owner, its first keys and the segments and questions that every shop starts with."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.validators import validate_email
from django.db import connection, transaction

from dangol.base.clock import SystemClock
from dangol.base.errors import Conflict, Fault, Invalid
from dangol.base.models import Shop
from dangol.collect import sources
from dangol.collect.log import open_log
from dangol.privacy import notices as privacy
from dangol.profile import recounting
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey
from dangol.web.api.keys import make_api_key

LOCALES = ("en", "ko")


@dataclass(frozen=True, slots=True)
class NewShop:
    """What must be known to open a shop."""

    owner: str  # e-mail address
    password: str
    name: str = "My shop"
    timezone: str = "UTC"
    currency: str = "USD"
    locale: str = "en"
    country: str = ""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """The shop's first keys; the API key cannot be read again."""

    write_key: str
    api_key: str


def new_shop(shop: NewShop, now: datetime | None = None) -> Keys:
    """Make a shop in the data folder. Raises Invalid for what is wrong with it, Conflict where one stands already."""
    check(shop)
    migrate()
    if Shop.objects.exists():
        raise Conflict(f"{settings.DANGOL.folder} holds a shop already")
    open_log(settings.DANGOL.folder).close()
    now = now or SystemClock().now()
    with transaction.atomic():
        _owner(shop)
        Shop.objects.create(
            name=shop.name, timezone=shop.timezone, currency=shop.currency.upper(), locale=shop.locale,
            country=shop.country.upper(), sender_name=shop.name, sender_email=shop.owner, demo=shop.demo,
        )  # fmt: skip
        source = sources.add("site", "Web site", now)
        _, api_key = make_api_key("first", ["read", "write"], now)
    strategy.ensure_ready(now)
    survey.ensure_ready(now)
    privacy.begin(shop.country, demo=shop.demo)
    return Keys(source.write_key, api_key)


def check(shop: NewShop) -> None:
    """Raises Invalid with every fault of a new shop."""
    faults = [*_address_faults(shop), *_password_faults(shop)]
    try:
        ZoneInfo(shop.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        faults.append(Fault("/timezone", repr(shop.timezone), "an IANA zone such as Asia/Seoul"))
    if not (len(shop.currency) == 3 and shop.currency.isalpha()):
        faults.append(Fault("/currency", repr(shop.currency), "three letters of ISO 4217 such as KRW"))
    if shop.locale not in LOCALES:
        faults.append(Fault("/locale", repr(shop.locale), " or ".join(LOCALES)))
    if shop.country and not (len(shop.country) == 2 and shop.country.isalpha()):
        faults.append(Fault("/country", repr(shop.country), "two letters of ISO 3166 such as KR"))
    if faults:
        raise Invalid(faults)


def _address_faults(shop: NewShop) -> list[Fault]:
    try:
        validate_email(shop.owner)
    except ValidationError:
        return [Fault("/owner", repr(shop.owner), "an e-mail address")]
    return []


def _password_faults(shop: NewShop) -> list[Fault]:
    try:
        validate_password(shop.password, get_user_model()(username=shop.owner, email=shop.owner))
    except ValidationError as error:
        return [Fault("/password", "a password that is too easy", " ".join(error.messages))]
    return []


def _owner(shop: NewShop) -> None:
    get_user_model().objects.create_user(
        username=shop.owner, email=shop.owner, password=shop.password, is_staff=True, is_superuser=True
    )


def migrate() -> None:
    """Bring the tables up to this version; SQLite's file is copied beside itself first, if there is one."""
    if connection.vendor == "sqlite":
        path = settings.DANGOL.folder / "state.db"
        if path.exists() and path.stat().st_size:
            with (
                contextlib.closing(sqlite3.connect(path)) as state,
                contextlib.closing(sqlite3.connect(path.with_suffix(".before-upgrade.db"))) as copy,
            ):
                state.backup(copy)
    call_command("migrate", verbosity=0, interactive=False)
    recounting.after_upgrade()
