"""No equality that is true is refuted, no false one is proved, and few are left open.

Expressions are made and rewritten as plain tuples, which plain Python evaluates: the judge shares
nothing with the prover.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import product
from typing import Any

import pytest
import sympy
from sympy import Integer

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.equality import comparison, equality
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import NotDecided, Proved, Refuted, Verdict
from closedform.derive.symbolic.atoms import BigSum, Divides, Log, indicator
from closedform.derive.symbolic.powers import over_powers, unrounded
from closedform.derive.symbolic.symbols import size_symbol
from helpers import examples
from laws import RELATIONS as HOLDS
from laws import Maker, Node, value

NAMES = ["n", "w", "d"]
POINTS = [dict(zip(NAMES, sizes, strict=True)) for sizes in product(range(1, 8), repeat=3)]
RELATIONS: dict[str, Any] = {
    "==": sympy.Eq, "!=": sympy.Ne, "<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt,
    ">=": sympy.Ge, "|": Divides, "and": sympy.And, "or": sympy.Or, "not": sympy.Not,
}  # fmt: skip


def expression(node: Node) -> Any:
    """A tuple as the expression or the condition that the prover is asked about."""
    if isinstance(node, int):
        return Integer(node)
    if isinstance(node, str):
        return size_symbol(node)
    operator, *parts = node
    if operator == "sum":
        index, last, body = parts
        return BigSum(expression(body), (size_symbol(index), 1, expression(last)))
    inner = [expression(part) for part in parts]
    if operator in RELATIONS:
        return RELATIONS[operator](*inner)
    match operator:
        case "if":
            condition, yes, no = inner
            return indicator(condition) * yes + indicator(sympy.Not(condition)) * no
        case "floor" | "ceil":
            function = sympy.floor if operator == "floor" else sympy.ceiling
            return function(inner[0] / inner[1])
        case "-":
            return inner[0] - inner[1]
    return {"+": sympy.Add, "*": sympy.Mul, "min": sympy.Min, "max": sympy.Max}[operator](*inner)


def verdict_of(left: Node, right: Node, facts: list[Node] | None = None) -> Verdict:
    known = Knowledge()
    for fact in facts or []:
        known.assume(Fact(expression(fact)))
    return equality(known, expression(left), expression(right))


def some_facts(maker: Maker) -> list[Node]:
    """Facts of which some of the points satisfy every one."""
    while True:
        facts = [maker.condition() for _ in range(maker.draw.randrange(3))]
        if sum(all(value(fact, point) for fact in facts) for point in POINTS) > 5:
            return facts


def judged(seed: int, change: str) -> str:
    """How the verdict of one random equality compares with what plain Python finds."""
    maker = Maker(random.Random(seed), NAMES)
    facts = some_facts(maker)
    left = maker.size(maker.draw.choice([1, 2, 2, 3]))
    right = maker.rewritten(left, maker.draw.randrange(1, 6))
    if change == "mistake":
        right = maker.perturbed(right)
    points = [point for point in POINTS if all(value(fact, point) for fact in facts)]
    differs = any(value(left, point) != value(right, point) for point in points)
    assert not differs or change == "mistake", "a law of the test is wrong"
    verdict = verdict_of(left, right, facts)
    shown = f"{left} == {right} under {facts}: {verdict}"
    if isinstance(verdict, Proved):
        assert not differs, shown
    if isinstance(verdict, Refuted):
        assert change == "mistake", shown
        sizes = {**points[0], **{s.name: int(v) for s, v in verdict.sizes.items()}}
        assert value(left, sizes) == verdict.left != verdict.right == value(right, sizes), shown
    if isinstance(verdict, NotDecided):
        return "open, and differs" if differs else "open"
    return verdict.word


@pytest.mark.parametrize("many", examples(20, 150))
@pytest.mark.parametrize("change", ["laws", "mistake"])
def test_random_equalities(change: str, many: int, record_property: Any) -> None:
    """Fails when a verdict is not true, or when more than one in twenty is left open."""
    seen = Counter(judged(seed, change) for seed in range(many))
    record_property("summary", f"equalities by {change}: {dict(seen)}")
    assert seen["open"] + seen["open, and differs"] < 0.05 * seen.total(), seen
    assert seen["proved" if change == "laws" else "refuted"] > 0.5 * seen.total(), seen


def compared(seed: int) -> str:
    """How the verdict of one random comparison compares with what plain Python finds."""
    maker = Maker(random.Random(seed), NAMES)
    facts = some_facts(maker)
    left = maker.size(maker.draw.choice([1, 2]))
    operator = maker.draw.choice(["<=", ">=", "<", ">"])
    beside = maker.draw.choice([0, 1, maker.leaf(), ("*", maker.leaf(), maker.leaf())])
    sign = maker.draw.choice("++-") if operator[0] == "<" else maker.draw.choice("--+")
    right = maker.rewritten((sign, left, beside), maker.draw.randrange(3))
    points = [point for point in POINTS if all(value(fact, point) for fact in facts)]
    fails = [p for p in points if not HOLDS[operator](value(left, p), value(right, p))]
    known = Knowledge()
    for fact in facts:
        known.assume(Fact(expression(fact)))
    verdict = comparison(known, expression(left), operator, expression(right))
    shown = f"{left} {operator} {right} under {facts}: {verdict}"
    if isinstance(verdict, Proved):
        assert not fails, shown
    if isinstance(verdict, Refuted):
        sizes = {**points[0], **{s.name: int(v) for s, v in verdict.sizes.items()}}
        sides = value(left, sizes), value(right, sizes)
        assert sides == (verdict.left, verdict.right), shown
        assert not HOLDS[operator](*sides), shown
        assert all(value(fact, sizes) for fact in facts), shown
    return verdict.word


@pytest.mark.parametrize("many", examples(40, 150))
def test_random_comparisons(many: int, record_property: Any) -> None:
    """Fails when a verdict is not true, or when more than one in ten is left open."""
    seen = Counter(compared(seed) for seed in range(many))
    record_property("summary", f"comparisons: {dict(seen)}")
    assert seen["not decided"] < 0.1 * seen.total(), seen
    assert min(seen["proved"], seen["refuted"]) > 0.2 * seen.total(), seen


def test_the_largest_of_products() -> None:
    """Fails when a law is lost behind a factor that is positive, or one is made up."""
    n, w = map(size_symbol, "nw")
    squares = sympy.Max(n**2, w**2)
    assert equality(Knowledge(), sympy.Max(n, w) ** 2, squares).word == "proved"
    assert equality(Knowledge(), sympy.Max(n, w) ** 3, sympy.Max(n**3, w**3)).word == "proved"
    assert equality(Knowledge(), sympy.Max(n - w, 0) ** 2, (n - w) ** 2).word == "refuted"
    ordered = indicator(n**2 > w**2) * n
    assert equality(Knowledge(), ordered, indicator(n > w) * n).word == "proved"
    assert equality(Knowledge(), ordered, indicator(n >= w) * n).word == "refuted"
    assert equality(Knowledge(), indicator((n - w) ** 2 >= 0), Integer(1)).word == "proved"


# Powers of numbers ---------------------------------------------------------------------------


def powers(rng: random.Random) -> tuple[Any, Any]:
    """A sum of powers of numbers, and the same with other bases: 12^r is 4^r 3^r."""
    r, s, d = map(size_symbol, "rsd")
    one, other = Integer(0), Integer(0)
    for _ in range(rng.randint(1, 3)):
        exponent = rng.choice([r, s, r + s, 2 * r, r - 1, r * s])
        over, under = rng.choice([(2, 6), (4, 3), (3, 4), (2, 2), (10, 3), (8, 1)])
        factor = rng.choice([1, 3, d, d + 1])
        one += factor * sympy.Integer(over * under) ** exponent
        split = [sympy.Integer(n) ** exponent for n in (over, under)]
        if over == 8:
            split = [sympy.Integer(2) ** (3 * exponent)]
        if over == 10:
            split = [sympy.Integer(60) ** exponent, sympy.Rational(1, 2) ** exponent]
        other += factor * split[0] * sympy.Mul(*split[1:])
    return one, other


@pytest.mark.parametrize("seed", range(20))
def test_powers_of_numbers(seed: int) -> None:
    """Fails when 4^r is not seen to be 2^(2 r), or when what only looks like it is taken for it."""
    one, other = powers(random.Random(seed))
    known = Knowledge()
    assert equality(known, one, other) == Proved()
    assert comparison(known, one + size_symbol("r"), ">", other) == Proved()
    assert isinstance(equality(known, one, other + sympy.Integer(2) ** size_symbol("s")), Refuted)


def test_a_power_is_above_its_exponent() -> None:
    r, d = size_symbol("r"), size_symbol("d")
    known = Knowledge()
    assert comparison(known, d * sympy.Integer(3) ** r, ">=", 2 * d * r + d) == Proved()
    assert isinstance(comparison(known, sympy.Integer(3) ** r, ">", 2 * r + 1), Refuted)


# Rounded logarithms --------------------------------------------------------------------------

ROUNDED: dict[str, Any] = {"floor": sympy.floor, "ceil": sympy.ceiling}


def rounded_at(name: str, n: int, base: int) -> int:
    """The floor or the ceiling of a logarithm, by multiplication."""
    power = next(k for k in range(20) if base ** (k + 1) > n)
    return power + (name == "ceil" and base**power < n)


@pytest.mark.parametrize("name", ROUNDED)
@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_rounded_logarithm_without_its_rounding(name: str, operator: str, sign: int) -> None:
    """Fails when `floor(log(n, 2)) >= s` is taken for another condition on n and s."""
    n, s = size_symbol("n"), size_symbol("s")
    relation = RELATIONS[operator]
    condition = relation(sign * (ROUNDED[name](Log(n, 3)) - s), Integer(1))
    plain = over_powers(unrounded(condition))
    assert not plain.has(Log, sympy.floor, sympy.ceiling)
    for at, over in product(range(1, 30), range(1, 5)):
        right = HOLDS[operator](sign * (rounded_at(name, at, 3) - over), 1)
        assert bool(plain.subs({n: at, s: over})) == right, (at, over)


def test_a_rounded_logarithm_is_above_what_its_logarithm_is() -> None:
    n, s = size_symbol("n"), size_symbol("s")
    known = Knowledge()
    known.assume(Fact(Log(n, 2) > s, "assumed"))
    assert isinstance(comparison(known, sympy.floor(Log(n, 2)), ">=", s), Proved)
    assert isinstance(comparison(known, sympy.ceiling(Log(n, 2)), ">", s), Proved)
    assert isinstance(comparison(known, sympy.floor(Log(n, 2)), ">", s), Refuted)
