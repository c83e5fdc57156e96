"""Sums of products of steps with rational coefficients, and how they are computed: nested, so that
what terms share is computed once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import gcd, lcm
from typing import TypeAlias

from closedform.data import dataclass
from closedform.derive.lower.building import Nodes
from closedform.derive.lower.nodes import Node, Op

Monomial: TypeAlias = tuple[tuple[Node, int], ...]  # steps and their powers, negative ones too
Terms: TypeAlias = dict[Monomial, Fraction]


def monomial(powers: Mapping[Node, int]) -> Monomial:
    """A product of steps in one order; an indicator is its own square."""
    return tuple(
        (node, min(power, 1) if node.op is Op.ONE_IF else power)
        for node, power in sorted(powers.items(), key=lambda item: item[0].at)
        if power
    )


def product(a: Monomial, b: Monomial) -> Monomial:
    powers = Counter(dict(a))
    for node, power in b:
        powers[node] += power
    return monomial(powers)


def plus(*polynomials: Terms) -> Terms:
    """The sum of some sums."""
    found: Terms = {}
    for terms in polynomials:
        for key, number in terms.items():
            found[key] = found.get(key, Fraction(0)) + number
    return {key: number for key, number in found.items() if number}


@dataclass(frozen=True)
class Ratio:
    """A whole number over a positive one, a number with powers of steps."""

    above: Node
    number: int
    below: Monomial

    def under(self, make: Nodes) -> Node:
        """The divisor as one step."""
        return nested({self.below: self.number}, make)


def ratio(terms: Terms, make: Nodes) -> Ratio:
    """A sum over one divisor."""
    number = lcm(*(value.denominator for value in terms.values()))
    below: Counter[Node] = Counter()
    for key in terms:
        for node, power in key:
            below[node] = max(below[node], -power)
    common = monomial(below)
    above = {product(key, common): int(value * number) for key, value in terms.items()}
    return Ratio(nested(above, make), number, common)


def nested(terms: Mapping[Monomial, int], make: Nodes) -> Node:
    """A polynomial as steps: factors of all terms before the bracket, then what most terms share.

    >>> make = Nodes()
    >>> a, b = make.size("a", 1), make.size("b", 1)
    >>> found = nested({((a, 2),): 2, ((a, 1), (b, 1)): 4}, make)  # 2 a (a + 2 b)
    >>> found.op.name, [arg.op.name for arg in found.args]
    ('MULTIPLY', ['MULTIPLY', 'ADD'])
    """
    if not terms:
        return make.zero
    content = gcd(*terms.values())
    if all(value < 0 for value in terms.values()):
        content = -content
    shared = dict(next(iter(terms)))
    for key in terms:
        powers = dict(key)
        shared = {n: min(p, powers[n]) for n, p in shared.items() if n in powers}
    inverse = tuple((node, -power) for node, power in shared.items())
    rest = {_over(key, dict(inverse)): value // content for key, value in terms.items()}
    found = make.const(content)
    for node, power in sorted(shared.items(), key=lambda item: item[0].at):
        factor = make.of(Op.POWER, node, make.const(power))
        found = make.of(Op.MULTIPLY, found, factor)
    return make.of(Op.MULTIPLY, found, _sum(rest, make))


def _over(key: Monomial, less: Mapping[Node, int]) -> Monomial:
    """A monomial with smaller powers."""
    return tuple((n, left) for n, power in key if (left := power + less.get(n, 0)))


def _sum(terms: Mapping[Monomial, int], make: Nodes) -> Node:
    """A polynomial whose terms have no factor in common."""
    if len(terms) == 1:
        ((_, value),) = terms.items()
        return make.const(value)
    counts = Counter(node for key in terms for node, _ in key)
    node, most = max(counts.items(), key=lambda item: (item[1], -item[0].at))
    if most == 1:
        ordered = sorted(terms.items(), key=lambda item: not item[0])  # a number comes last
        positive = [nested({key: value}, make) for key, value in ordered if value > 0]
        negative = [nested({key: -value}, make) for key, value in ordered if value < 0]
        return _difference(positive, negative, make)
    having = {key: value for key, value in terms.items() if node in dict(key)}
    others = {key: value for key, value in terms.items() if key not in having}
    positive, negative = [], []
    for part in (having, others):
        less = all(value < 0 for value in part.values())
        step = nested({key: -value for key, value in part.items()} if less else part, make)
        (negative if less else positive).append(step)
    return _difference(positive, negative, make)


def _difference(positive: list[Node], negative: list[Node], make: Nodes) -> Node:
    found = positive[0] if positive else make.zero
    for step in positive[1:]:
        found = make.of(Op.ADD, found, step)
    for step in negative:
        found = make.of(Op.SUBTRACT, found, step)
    return found
