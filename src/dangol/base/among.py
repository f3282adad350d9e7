"""`column__among={numbers}`: whether a number is one of many, asked with one parameter however many they are.

Django's own `__in` prepares each value by itself and makes a statement of its own for each count of them; where some
thousand customers are asked about several things that took a fifth of the time.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any

import msgspec
from django.db.models import Lookup

if TYPE_CHECKING:
    Asked = Lookup[Any]
else:
    Asked = Lookup


class Among(Asked):
    """One of some whole numbers, on SQLite and PostgreSQL."""

    lookup_name = "among"
    rhs: Set[int]  # of a list Django would look at every number

    def get_prep_lookup(self) -> Set[int]:
        return self.rhs

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        told = msgspec.json.encode(sorted(self.rhs)).decode()
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, told]  # noqa: S608 - a column

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::bigint[])", [*params, sorted(self.rhs)]
