"""What rendering a draft gives."""

from __future__ import annotations

from dataclasses import dataclass

from dangol.deliver.messages import Message
from dangol.deliver.render import Rendered

NOWHERE = "nobody@invalid.invalid"  # until the gate names the address


@dataclass(frozen=True, slots=True)
class Finished:
    """What the ledger keeps of a message, and the message itself."""

    rendered: Rendered
    message: Message
