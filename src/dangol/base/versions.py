"""Whether the tables of a shop are of this version of Dangol, an older or a newer one."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder


def behind() -> bool:
    """Whether an older Dangol wrote the tables: they are to be brought up to date."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def ahead() -> bool:
    """Whether a newer Dangol wrote the tables."""
    loader = MigrationExecutor(connection).loader
    applied = MigrationRecorder(connection).applied_migrations()
    return bool({key for key in applied if key[0] in loader.migrated_apps} - set(loader.disk_migrations))
