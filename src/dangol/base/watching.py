"""Whether anybody else has written to the state, so that whoever has nothing to do need not look what there is."""

from __future__ import annotations

from django.db import connection


class Watch:
    """SQLite tells for almost nothing that another connection has committed; of PostgreSQL the answer is always yes."""

    def __init__(self) -> None:
        self._version: int | None = None

    def changed(self) -> bool:
        """Whether something may have been written since this was asked last; the first time it may."""
        if connection.vendor != "sqlite":
            return True
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            version = int(cursor.fetchone()[0])
        before, self._version = self._version, version
        return before != version
