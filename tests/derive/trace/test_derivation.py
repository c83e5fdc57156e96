"""Derivations: every line is true at random sizes, every line of a file that is named exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sympy

from closedform import formula as w
from closedform.api import load, loads, zoo
from closedform.derive.cost import tree as cost
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.measures.lookup import measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.numbers import settle
from closedform.derive.trace import lines
from closedform.derive.trace.lines import Said, Step, nodes_of, same
from closedform.derive.trace.passages import Passage, Walk
from closedform.derive.trace.walk import walk
from closedform.errors import ClosedformError, Span
from closedform.projects import open_project, report_of
from derivations import Evaluator, number, random_sizes
from helpers import GOOD, TESTS, ZOO, Golden, cases, programs

FILES = cases(programs(ZOO, 20), share=3)
ELEMENTWISE = ("addition", "product", "quotient")
SEEDS = (1, 2, 3)


def parts(path: Path) -> Iterator[tuple[Project, Entity]]:
    project = open_project(str(path))
    for entity in project.parts():
        yield project, entity


def settled(derivation: Derivation, seed: int) -> dict[Any, Any]:
    return random_sizes(derivation, seed)


class Numbers:
    """The passages of one closed form at one choice of its sizes."""

    def __init__(self, closed: Closed, passages: Sequence[Passage], seed: int) -> None:
        derivation = closed.derivation
        self.known = derivation.known
        self.values = settled(derivation, seed)
        sizes: dict[tuple[str, str | None], Any] = {}
        for symbol in [*self.values, *self.known.spelled]:
            value = self.value(symbol)
            stem, _, index = symbol.name.rpartition("_")
            sizes[symbol.name, None] = value
            sizes[stem, index] = value
        for passage in passages:
            for family, start in passage.frame.start.items():
                sizes[family, str(passage.frame.stages[0] - 1)] = self.value(start)
        for name, start in closed.starts().items():
            family, _, index = name.rpartition("_")
            sizes[family, index] = self.value(start)
        self.evaluator = Evaluator(sizes, {})

    def value(self, expr: Any) -> Any:
        return number(self.known.base(expr).xreplace(self.values))

    def passage(self, passage: Passage) -> int:
        """Check the lines of a passage at each of its stages; gives how many were checked."""
        frame, checked = passage.frame, 0
        assert isinstance(passage.subject, w.Function)
        (symbol,) = passage.subject.arguments
        assert isinstance(symbol, w.Symbol)
        last = passage.steps[-1].right

        def cost(evaluator: Evaluator, index: str | None) -> Any:
            labels = (symbol.index or "").split(",")
            given = (index or "").split(",")
            inner = evaluator
            for label, at in zip(labels, given, strict=True):
                value = at if at.isdigit() else evaluator.indices.get(at)
                if label and not label.isdigit() and value is not None:
                    inner = inner.inside(label, int(value))
            return inner(last)

        for stage in frame.stages if frame.index else (None,):
            steps = [
                *passage.steps,
                *(step for part in (*passage.parts, *passage.again) for step in part.steps),
            ]
            evaluator = self.evaluator if stage is None else (
                self.evaluator.inside(frame.index, stage))  # fmt: skip
            for step in steps:
                left, right = step.left_value, step.right_value
                if stage is not None:
                    left, right = frame.at(left, stage), frame.at(right, stage)
                free = self.steps(left, right)
                for choice in free:
                    inner = evaluator
                    for index, at in choice.items():
                        inner = inner.inside(index.name, int(at))
                    one, two = (self.value(side.xreplace(choice)) for side in (left, right))
                    assert one == two, (passage.name, w.plain(step.right))
                    self.printed(step, inner, two)
                    checked += 1
        single = (symbol.index or "").isdigit()
        self.evaluator.costs[symbol.name, symbol.index if single else None] = cost
        return checked

    def steps(self, *sides: Any) -> list[dict[Any, Any]]:
        """Values for the index of a loop of steps, where a line has one."""
        free = set().union(*(self.known.base(side).free_symbols for side in sides))
        open_ = sorted(free - self.values.keys(), key=str)
        return [dict.fromkeys(open_, sympy.Integer(at)) for at in (1, 2, 5)] if open_ else [{}]

    @staticmethod
    def printed(step: Step, evaluator: Evaluator, expected: Any) -> None:
        """What is printed must have the value too, unless in the names of a declaration."""
        try:
            value = number(evaluator(step.right))
        except KeyError:
            told = [part.text for part in step.reason if isinstance(part, Said)]
            places = ("definition of", "as declared", "formula of")
            assert any(place in text for place in places for text in told), w.plain(step.right)
            return
        assert value == expected, (w.plain(step.right), value, expected)


def checked_lines(found: Walk, seed: int) -> int:
    """Check every line, those of blocks in their own sizes at sizes of their own."""
    forms = {id(passage.form): passage.form for passage in found.passages}
    numbers = {
        key: Numbers(form, [p for p in found.passages if p.form is form], seed)
        for key, form in forms.items()
    }
    checked = 0
    for passage in found.passages:
        checked += numbers[id(passage.form)].passage(passage)
        if passage.form is not found.form:  # another block may have the same sizes
            for other in numbers.values():
                costs = numbers[id(passage.form)].evaluator.costs
                other.evaluator.costs = {**costs, **other.evaluator.costs}
    return checked


@pytest.mark.parametrize("what", ["macs", "params", "flops"])
@pytest.mark.parametrize("path", cases(programs(ZOO, 20), share=3))
def test_every_line_is_true(path: Path, what: str) -> None:
    checked = 0
    for project, entity in parts(path):
        closed = project.closed(entity, measure(what))
        found = walk(closed)
        assert sympy.expand(found.passages[-1].value - closed.expr) == 0
        checked += sum(checked_lines(found, seed) for seed in SEEDS)
    assert checked > 0


CONVENTION = """

convention everything in FLOPs  "each kind of rule there is":
    mac: 2
    exp: 1/3
    others: 1
    kind layernorm, batchnorm: 5*size(x)
    kind conv: 2*mac + add
    kind einsum: 3*mac + mul
    kind softmax, gelu: max(4*size(x), 7)
    kind elementwise:
        add: 2
    kind rearrange: 1
"""


@pytest.mark.parametrize("name", cases(["vit", "swin", "mobilenet_v2"]))
def test_every_line_is_true_under_a_convention_of_the_file(name: str) -> None:
    """Weights, and formulas of operations that are declared and of those of the language."""
    path = ZOO / f"{name}.arch"
    project, checked, told = loads(path.read_text("utf-8") + CONVENTION, ZOO)._project, 0, set()
    for entity in project.parts():
        closed = project.closed(entity, project.measure("flops", "everything"))
        found = walk(closed)
        assert sympy.expand(found.passages[-1].value - closed.expr) == 0
        checked += checked_lines(found, 1)
        steps = [s for p in found.passages for part in p.parts for s in part.steps]
        told |= {part.text for s in steps for part in s.reason if isinstance(part, Said)}
    assert checked > 0
    assert "formula of {kind} in the convention {name}, line {line} of {file}" in told


def test_a_wrong_line_is_noticed() -> None:
    closed = zoo("vit").macs._closed
    found = walk(closed)
    numbers = Numbers(closed, found.of_the_whole, 1)
    step = found.of_the_whole[0].steps[-1]
    value = numbers.value(step.right_value)
    numbers.printed(step, numbers.evaluator, value)
    with pytest.raises(AssertionError):
        numbers.printed(step, numbers.evaluator, value + 1)


def test_the_closed_form_of_a_passage_is_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a search for formulas walks all of a file's tree, passage by passage."""
    seen: set[type] = set()

    def noted(part: Any) -> Any:
        seen.add(type(part))
        return fields(part)

    monkeypatch.setattr(lines, "fields", noted)
    found = nodes_of(walk(zoo("vit").macs._closed))
    assert {"N", "D"} <= {node.name for node in found if isinstance(node, w.Symbol)}
    assert seen >= {Walk, Passage, Step}
    assert not seen & {Closed, Derivation, Span}


@pytest.mark.parametrize("path", FILES)
def test_every_named_line_exists(path: Path) -> None:
    for project, entity in parts(path):
        for passage in walk(project.closed(entity, measure("macs"))).passages:
            text = passage.span.source.text.split("\n")[passage.span.line - 1]
            word = {"stage": "for", "step": "for"}.get(passage.kind, passage.name.split("_")[0])
            assert word in text
            for part in (*passage.parts, *passage.again):
                for line in part.lines:
                    source = passage.span.source.text.split("\n")[line - 1]
                    name = part.name.text if isinstance(part.name, Said) else part.name
                    assert name in source or name in ELEMENTWISE


@pytest.mark.parametrize("what", ["macs", "params"])
@pytest.mark.parametrize("path", FILES)
def test_nothing_is_passed_over(path: Path, what: str) -> None:
    """Fails when an operation of a block is in no line of its derivation."""
    for project, entity in parts(path):
        told: set[tuple[str, str, int]] = set()
        for passage in walk(project.closed(entity, measure(what))).passages:
            for part in (*passage.parts, *passage.again, *passage.quiet):
                name = part.name.text if isinstance(part.name, Said) else part.name
                told |= {(passage.span.source.name, name, line) for line in part.lines}
        waiting: list[cost.Node] = [project.derivation(entity).root]
        while waiting:
            for site in cost.children(waiting.pop()):
                place = site.span.source.name, getattr(site.node, "name", ""), site.span.line
                if isinstance(site.node, cost.Operation):
                    assert place in told
                elif place not in told:
                    waiting.append(site.node)


OF_PRESETS = {"vit": "ViT-B/16", "pvt": "PVT-Small", "densenet": "DenseNet-121"}


@pytest.mark.parametrize("name", cases([*OF_PRESETS]))
def test_the_numbers_of_a_preset(name: str) -> None:
    file, preset = zoo(name), OF_PRESETS[name]
    text = file.derivation(preset=preset, to="text")
    assert str(file.macs.at(preset)) in text


def test_what_is_settled_without_numbers() -> None:
    project = open_project("vit")
    settle(project.derivation(project.part("ViT")), {})


def test_a_preset_of_another_model_is_refused() -> None:
    with pytest.raises(ClosedformError, match="not one of"):
        zoo("vit")["MLP"].derivation(preset="ViT-B/16")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ClosedformError, match="no format `docx`"):
        zoo("vit").derivation(to="docx")


def test_stages_alike_are_told_once() -> None:
    found = walk(zoo("pvt").macs._closed)
    told = [(p.kind, p.name, p.frame.stages) for p in found.passages if p.kind == "stage"]
    assert told == [("stage", "stage", (1, 2, 3)), ("stage", "stage", (4,))]
    named = [p.name for p in found.passages if p.kind != "use"]
    assert named == ["SRA", "MLP", "stage", "SRA_2", "stage", "PVT"]


LISTS = {
    "at an offset": "        b = param([27*D[s + 2], D[s + 2]])\n",
    "whole in each stage": "        x = x -> linear(D[4]) -> linear(D[5]*K[s]) -> linear(n)\n",
}


@pytest.mark.parametrize("body", LISTS.values(), ids=LISTS)
def test_stages_are_alike_in_lists_of_others(body: str, tmp_path: Path) -> None:
    """Fails when each stage is told because it reads a list at an offset, or whole."""
    file = tmp_path / "lists.arch"
    file.write_text(
        f"dim n\ndim D[5]\ndim K[3]\n\nmodel M(x: [n]):\n    for s in 1..3:\n{body}    return x\n"
    )
    (project, entity), *_ = parts(file)
    closed = project.closed(entity, measure("params"))
    found = walk(closed)
    assert [p.frame.stages for p in found.passages if p.kind == "stage"] == [(1, 2, 3)]
    for seed in SEEDS:
        assert checked_lines(found, seed)
    rows = report_of(project, "M", measures=("params",)).parts
    assert [row.stages for row in rows if row.kind == "stage"] == [(("s", 1, 3),)]


@pytest.mark.slow
def test_what_enters_a_loop_enters_no_step_of_a_loop_in_it() -> None:
    """Fails when A_1 = 3 is told, which is true before the first step of the outer loop only."""
    found = walk(load(GOOD / "for_each.arch")["Stages"].macs._closed)
    starts = [passage.frame.starts for passage in found.passages]
    assert {name for start in starts for name in start} == {"A_0", "S_0"}


@pytest.mark.parametrize("to", ["md", "fragment", "text"])
def test_the_derivation_of_vit(to: str, golden: Golden) -> None:
    text = zoo("vit").derivation(preset="ViT-B/16", to=to)
    golden.compare(TESTS / "golden" / f"vit_derivation.{to}.txt", text)


def test_the_last_form_is_reached_in_steps() -> None:
    """Fails when a line only swaps factors, or factors are taken out with nothing between."""
    mlp = zoo("vit")["MLP"].derivation(to="text")
    assert "    MACs(linear) = d hidden    (size(x) = hidden, out = d)\n  nothing" in mlp
    text = zoo("vit").derivation(to="text")
    assert (
        "    MACs(EncoderLayer) = MACs(SelfAttention) + MACs(MLP)    (the sum of its operations)\n"
        "      = 2 n d (2 d + n) + 2 n d hidden    (put in)\n"
        "      = 4 n d^2 + 2 n d hidden + 2 n^2 d    (terms collected)\n"
        "      = 2 n d (2 d + hidden + n)    (common factors taken out)\n"
    ) in text


@pytest.mark.parametrize("path", FILES)
def test_no_line_repeats_the_one_before(path: Path) -> None:
    for project, entity in parts(path):
        for passage in walk(project.closed(entity, measure("macs"))).passages:
            for steps in (passage.steps, *(part.steps for part in passage.parts)):
                for before, step in pairwise(steps):
                    assert step.subject is not None or not same(before.right, step.right)
