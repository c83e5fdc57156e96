"""Values: what operations take was made before, in every program that is elaborated."""

from __future__ import annotations

from pathlib import Path

import pytest

from closedform import ClosedformError
from closedform.derive.cost.flow import Flow
from closedform.derive.cost.tree import (
    Cases,
    Choose,
    Operation,
    Repeat,
    Sequence,
    Site,
    Stages,
    Steps,
    Weights,
    nodes,
)
from closedform.derive.elaborate.derivation import Derivation
from closedform.projects import open_project
from helpers import GOOD, ZOO, cases, programs


class Check:
    """Walks the bodies of a derivation with the values that are known there."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def block(self, block: Sequence) -> None:
        known = set(block.flow.takes)
        self.body(block.body, known)
        self.known(block.flow.gives, known)

    def known(self, numbers: tuple[int, ...], known: set[int]) -> None:
        assert all(number < 0 or number in known for number in numbers)
        assert 0 not in numbers

    def body(self, sites: tuple[Site, ...], known: set[int]) -> None:
        for site in sites:
            node = site.node
            self.known(site.flow.takes, known)
            assert not known & {*site.flow.gives}
            match node:
                case Operation():
                    assert len(site.flow.takes) == len(node.inputs)
                    assert len(site.flow.gives) == len(node.outputs)
                case Sequence():
                    assert len(site.flow.takes) == len(node.flow.takes)
                    assert len(site.flow.gives) == len(node.flow.gives)
                    if id(node) not in self.seen:
                        self.seen.add(id(node))
                        self.block(node)
                case Repeat() | Steps() | Choose():
                    self.known(tuple(c.before for c in node.carried), known)
                    known |= {c.start for c in node.carried}
                    self.body(node.body, known)
                    self.known(tuple(c.end for c in node.carried), known)
                    known |= {c.after for c in node.carried}
                case Stages():
                    for body in node.bodies:
                        self.body(body, known)
                case Cases():
                    self.body(node.then, known)
                    self.body(node.otherwise, known)
                    self.known(tuple(j.then for j in node.joined), known)
                    self.known(tuple(j.otherwise for j in node.joined), known)
                    known |= {j.after for j in node.joined}
                case Weights():
                    self.body(node.body, known)
            known |= {*site.flow.gives}


@pytest.mark.parametrize("path", cases([*programs(ZOO, 20), *programs(GOOD, 40)], share=6))
def test_what_is_taken_was_made_before(path: Path) -> None:
    project = open_project(str(path))
    for entity in project.parts():
        try:
            found = project.derivation(entity)
        except ClosedformError:
            continue  # it is not to be derived alone
        Check().block(found.root)


def derivation(tmp_path: Path, text: str) -> Derivation:
    path = tmp_path / "m.arch"
    path.write_text(text)
    project = open_project(str(path))
    return project.derivation(next(e for e in project.parts() if e.name == "M"))


def test_a_block_that_is_used_twice_is_told_once(tmp_path: Path) -> None:
    found = derivation(
        tmp_path,
        """dim N

block Two(x: [n], y: [n]):
    return x + y, x

model M(x: [N]):
    a, b = Two(x, relu(x))
    c, d = Two(a, b)
    return c, d
""",
    )
    relu, first, second = found.root.body
    assert first.node is second.node
    two = first.node
    assert isinstance(two, Sequence)
    assert first.flow.takes == (*found.root.flow.takes, *relu.flow.gives)
    assert second.flow.takes == first.flow.gives
    assert found.root.flow.gives == second.flow.gives
    (add,) = two.body
    assert add.flow.takes == two.flow.takes
    assert two.flow.gives == (*add.flow.gives, two.flow.takes[0])


def test_loops_and_cases_hand_values_on(tmp_path: Path) -> None:
    found = derivation(
        tmp_path,
        """dim N
dim L
dim R

model M(x: [N]):
    y = zeros([N])
    repeat L:
        x = x + y
        y = x
    if R > 1:
        x = relu(x)
    return x
""",
    )
    repeat, case = (site.node for site in found.root.body)
    assert isinstance(repeat, Repeat)
    assert isinstance(case, Cases)
    x, y = repeat.carried
    (add,) = repeat.body
    assert (x.name, y.name) == ("x", "y")
    assert (x.before,) == found.root.flow.takes
    assert y.before < 0
    assert add.flow == Flow((x.start, y.start), (x.end,))
    assert y.end == x.end
    (joined,) = case.joined
    assert case.then[0].flow == Flow((x.after,), (joined.then,))
    assert joined.otherwise == x.after
    assert found.root.flow.gives == (joined.after,)


def test_a_block_that_is_handed_on_brings_its_tensors(tmp_path: Path) -> None:
    found = derivation(
        tmp_path,
        """dim N

block Add(x: [n], y: [n]):
    return x + y

block Apply(x: [n], f):
    return f(x)

model M(x: [N], y: [N]):
    return Apply(x, Add(y=y)) -> Apply(Add(y=x))
""",
    )
    x, y = found.root.flow.takes
    first, second = found.root.body
    assert first.flow.takes == (x, y)
    assert second.flow.takes == (*first.flow.gives, x)
    assert first.node is second.node
    assert {type(node) for node in nodes(found.root)} == {Sequence, Operation}
