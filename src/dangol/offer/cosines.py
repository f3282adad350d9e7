"""What goes with what: cosines between products over the customers who had both (item-item, Sarwar et al. 2001).

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

MOST_NEIGHBOURS = 50
AT_ONCE = 512  # products whose cosines are held at a time: 512 x 20,000 doubles are 80 MB at worst


def neighbours(customers: Sequence[int], products: Sequence[int], count: int) -> list[list[tuple[int, float]]]:
    """For each of `count` products those that go with it best, as (product, cosine), the best first.

    `customers` and `products` are pairs: who had what, each pair as often as it likes; products from 0 on.
    """
    if not customers:
        return [[] for _ in range(count)]
    had = _had(np.asarray(customers, dtype=np.int64), np.asarray(products, dtype=np.int64), count)
    norms = np.sqrt(np.asarray(had.sum(axis=0)).ravel())
    norms[norms == 0] = 1.0
    unit = had @ sparse.diags(1.0 / norms)
    unit = sparse.csc_matrix(unit)
    found: list[list[tuple[int, float]]] = []
    for start in range(0, count, AT_ONCE):
        some = sparse.csr_matrix(unit[:, start : start + AT_ONCE].T @ unit)
        found += [_best(some, row, start + row) for row in range(some.shape[0])]
    return found


def _had(customers: NDArray[np.int64], products: NDArray[np.int64], count: int) -> sparse.csr_matrix:
    """Customers x products: 1 where somebody had it."""
    known, rows = np.unique(customers, return_inverse=True)
    had = sparse.csr_matrix((np.ones(len(rows)), (rows, products)), shape=(len(known), count))
    had.data[:] = 1.0
    return had


def _best(cosines: sparse.csr_matrix, row: int, product: int) -> list[tuple[int, float]]:
    first, last = cosines.indptr[row], cosines.indptr[row + 1]
    others, values = cosines.indices[first:last], cosines.data[first:last]
    keep = others != product
    others, values = others[keep], values[keep]
    if len(values) > MOST_NEIGHBOURS:
        top = np.argpartition(-values, MOST_NEIGHBOURS)[:MOST_NEIGHBOURS]
        others, values = others[top], values[top]
    order = np.lexsort((others, -values))
    return [(int(others[one]), round(float(values[one]), 4)) for one in order]
