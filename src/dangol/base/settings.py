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
    allowed_hosts: str = setting("*", "host names the console answers to, separated by commas")
    trusted_proxies: str = setting("", "addresses whose X-Forwarded-For is believed, separated by commas")
    secure_cookies: bool = setting(False, "send cookies over https only; switch on behind TLS")
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR")
    log_format: str = setting("text", "text for people, json for machines")
    batch_size: int = setting(500, "facts the loop takes in one transaction")
    max_body_bytes: int = setting(5 * 1024 * 1024, "largest tracking request, after decompression")
    max_event_bytes: int = setting(256 * 1024, "largest single fact")
    max_batch_events: int = setting(2500, "facts in one batch")

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
