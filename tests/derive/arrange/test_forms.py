"""Printed formulas: every form has the value of its expression, and reads as a person writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import closedform
from closedform import formula as w
from closedform.derive.arrange.forms import FORMS, expanded, shortest
from closedform.derive.arrange.writing import Order
from closedform.derive.measures.lookup import measure
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.symbols import size_symbol
from closedform.errors import ClosedformError
from closedform.projects import open_project
from derivations import Evaluator, number, random_sizes
from helpers import GOOD, ZOO, names
from helpers import programs as files
from programs import Program, programs

FILES = [*files(ZOO, 20), *files(GOOD, 40)]
STAGES = ("sum", "each")
SEEDS = (1, 2)


def formulas(path: Path) -> Iterator[Closed]:
    project = open_project(str(path))
    for entity in project.parts():
        try:
            yield from [project.closed(entity, measure(what)) for what in ("params", "macs")]
        except ClosedformError:
            continue  # a block that is given another has no formula by itself


def wrong(closed: Closed, seed: int) -> list[str]:
    """The forms of a formula that have another value than its expression at random sizes."""
    derivation = closed.derivation
    known, values = derivation.known, random_sizes(derivation, seed)

    def value(expr: Any) -> Any:
        return number(known.base(expr).xreplace(values))

    sizes: dict[tuple[str, str | None], Any] = {}
    for symbol in [*values, *known.spelled]:
        stem, _, index = symbol.name.rpartition("_")
        sizes[symbol.name, None] = sizes[stem, index] = value(symbol)
    for name, start in closed.starts.items():
        stem, _, index = name.rpartition("_")
        sizes[stem, index] = value(start)
    printed = Evaluator(sizes, {})
    expected = value(closed.expr)
    texts = []
    for form in FORMS:
        for stages in STAGES:
            node = closed.written(form, stages)
            if number(printed(node)) != expected:
                texts.append(f"{form}, {stages}: {w.plain(node)}")
    return texts


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_every_form_has_one_value(path: Path) -> None:
    for closed in formulas(path):
        for seed in SEEDS:
            assert wrong(closed, seed) == []


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_every_form_of_random_programs(drawn: tuple[Program, Any]) -> None:
    program, _ = drawn
    try:
        part = closedform.loads(program.source)["M"]
        closed = [part.measure(what)._closed for what in ("params", "macs")]
    except ClosedformError:
        return
    for formula in closed:
        assert wrong(formula, 1) == [], program.source


def test_another_value_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMS, "grouped", lambda expr, order: expanded(expr + 1, order))
    closed = closedform.zoo("pvt").params._closed
    assert [text.split(":")[0] for text in wrong(closed, 1)] == ["grouped, sum", "grouped, each"]


L, N, D, F, M, H, A, B = map(size_symbol, "LNDFMHAB")
ORDER = Order(loops=(L,), front=(N,), rest=(D, F, M, H, A, B))

SHORTEST = [
    (4 * L * D**2 + 2 * L * D * F + L * F + N * D, "L (4 D^2 + 2 D F + F) + N D"),
    (2 * L * D * (N + 1) * (2 * D + F + N + 1), "2 L D (N + 1) (2 D + F + N + 1)"),
    (4 * H * M**2 - 4 * H * M + H + D**2, "H (2 M - 1)^2 + D^2"),
    (9 * A * D + B * D + 7 * D**2 + B + 3 * D, "D (7 D + 9 A + B + 3) + B"),
    (L * D**2 / 2 + 15 * L * D / 2, "L D (D + 15)/2"),
    (A**7 / 7 - 2 * A**5 / 5 + A / 3 - 2 * N, "A^7/7 - 2 A^5/5 + A/3 - 2 N"),
    (2 - A, "2 - A"),
    (D**2 * 4**N / 16, "D^2 * 4^(N - 2)"),
    (5 * D / 4 ** (N + 3), "5 D/4^(N + 3)"),
]


@pytest.mark.parametrize(("expr", "text"), SHORTEST, ids=[text for _, text in SHORTEST])
def test_shortest(expr: Any, text: str) -> None:
    assert w.plain(shortest(expr, ORDER)) == text
