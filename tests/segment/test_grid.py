"""The grid of `rfm` leaves no gap and has no overlap."""

from __future__ import annotations

from dangol.segment.grid import CELLS, FEWEST, OLDEST_DAYS


def test_every_place_of_the_grid_is_in_one_cell() -> None:
    for r in range(1, 6):
        for f in range(1, 6):
            found = [name for name, c in CELLS.items() if c.r[0] <= r <= c.r[1] and c.f[0] <= f <= c.f[1]]
            assert len(found) == 1, (r, f, found)


def test_the_documents_tell_the_same_grid(repository_docs: str) -> None:
    for r in range(1, 6):
        names = [n for f in range(1, 6) for n, c in CELLS.items() if c.r[0] <= r <= c.r[1] and c.f[0] <= f <= c.f[1]]
        [row] = [line for line in repository_docs.splitlines() if line.startswith(f"| {r} |")]
        assert row.endswith("| " + " | ".join(f"`{name}`" for name in names) + " |")
        assert r == 1 or f"up to {OLDEST_DAYS[r]}d" in row
    assert FEWEST == {1: 1, 2: 2, 3: 3, 4: 5, 5: 8}
