"""A table whose rows lie in the order of their primary key: on SQLite that is WITHOUT ROWID."""

from __future__ import annotations

from typing import Any

from django.db import migrations


class CreateClustered(migrations.CreateModel):
    """CreateModel for a table that is read in ranges of its composite primary key.

    PostgreSQL has no clustered tables; there the primary key's index serves, and CLUSTER can be run by hand.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        plain = schema_editor.sql_create_table
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.sql_create_table = plain + " WITHOUT ROWID"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
