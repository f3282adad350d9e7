"""A rehearsal's own process: the facts of a real shop happen again in a scratch shop.

    python -m dangol.rehearsal.replay FOLDER

FOLDER holds scene.json and facts.jsonl (see past.py). What was found is printed as one JSON object; how far it is goes
to standard error, in thousandths, a number on each line.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from dangol.rehearsal.scratch import shop as scratch_shop


def main(folder: Path) -> None:
    with scratch_shop() as data:
        from dangol.rehearsal.rehearsing import rehearse  # noqa: PLC0415 - only now does Django know its folder

        sys.stdout.buffer.write(msgspec.json.encode(rehearse(folder, data, _say)))


def _say(share: float) -> None:
    print(round(share * 1000), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
