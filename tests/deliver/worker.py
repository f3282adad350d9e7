"""A delivery worker in a process of its own, which kills itself with -9 where it is told to. Run by test_crash.py."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence

import django

django.setup()

from dangol.base.clock import SetClock  # noqa: E402
from dangol.base.models import Shop  # noqa: E402
from dangol.deliver import channels, steps  # noqa: E402
from dangol.deliver.channels.email import Smtp  # noqa: E402
from dangol.deliver.letter import Letter  # noqa: E402
from dangol.deliver.models import Delivery  # noqa: E402
from dangol.deliver.outcomes import Outcome  # noqa: E402
from tests.deliver.post import customer, send  # noqa: E402


class Dying(Smtp):
    """SMTP that kills its process before or after the n-th hand-over."""

    def __init__(self, port: int, where: str, number: int) -> None:
        super().__init__(f"smtp://127.0.0.1:{port}", starttls=False)
        self._where, self._left = where, number

    def hand_over_many(self, letters: Sequence[tuple[Delivery, Letter]]) -> Iterator[Outcome]:
        for one in letters:
            self._left -= 1
            if self._where == "before" and self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            outcome = next(super().hand_over_many([one]))
            if self._where == "after" and self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            yield outcome


def prepare(clock: SetClock, customers: int) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    Shop.objects.create(name="Shop", timezone="Asia/Seoul", sender_email="hello@shop.example")
    for number in range(1, customers + 1):
        customer(number, clock.now())
        kind = "transactional" if number % 2 else "marketing"
        steps.plan([send(number, clock.now(), message_class=kind)], clock.now())


def main(verb: str, at: str, *arguments: str) -> None:
    clock = SetClock(django.utils.dateparse.parse_datetime(at))
    if verb == "prepare":
        prepare(clock, int(arguments[0]))
        return
    port, where, number = int(arguments[0]), arguments[1], int(arguments[2])
    channel = Dying(port, where, number)
    channels.CHANNELS["email"] = lambda settings: channel
    steps.recover(clock.now())
    while steps.work(clock, 10):
        pass


if __name__ == "__main__":
    import django.utils.dateparse

    main(*sys.argv[1:])
