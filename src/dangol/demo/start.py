"""`dangol demo`: build the shop if there is none, serve it, and let visitors in."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dangol import serve
from dangol.base import logs
from dangol.base.clock import SystemClock
from dangol.base.errors import Conflict, DangolError
from dangol.base.process import die_with_parent, sole_holder
from dangol.base.settings import Settings

FILE = "demo.json"  # the demo's own sign-in and keys: what a real shop never writes down
BUILDING = "demo.building"  # stands while the shop is built: one that was cut short is begun again
STORES = ("state.db", "log.db")


def run(settings: Settings, host: str, port: int, seed: int) -> None:
    """Serve the demo until it is stopped. Raises Conflict where the folder holds a shop that is no demo."""
    folder = settings.folder
    with sole_holder(folder):
        told = _known(folder)
        if told is None:
            told = _built(folder, seed)
        else:
            _bring_up_to_date(folder)
        told["base_url"] = f"http://{host}:{port}"
        _write(folder / FILE, told)
    visitors: list[subprocess.Popen[bytes]] = []

    def ready(address: str) -> None:
        print("\n".join(welcome(told, address)), flush=True)
        visitors.append(_let_in(folder, int(told["seed"])))
        visitors[0].wait()  # a child dies with the thread that started it, so this one stays

    try:
        serve.serve(settings, host, port, ready)
    finally:
        for process in visitors:
            process.terminate()


def _known(folder: Path) -> dict[str, Any] | None:
    """What is known of an earlier demo in this folder; None where there is no shop. Clears away half a one."""
    building = folder / BUILDING
    if building.exists():
        for path in [path for store in STORES for path in folder.glob(f"{store}*")]:
            path.unlink()
        building.unlink()
    try:
        told: dict[str, Any] = json.loads((folder / FILE).read_text())
    except FileNotFoundError:
        if (folder / STORES[0]).exists():
            raise Conflict(f"{folder} holds a shop that is no demo; choose another folder with --data") from None
        return None
    return told


def _bring_up_to_date(folder: Path) -> None:
    """An earlier demo may be an older Dangol's. In a process of its own, as a demo is built."""
    from django.db import connection  # noqa: PLC0415 - Django is set up by the command

    from dangol.base import versions  # noqa: PLC0415

    behind = versions.behind()
    connection.close()
    if behind:
        subprocess.run([sys.executable, "-m", "dangol", "upgrade", "--data", str(folder)], check=True)  # noqa: S603


def _built(folder: Path, seed: int) -> dict[str, Any]:
    """Build in a process of its own: threads of the column engines would not survive the server's fork."""
    built = subprocess.run([sys.executable, "-m", "dangol.demo.start", str(seed)], check=False)  # noqa: S603
    if built.returncode:
        raise DangolError(f"the demo shop could not be built in {folder}")
    told: dict[str, Any] = json.loads((folder / FILE).read_text())
    return told


def build(settings: Settings, seed: int) -> None:
    """The building process: a shop, and the file that says how to sign in."""
    from dangol.demo import shop  # noqa: PLC0415 - Django is set up by main()

    password = "-".join(secrets.token_hex(2) for _ in range(4))
    building = settings.folder / BUILDING
    building.touch()
    with _shown_progress() as progress:
        keys = shop.build(settings, shop.Plan(now=SystemClock().now(), seed=seed, password=password), progress)
    told = {
        "email": shop.OWNER, "password": password, "seed": seed,
        "write_key": keys.write_key, "api_key": keys.api_key,
    }  # fmt: skip
    _write(settings.folder / FILE, told)
    building.unlink()


def _write(path: Path, told: dict[str, Any]) -> None:
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(told, file, indent=1)
    new.replace(path)


@contextmanager
def _shown_progress() -> Iterator[Callable[[str, int, int | None], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield step


def welcome(told: dict[str, Any], address: str) -> list[str]:
    """What a visitor of the demo should know."""
    return [
        f"ready {address}",
        "",
        f"  Sign in at {address}",
        f"    e-mail    {told['email']}",
        f"    password  {told['password']}",
        "",
        "  Real: the orders. An extract of UCI Online Retail (Chen 2015, CC BY 4.0), moved in time so that it ends on",
        "  the day this demo was built. Invented: all names and addresses, and everything else that visitors do, live",
        "  and in the weeks before. No message leaves this machine: the sandbox outbox holds them.",
        "",
    ]


def _let_in(folder: Path, seed: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dangol.demo.visitors", str(folder), str(seed)]
    return subprocess.Popen(command)  # noqa: S603 - our own module


def main(seed: str) -> None:
    """A child process: builds the shop of DANGOL_DATA."""
    die_with_parent()
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    import django  # noqa: PLC0415 - only this process needs it

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    logs.set_up(settings.DANGOL)
    build(settings.DANGOL, int(seed))


if __name__ == "__main__":
    main(sys.argv[1])
