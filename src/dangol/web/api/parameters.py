"""Parameters that many routes take."""

from __future__ import annotations

from typing import Annotated

from ninja import Path
from pydantic import AfterValidator

LARGEST = 2**63 - 1  # an id that every database holds


def _plain(text: str) -> str:
    """Databases keep no NUL in a text, so none can be asked for."""
    if "\x00" in text:
        raise ValueError("text without NUL")
    return text


Text = Annotated[str, AfterValidator(_plain)]
Key = Annotated[str, Path(max_length=64, pattern="^[a-z0-9-]+$", description="letters a to z, digits and hyphens")]
CustomerId = Annotated[int, Path(ge=1, le=LARGEST)]
RequestId = Annotated[int, Path(ge=1, le=LARGEST)]
ConversationId = Annotated[int, Path(ge=1, le=LARGEST)]
TaskId = Annotated[int, Path(ge=1, le=LARGEST)]
ActId = Annotated[int, Path(ge=1, le=LARGEST)]
