"""What a message says of a size or a condition is the language, and means the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sympy
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from brute import Run
from brute_modules import Module
from brute_values import Impossible, Unclear
from closedform.derive.symbolic.atoms import Divides, Gcd, Log, indicator
from closedform.derive.symbolic.symbols import size_symbol
from closedform.derive.symbolic.wording import say
from helpers import examples

N, D, E = map(size_symbol, "nde")

TOLD: list[tuple[Any, str]] = [
    (sympy.And(sympy.Or(N > 4, D > 4), E > 4), "(d > 4 or n > 4) and e > 4"),
    (sympy.Or(sympy.And(N > 4, D > 4), E > 4), "d > 4 and n > 4 or e > 4"),
    (sympy.Not(sympy.Or(N > 4, Divides(D, E))), "not (d | e or n > 4)"),
    (Divides(N + 1, D * E), "n + 1 | d*e"),
    (sympy.Eq(N, D**2), "n == d^2"),
    (Divides(2 * indicator(N > 4) + 1, D), "2*(1 if n > 4 else 0) + 1 | d"),
    (2 * indicator(sympy.Or(N > 4, D > 2)) + 1, "2*[d > 2 or n > 4] + 1"),
    (sympy.Max(N, D) + sympy.Min(N, 3) + Log(N, 2), "log(n, 2) + max(d, n) + min(3, n)"),
    (sympy.ceiling(N / 2) / D, "ceil(n/2)/d"),
    (Gcd(N, 2 * D) + 1, "gcd(2*d, n) + 1"),
    (sympy.true, "true"),
    (sympy.false, "false"),
]


@pytest.mark.parametrize(("value", "text"), TOLD, ids=[text for _, text in TOLD])
def test_each_is_told(value: Any, text: str) -> None:
    assert say(value) == text


def read(text: str, sizes: dict[Any, int]) -> bool:
    """Whether a condition of the language holds, as the second interpreter reads it."""
    module = Module(f"dim n\ndim d\ndim e\nassume {text}\n", Path())
    return Run(module, {symbol.name: size for symbol, size in sizes.items()}).holds()


def sizes_of(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(
            st.builds(lambda a, b: a + b, inner, inner),
            st.builds(lambda a, b: a - b, inner, inner),
            st.builds(lambda a, b: a * b, inner, inner),
            st.builds(lambda a, b: a / (b**2 + 1), inner, inner),
            st.builds(lambda a, k: a**k, inner, st.sampled_from([2, 3])),
            st.builds(lambda a, f: f(a), inner, st.sampled_from([sympy.floor, sympy.ceiling])),
            st.builds(
                lambda a, b, f: f(a, b), inner, inner, st.sampled_from([sympy.Max, sympy.Min])
            ),
        )

    return st.recursive(leaves, grown, max_leaves=4)


SIGNS: list[Callable[[Any, Any], Any]] = [
    sympy.Eq, sympy.Ne, sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge, lambda a, b: Divides(a**2 + 1, b),
]  # fmt: skip

plain = sizes_of(st.sampled_from([N, D, E]) | st.integers(-3, 9).map(sympy.Integer))
relations = st.builds(lambda sign, a, b: sign(a, b), st.sampled_from(SIGNS), plain, plain)


def joined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(sympy.And, inner, inner),
        st.builds(sympy.Or, inner, inner),
        st.builds(sympy.Not, inner),
    )


simple = st.recursive(relations, joined, max_leaves=3)


def of_case(sign: Any, case: Any, size: Any) -> Any:
    """A relation of a size and one that is 1 or 3."""
    try:
        return sign(size, 2 * indicator(case) + 1)
    except RecursionError:  # SymPy turns some conditions of a Piecewise round without end
        return reject()


cases = st.builds(of_case, st.sampled_from(SIGNS), simple, plain)
conditions = st.recursive(relations | cases, joined, max_leaves=4)
three = st.tuples(*[st.integers(1, 12)] * 3)


def both(condition: Any, numbers: tuple[int, int, int]) -> tuple[Any, Any]:
    """Whether a condition holds, and whether what is told of it does; None for no value."""
    sizes = dict(zip((N, D, E), numbers, strict=True))
    holds = condition.xreplace({s: sympy.Integer(n) for s, n in sizes.items()}).doit()
    try:
        told = read(say(condition), sizes)
    except (Impossible, Unclear):
        told = None
    return {sympy.true: True, sympy.false: False}.get(holds), told


@pytest.mark.parametrize("many", examples(30, 300))
def test_what_is_told_is_read_as_it_is_meant(many: int) -> None:
    @settings(max_examples=many, deadline=None, derandomize=True, database=None)
    @given(conditions, three)
    def hold(condition: Any, numbers: tuple[int, int, int]) -> None:
        holds, told = both(condition, numbers)
        assume(None not in (holds, told))
        assert told == holds, say(condition)

    hold()


def test_a_missing_bracket_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the reader would not see an `or` without its brackets."""
    condition = sympy.And(sympy.Or(N > 4, D > 4), E > 4)
    assert both(condition, (1, 5, 1)) == (False, False)
    monkeypatch.setattr(
        "closedform.derive.symbolic.wording._Saying.parenthesize",
        lambda self, part, level, strict=False: self._print(part),
    )
    assert say(condition) == "d > 4 or n > 4 and e > 4"
    assert both(condition, (1, 5, 1)) == (False, True)
