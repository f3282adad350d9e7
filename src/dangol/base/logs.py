"""Logs: one line an event, for people or for machines, without secrets and without line breaks from outside."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from dangol.base.settings import Settings


class Plain(logging.Formatter):
    """time level name: message, with control characters of the message made visible."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{at} {record.levelname.lower():7} {record.name}: {_one_line(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def set_up(settings: Settings) -> None:
    """Send every logger to standard error in the form the settings ask for."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if settings.log_format == "json" else Plain())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    logging.getLogger("django.request").setLevel(logging.ERROR)
