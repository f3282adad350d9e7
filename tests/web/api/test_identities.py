"""Who is who over the API: a merge with its reason, and the way back."""

from __future__ import annotations

import pytest

from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(open_shop: Kit) -> list[str]:
    """Two customers, each with an order of their own."""
    for name in ("ann", "bob"):
        open_shop.order(name, f"order of {name}", 10)
    open_shop.run()
    return [str(open_shop.customer(name)) for name in ("ann", "bob")]


def orders(program: Program, customer: str) -> int:
    return program.get(f"/api/customers/{customer}").body["figures"]["orders"]


def test_two_customers_become_one_and_two_again(program: Program, open_shop: Kit, two: list[str]) -> None:
    joined = program.post("/api/identity/merge", {"customers": two})
    assert (joined.status, joined.body) == (200, {"customer": two[0]})
    assert orders(program, two[1]) == orders(program, two[0]) == 2
    open_shop.order("bob", "later", 10)
    open_shop.run()
    assert orders(program, two[0]) == 3
    (merge,) = program.get(f"/api/identity/merges?customer={two[0]}").body["items"]
    assert (merge["survivor"], merge["absorbed"], merge["reason"], merge["undone_at"]) == (*two, "staff", None)
    parted = program.post("/api/identity/unmerge", {"merge": merge["id"]})
    assert (parted.status, parted.body) == (200, {"customers": two})
    assert [orders(program, one) for one in two] == [1, 2], "an order from after the merge goes to who placed it"
    (merge,) = program.get("/api/identity/merges").body["items"]
    assert merge["undone_at"] is not None


def test_a_merge_is_undone_by_who_was_absorbed_too(program: Program, two: list[str]) -> None:
    program.post("/api/identity/merge", {"customers": two})
    assert program.post("/api/identity/unmerge", {"customer": two[1]}).status == 200
    again = program.post("/api/identity/unmerge", {"customer": two[1]})
    assert (again.status, two[1] in again.body["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("merge", {"customers": ["1", "x"]}, 422),
        ("merge", {"customers": ["1"]}, 422),
        ("merge", {"customers": ["999999", "999998"]}, 404),
        ("unmerge", {}, 422),
        ("unmerge", {"merge": "1", "customer": "1"}, 422),
        ("unmerge", {"merge": "999999"}, 404),
        ("unmerge", {"merge": "99999999999999999999"}, 422),
    ],
)
def test_what_cannot_be_done_is_explained(
    program: Program, open_shop: Kit, path: str, body: dict[str, object], status: int
) -> None:
    assert program.post(f"/api/identity/{path}", body).status == status


def test_one_customer_is_not_merged_with_itself(program: Program, two: list[str]) -> None:
    program.post("/api/identity/merge", {"customers": two})
    assert program.post("/api/identity/merge", {"customers": two}).status == 422
