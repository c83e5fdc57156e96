"""Random claims of orders of growth, and their exact values in plain Python.

An expression is a tuple: a kind, then what it is made of. `value` evaluates it with integers and
fractions alone, and shares nothing with what proves or refutes; `to_sympy` builds what is claimed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor, isqrt, prod
from typing import Any, TypeAlias

import sympy

from closedform.derive.symbolic.atoms import BigSum, Divides, indicator
from closedform.derive.symbolic.symbols import size_symbol

Tree: TypeAlias = tuple[Any, ...]
Sizes: TypeAlias = Mapping[str, int]

MAX_TERMS = 300


class TooLarge(Exception):
    """A number or a sum is too large to be worked out."""


# Values ------------------------------------------------------------------------------------


def value(tree: Tree, sizes: Sizes) -> Fraction:
    """The exact value of an expression."""
    kind, *parts = tree
    if kind == "number":
        return Fraction(parts[0])
    if kind == "size":
        return Fraction(sizes[parts[0]])
    if kind == "indicator":
        return Fraction(holds(parts[0], sizes))
    if kind == "sum over":
        return _summed(*parts, sizes)
    values = [value(part, sizes) for part in parts]
    return VALUES[kind](*values)


def _summed(index: str, last: Tree, body: Tree, sizes: Sizes) -> Fraction:
    end = value(last, sizes)
    if end > MAX_TERMS:
        raise TooLarge
    return sum((value(body, {**sizes, index: i}) for i in range(1, int(end) + 1)), Fraction(0))


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if abs(exponent) * max(base.numerator.bit_length(), 1) > 200_000:
        raise TooLarge
    if exponent.denominator == 1:
        return base**exponent.numerator
    assert exponent.denominator == 2  # a root, to many more digits than are compared
    scale = 10**60
    return (
        Fraction(isqrt(base.numerator * scale**2 // base.denominator), scale) ** exponent.numerator
    )


VALUES: dict[str, Callable[..., Fraction]] = {
    "+": lambda *xs: sum(xs, Fraction(0)),
    "*": lambda *xs: prod(xs, start=Fraction(1)),
    "-": lambda a, b: a - b,
    "/": lambda a, b: a / b,
    "^": _power,
    "floor": lambda a: Fraction(floor(a)),
    "ceil": lambda a: Fraction(ceil(a)),
    "min": lambda *xs: min(xs),
    "max": lambda *xs: max(xs),
}


def holds(condition: Tree, sizes: Sizes) -> bool:
    """Whether a condition holds at some sizes."""
    kind, *parts = condition
    if kind == "not":
        return not holds(parts[0], sizes)
    a, b = (value(part, sizes) for part in parts)
    return {
        "<=": lambda: a <= b,
        "<": lambda: a < b,
        "==": lambda: a == b,
        "|": lambda: b % a == 0,
    }[kind]()


# SymPy -------------------------------------------------------------------------------------


def to_sympy(tree: Tree) -> Any:
    """The same expression or condition as it is claimed."""
    kind, *parts = tree
    if kind == "number":
        return sympy.Rational(parts[0])
    if kind == "size":
        return size_symbol(parts[0])
    if kind == "indicator":
        return indicator(to_sympy(parts[0]))
    if kind == "sum over":
        index, last, body = parts
        return BigSum(to_sympy(body), (size_symbol(index), 1, to_sympy(last)))
    return SYMPY[kind](*map(to_sympy, parts))


SYMPY: dict[str, Callable[..., Any]] = {
    "+": sympy.Add,
    "*": sympy.Mul,
    "-": lambda a, b: a - b,
    "/": lambda a, b: a / b,
    "^": sympy.Pow,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "min": sympy.Min,
    "max": sympy.Max,
    "<=": sympy.Le,
    "<": sympy.Lt,
    "==": sympy.Eq,
    "|": Divides,
    "not": sympy.Not,
}


# Random ones -------------------------------------------------------------------------------


def number(n: int) -> Tree:
    return ("number", n)


def size(name: str) -> Tree:
    return ("size", name)


class Claims:
    """Random claims about some sizes, of which some grow and the others are fixed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.growing = ["n", "w", "k"][: self.random.choice([1, 1, 2, 2, 2, 3])]
        self.fixed = ["p", "q"][: self.random.choice([0, 1, 1, 2])]
        self.names = [*self.growing, *self.fixed]
        self.order = self.random.choice(["O", "O", "O", "Omega", "Theta"])
        self.conditions = [self.condition() for _ in range(self.random.choice([0, 0, 0, 1, 1, 2]))]
        self.expr = self.sum(self.random.randint(1, 3), plain=False)
        self.bound = self.near() if self.random.random() < 0.4 else self.sum(2, plain=False)

    def near(self) -> Tree:
        """A bound that is like the expression: a term changed, or without its rounding."""
        return self._changed(self.expr)

    def _changed(self, tree: Tree) -> Tree:
        kind, *parts = tree
        if kind in ("floor", "ceil") and self.random.random() < 0.5:
            return self._changed(parts[0])
        if kind in ("number", "size"):
            return self.atom() if self.random.random() < 0.15 else tree
        if kind == "+" and len(parts) > 1 and self.random.random() < 0.3:
            return ("+", *parts[:-1])
        if kind in ("+", "*", "-", "min", "max"):
            return (kind, *map(self._changed, parts))
        return tree

    def atom(self) -> Tree:
        if self.random.random() < 0.8:
            return size(self.random.choice(self.names))
        return number(self.random.randint(1, 4))

    def sum(self, terms: int, plain: bool) -> Tree:
        found: Tree = ("+", *(self.product(plain) for _ in range(terms)))
        if not plain and self.random.random() < 0.2:
            return ("-", found, self.product(plain=True))
        return found

    def product(self, plain: bool) -> Tree:
        factors = [self.factor(plain) for _ in range(self.random.randint(1, 3))]
        found: Tree = ("*", *factors)
        return ("/", found, self.atom()) if self.random.random() < 0.15 else found

    def factor(self, plain: bool) -> Tree:
        kinds: list[Callable[[], Tree]] = [self.atom, self.atom, self._square]
        if not plain:
            kinds += [self._rounded, self._least, self._indicator, self._exponential, self._root]
            kinds += [self._series, self._small]
        return self.random.choice(kinds)()

    def _square(self) -> Tree:
        return ("^", self.atom(), number(2))

    def _small(self) -> Tree:
        return ("+", self.atom(), self.atom())

    def _root(self) -> Tree:
        return ("^", self.atom(), ("number", Fraction(1, 2)))

    def _rounded(self) -> Tree:
        kind = self.random.choice(["floor", "ceil"])
        return (kind, ("/", self.atom(), self.atom()))

    def _least(self) -> Tree:
        return (self.random.choice(["min", "max"]), self.atom(), self.product(plain=True))

    def _indicator(self) -> Tree:
        return ("indicator", self.condition())

    def _exponential(self) -> Tree:
        return ("^", number(self.random.choice([2, 3, 4])), size(self.random.choice(self.names)))

    def _series(self) -> Tree:
        index = size("i")
        bodies: list[Tree] = [
            ("indicator", ("|", self.atom(), index)),
            ("min", index, self.atom()),
            ("floor", ("/", index, self.atom())),
            ("ceil", ("/", self.atom(), index)),
            ("*", index, ("indicator", ("<=", index, self.atom()))),
        ]
        return ("sum over", "i", size(self.random.choice(self.names)), self.random.choice(bodies))

    def condition(self) -> Tree:
        name = size(self.random.choice(self.names))
        other = self.atom()
        kind = self.random.choice(["<=", "<=", "<", "|", "<= square", "==", "not"])
        if kind == "<= square":
            return ("<=", name, ("^", other, number(2)))
        if kind == "==":
            return ("==", name, ("*", self.atom(), other))
        if kind == "not":
            return ("not", ("|", other, name))
        if kind == "|":
            return ("|", other, name)
        return (kind, name, other)

    # Places --------------------------------------------------------------------------------

    def directions(self, count: int) -> Iterator[Callable[[int], dict[str, int]]]:
        """Random directions: each size as a function of one number."""
        for _ in range(count):
            yield self._direction()

    def _direction(self) -> Callable[[int], dict[str, int]]:
        held = {name: self.random.randint(1, 4) for name in self.fixed}
        powers = {name: self.random.choice([1, 1, 2, 2, 3, 4]) for name in self.growing}
        factors = {name: self.random.choice([1, 1, 1, 2, 6, 12]) for name in self.growing}
        shifts = {name: self.random.choice([0, 0, 0, 1]) for name in self.growing}
        equal = self.random.random() < 0.3  # what conditions compare is often to be the same
        if equal:
            powers = dict.fromkeys(powers, 1)
            factors = dict.fromkeys(factors, self.random.choice([1, 12]))
            shifts = dict.fromkeys(shifts, 0)

        def at(time: int) -> dict[str, int]:
            sizes = {n: factors[n] * time ** powers[n] + shifts[n] for n in self.growing}
            return {**held, **sizes}

        return at
