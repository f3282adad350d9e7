"""A copy of all facts in columns, in the shop's data folder: derived, kept by itself, and good for reading everybody.

In: the rows of profile_fact. Out: files that DuckDB reads at once (reading.py), made and kept by keeping.py.
Promise: what a reading holds is what the file of customers held at one instant; without a good copy there is none,
and whoever asked reads the rows.
"""

from __future__ import annotations

FOLDER = "columns"
"""The folder below the shop's data folder."""
