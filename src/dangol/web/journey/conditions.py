"""What is waited for or asked, as controls: a fact with conditions, or a rule of the segment language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.web.builder.controls import Words
from dangol.web.journey.fields import Field, get

Json = Any
WHAT: Words = {"fact": _("a fact arrives"), "rule": _("a rule holds")}
WHERE_HINT = _("one on a line, such as  - {property: total, at_least: 50}")


def fields(path: str, shape: Json, *, matches: bool = False, what: str = "") -> list[Field]:
    """The controls of a condition whose words stand at a path."""
    word = what or ("rule" if get(shape, f"{path}.rule") is not None else "fact")
    chosen = Field(f"{path}.?", "choice", _("When"), WHAT, remakes=True, reads=word)
    if word == "rule":
        return [chosen, Field(f"{path}.rule", "rule", _("Rule"), stays=True)]
    found = [
        chosen,
        Field(f"{path}.fact", "text", _("Fact"), suggest="events", stays=True),
        Field(f"{path}.where", "yaml", _("Only where"), hint=WHERE_HINT),
    ]
    if matches:
        found.append(
            Field(f"{path}.match", "text", _("Same"), hint=_("a property such as cart_id: about the same thing"))
        )
    return found


def remake(shape: Json, word: str) -> Json:
    """A condition of the other kind, begun anew; everything that is no condition stays."""
    kept = {name: value for name, value in shape.items() if name not in ("fact", "where", "match", "rule")}
    return kept | ({"rule": {"event": "Order Completed"}} if word == "rule" else {"fact": "Order Completed"})
