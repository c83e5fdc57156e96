"""Printed formulas: every form has the value of its expression, and reads as a person writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import closedform
from closedform import formula as w
from closedform.choices import FORMS as EVERY_FORM
from closedform.derive.arrange.forms import FORMS, expanded, shortest
from closedform.derive.arrange.writing import Order
from closedform.derive.measures.lookup import measure
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.symbols import size_symbol
from closedform.errors import ClosedformError
from closedform.formula.numbers import NoNumberError, Numbers
from closedform.formula.precedence import LINE, Level, Place, parts
from closedform.projects import open_project
from derivations import Evaluator, number, random_sizes
from helpers import GOOD, ZOO, cases, examples
from helpers import programs as files
from plain_reader import Inexact, Values, canonical
from programs import Program, programs
from read_back import NOTATIONS

FILES = [*files(ZOO, 20), *files(GOOD, 40)]
STAGES = ("sum", "each")


def formulas(path: Path) -> Iterator[Closed]:
    project = open_project(str(path))
    for entity in project.parts():
        try:
            yield from [project.closed(entity, measure(what)) for what in ("params", "macs")]
        except ClosedformError:
            continue  # a block that is given another has no formula by itself


def wrong(closed: Closed, seed: int) -> list[str]:
    """The forms of a formula that have another value than its expression at random sizes.

    They are evaluated as trees, and as they are printed, in every notation.
    """
    derivation = closed.derivation
    known, values = derivation.known, random_sizes(derivation, seed)

    def value(expr: Any) -> Any:
        base = known.base(expr)
        return number(base.xreplace({s: n for s, n in values.items() if s in base.free_symbols}))

    sizes: dict[tuple[str, str | None], Any] = {}
    for symbol in [*values, *known.spelled]:
        stem, _, index = symbol.name.rpartition("_")
        sizes[symbol.name, None] = sizes[stem, index] = value(symbol)
    for name, start in {**closed.starts(), **closed.starts("parts")}.items():
        stem, _, index = name.rpartition("_")
        if (name, None) in sizes:
            return [f"where {name} = {start}, which is a size of the file"]
        sizes[stem, index] = value(start)
    printed, exact, read = Evaluator(sizes, {}), *readings(sizes)
    expected = value(closed.expr)
    texts = []
    for form in EVERY_FORM:
        for stages in STAGES:
            node = closed.written(form, stages)
            found = {"tree": number(printed(node)), **exact(node), **read(node)}
            texts += [
                f"{form}, {stages}, {how}: {w.plain(node)} is {amount}"
                for how, amount in found.items()
                if amount != expected
            ]
    return texts


Found = dict[str, Fraction]


def readings(
    sizes: dict[tuple[str, str | None], Any],
) -> tuple[Callable[[w.Written], Found], Callable[[w.Written], Found]]:
    """What a formula is worth as `closedform.formula` finds it, and as it is read as text.

    A formula with a root or a logarithm may have no fraction as its value, and then gives nothing.
    """
    named = {
        name if index is None else f"{name}_{index}": Fraction(int(size.p), int(size.q))
        for (name, index), size in sizes.items()
        if size.is_Rational
    }
    values = Values({canonical(name): size for name, size in named.items()})
    written = {
        name: w.Fraction(w.Number(size.numerator), w.Number(size.denominator))
        for name, size in named.items()
    }

    def exact(node: w.Written) -> Found:
        try:
            return {"numbers": Numbers(written).of(node)}
        except NoNumberError:
            assert has_roots(node), w.plain(node)
            return {}

    def read(node: w.Written) -> Found:
        found = {}
        for name, (print_, reader) in NOTATIONS.items():
            try:
                found[name] = reader(print_(node), values)
            except Inexact:
                assert has_roots(node), w.plain(node)
        return found

    return exact, read


def has_roots(node: w.Written) -> bool:
    """Whether a formula has a root or a logarithm."""
    inexact = isinstance(node, w.Function) and node.name in ("sqrt", "log")
    return inexact or any(has_roots(part.node) for part in parts(node, LINE))


@pytest.mark.parametrize("seed", examples(1, 2))
@pytest.mark.parametrize("path", cases(FILES, share=16))
def test_every_form_has_one_value(path: Path, seed: int) -> None:
    for closed in formulas(path):
        assert wrong(closed, seed) == []


@pytest.mark.parametrize("many", examples(3, 60))
def test_every_form_of_random_programs(many: int) -> None:
    @settings(
        max_examples=many,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def hold(drawn: tuple[Program, Any]) -> None:
        program, _ = drawn
        try:
            part = closedform.loads(program.source)["M"]
            closed = [part.measure(what)._closed for what in ("params", "macs")]
        except ClosedformError:
            return
        for formula in closed:
            assert wrong(formula, 1) == [], program.source

    hold()


ENTERING = ("A", "W[1]", "2*W[1]", "W[2]", "W[1] if J >= 3")
BEGUN_LATE = """\
dim A, J, I
dim W[4]
model M(x: [I, A]):
{enter}
    for s in {first}..4:
        x = x -> linear(W[s], bias=false){more}
    return x -> linear(W[1], bias=false)
"""


@pytest.mark.parametrize("more", ["", " -> linear(W[s], bias=false)"])
@pytest.mark.parametrize("first", [1, 2, 3])
@pytest.mark.parametrize("entering", ENTERING)
def test_no_size_before_a_loop_has_the_name_of_a_size_of_the_file(
    entering: str, first: int, more: str
) -> None:
    """Fails when `where W_1 = 2 W_1` is said of a list that has a first element of its own."""
    size, _, condition = entering.partition(" if ")
    line = f"x = x -> linear({size}, bias=false)"
    enter = f"    if {condition}:\n        {line}" if condition else f"    {line}"
    text = BEGUN_LATE.format(enter=enter, first=first, more=more)
    part = closedform.loads(text)["M"]
    for what in ("params", "macs"):
        assert wrong(part.measure(what)._closed, 1) == []


def test_another_value_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMS, "grouped", lambda expr, order: expanded(expr + 1, order))
    text = (ZOO / "vit.arch").read_text("utf-8")  # of its own: what is found is kept
    closed = closedform.loads(text, ZOO)["ViT"].params._closed
    ways = ["tree", "numbers", *NOTATIONS]
    assert [text.split(":")[0] for text in wrong(closed, 1)] == [
        f"grouped, {stages}, {how}" for stages in STAGES for how in ways
    ]


def test_a_missing_bracket_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when formulas are compared as trees alone."""
    monkeypatch.setitem(LINE.least, Place.LAST_FACTOR, Level.ANYTHING)  # type: ignore[arg-type]
    found = wrong(closedform.zoo("vit").params._closed, 1)
    assert {text.split(":")[0].split(", ")[2] for text in found} == {"text"}


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
