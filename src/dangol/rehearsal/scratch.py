"""A shop that lives as long as a test: a folder of its own, an embedded database, the sandbox for a channel."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def shop() -> Iterator[Path]:
    """Set Django up over a fresh folder, before anything else has; the shop's own settings are left out of it."""
    for name in [name for name in os.environ if name.startswith("DANGOL_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="dangol-scratch-") as folder:
        os.environ["DANGOL_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
        import django  # noqa: PLC0415 - only now is it known over which folder

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")  # nothing of it stays
        call_command("migrate", verbosity=0, interactive=False)
        yield Path(folder)
        connection.close()
