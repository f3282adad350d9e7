"""What starts the server: flag > environment > dangol.toml in the data folder > default. Read once."""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from dangol.base.errors import Misconfigured

FILE = "dangol.toml"


def setting(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its type, default and help; the environment name is DANGOL_ and the field in capitals."""

    data: str = setting("data", "the shop's data folder")
    database_url: str = setting("", "state database, e.g. postgresql://user@host/db; empty: SQLite in the data folder")
    base_url: str = setting("http://127.0.0.1:8000", "the address customers reach, used in every link that is sent")
    smtp_url: str = setting("", "smtp://user:password@host:587 (STARTTLS) or smtps://…:465; empty: the sandbox outbox")
    smtp_starttls: bool = setting(True, "refuse to send over a connection that STARTTLS did not secure")
    smtp_connections: int = setting(4, "connections to the mail server at a time, of each delivery worker")
    warm_up: int = setting(
        500,
        "marketing letters over smtp_url on a new sender's first day, doubled on each day of sending; 0: any",
    )
    receiving_rate: int = setting(
        1200, "letters a minute over smtp_url to one receiving domain, a sixtieth of it at once; 0: any"
    )
    domain_check: bool = setting(
        True, "marketing letters over smtp_url wait while the DNS of the sender's domain is unsound"
    )
    dkim_selector: str = setting("", "sign e-mail by DKIM under this selector; empty: the mail server signs or nobody")
    bounce_address: str = setting(
        "", "bounces@shop.example: where failures of e-mail are sent to, each to bounces+mark@; empty: to the sender"
    )
    email_provider: str = setting("", "who takes e-mail instead of smtp_url: brevo, mailgun, postmark, sendgrid or ses")
    email_api_key: str = setting("", "the e-mail provider's key or server token")
    email_domain: str = setting("", "Mailgun: the sending domain, where it is not that of the sender's address")
    email_webhook_secret: str = setting("", "name:password in the address that the e-mail provider reports to")
    email_signing_key: str = setting("", "Mailgun: webhook signing key; SendGrid: webhook verification key")
    sms_provider: str = setting("", "who takes text messages: solapi or twilio; empty: the sandbox outbox")
    kakao_provider: str = setting("", "who takes Kakao messages: solapi; empty: the sandbox outbox")
    sms_sender: str = setting("", "the registered number that text messages come from, or a Twilio service (MG…)")
    sms_refusal_number: str = setting("", "the free 080 number on which advertising is refused in Korea")
    kakao_channel: str = setting("", "the Kakao channel's id with the provider (pfId)")
    solapi_key: str = setting("", "Solapi: API key")
    solapi_secret: str = setting("", "Solapi: API secret")
    solapi_webhook_secret: str = setting("", "Solapi: the secret of the webhook that reports to /hooks/solapi")
    twilio_account: str = setting("", "Twilio: account SID")
    twilio_token: str = setting("", "Twilio: auth token")
    webpush_contact: str = setting("", "mailto: address by which push services reach you; empty: the sandbox outbox")
    webhooks: bool = setting(False, "call the webhooks of campaigns; otherwise they stay in the sandbox outbox")
    message_prices: str = setting("", "what a message costs: sms=20 KRW, lms=50 KRW, alimtalk=8 KRW …")
    imap_url: str = setting("", "imaps://user:password@host/INBOX: the box in which such failures arrive")
    allowed_hosts: str = setting("*", "host names the console answers to, separated by commas")
    trusted_proxies: str = setting("", "addresses whose X-Forwarded-For is believed, separated by commas")
    private_hosts: str = setting(
        "", "hosts or host:port in your own network that shop connections may call, separated by commas"
    )
    secure_cookies: bool = setting(False, "send cookies over https only; switch on behind TLS")
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR")
    log_format: str = setting("text", "text for people, json for machines")
    batch_size: int = setting(2_000, "facts the loop takes in one transaction, at most")
    blocked_identifiers: str = setting("", "identifiers that mean nobody in this shop, separated by commas")
    reserve_mb: int = setting(64, "megabytes kept free for what must work on a full disk, at most a twentieth of it")
    max_body_bytes: int = setting(5 * 1024 * 1024, "largest tracking request, after decompression")
    max_upload_bytes: int = setting(2 * 1024**3, "largest upload of files to import in the console")
    max_event_bytes: int = setting(256 * 1024, "largest single fact")
    max_batch_events: int = setting(2500, "facts in one batch")
    warehouse_url: str = setting(
        "",
        "where rules over all history run: clickhouse://…, postgresql://… or sc://host:port; empty: DuckDB",
    )
    warehouse_seconds: int = setting(600, "how long one question to the warehouse may take")

    @property
    def folder(self) -> Path:
        return Path(self.data)

    @property
    def secret(self) -> bytes:
        return read_secret(self.folder)


def load(**flags: Any) -> Settings:
    """Settings from flags, environment and file, in that order; a wrong value is refused by name."""
    data = str(flags.get("data") or os.environ.get("DANGOL_DATA") or "data")
    given = _from_file(Path(data) / FILE) | _from_environment() | {k: v for k, v in flags.items() if v is not None}
    given["data"] = data
    known = {f.name: f for f in fields(Settings)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise Misconfigured(f"{Path(data) / FILE}: unknown setting {unknown[0]!r}; known are {', '.join(known)}")
    return Settings(**{name: _typed(name, value, known[name].default) for name, value in given.items()})


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path}: {error}") from error


def _from_environment() -> dict[str, Any]:
    names = {f.name: f"DANGOL_{f.name.upper()}" for f in fields(Settings)}
    return {name: os.environ[env] for name, env in names.items() if env in os.environ}


def _typed(name: str, value: Any, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return value if isinstance(value, bool) else _BOOLEANS[str(value).lower()]
        return type(default)(value)
    except (KeyError, ValueError) as error:
        raise Misconfigured(f"setting {name}: found {value!r}; allowed: {_ALLOWED[type(default)]}") from error


_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_ALLOWED = {bool: "true or false", int: "a whole number", str: "text"}


@lru_cache(maxsize=8)
def read_secret(folder: Path) -> bytes:
    """The shop's own 32 random bytes, made on first use: they sign links and sessions. Losing them voids sent links."""
    path = folder / "secret.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()
