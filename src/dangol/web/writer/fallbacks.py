"""What to write so that a value which is not there leaves no hole in a sentence."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

INSTEAD: dict[str, Any] = {  # the last part of a value's name → what may stand in its place
    "first_name": _("there"),
    "last_name": _("there"),
    "name": _("there"),
    "title": _("your item"),
}


def suggested(name: str) -> str:
    """The value with a fallback behind it, as it is written in a template."""
    owner, _dot, last = name.rpartition(".")
    words = INSTEAD.get("title" if last == "name" and owner not in {"customer", "person", ""} else last, "…")
    quote = '"' if "'" in str(words) else "'"
    return f"{{{{ {name} | default: {quote}{words}{quote} }}}}"
