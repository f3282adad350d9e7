"""A shop in a test's hands: facts go through the real log and the real loop, at the clock's instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from dangol import loop
from dangol.base.clock import SetClock, to_us
from dangol.base.instants import iso
from dangol.collect import steps as collect
from dangol.collect.log import Entry, open_log
from dangol.deliver import steps as deliver
from dangol.identity import steps as identity


class Kit:
    """Tracks, identifies, lets time pass."""

    def __init__(self, folder: Path, clock: SetClock) -> None:
        self.clock = clock
        self.log = open_log(folder)
        collect.use_log(self.log)
        self._count = 0

    def close(self) -> None:
        collect.use_log(None)
        self.log.close()

    def send(self, event: dict[str, Any], *, source: str = "site", imported: bool = False) -> int | None:
        self._count += 1
        event.setdefault("messageId", f"m{self._count}")
        event.setdefault("timestamp", iso(self.clock.now()))
        body = msgspec.json.encode(event)
        entry = Entry(source, event["messageId"], to_us(self.clock.now()), body, imported)
        return self.log.append([entry])[0]

    def track(
        self, user: str, event: str, properties: dict[str, Any] | None = None, at: datetime | None = None, **more: Any
    ) -> None:
        imported = more.pop("imported", False)
        self.send(
            {
                "type": "track",
                "userId": user,
                "event": event,
                "properties": properties or {},
                "timestamp": iso(at or self.clock.now()),
                **more,
            },
            imported=imported,
        )

    def identify(self, user: str, traits: dict[str, Any], at: datetime | None = None, **more: Any) -> None:
        self.send(
            {"type": "identify", "userId": user, "traits": traits, "timestamp": iso(at or self.clock.now()), **more}
        )

    def consent(self, user: str, state: str = "granted", channel: str = "email") -> None:
        self.track(
            user, "Consent Changed", {"channel": channel, "purpose": "marketing", "state": state, "basis": "explicit"}
        )

    def order(self, user: str, order_id: str, revenue: float | str, at: datetime | None = None, **more: Any) -> None:
        self.track(user, "Order Completed", {"order_id": order_id, "revenue": revenue, "products": []}, at, **more)

    def run(self) -> None:
        """Everything that is due at this instant, messages included."""
        while True:
            loop.settle(self.log, self.clock)
            if not deliver.work(self.clock, 100):
                return

    def pass_time(self, by: timedelta, step: timedelta | None = None) -> None:
        """Let time pass, turning the loop at every step."""
        end = self.clock.now() + by
        step = step or by
        while self.clock.now() < end:
            self.clock.set(min(self.clock.now() + step, end))
            self.run()

    def customer(self, user: str) -> int:
        found = identity.find("userId", user)
        assert found is not None, f"no customer has the userId {user}"
        return found
