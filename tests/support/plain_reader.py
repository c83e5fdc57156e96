"""Reads the plain text of a formula and evaluates it, exactly; knows nothing of how it is printed.

Factors stand side by side, or with `*`; what is divided has no factor behind it, since `a/b c` is
read in two ways. A minus stands before the first factor of a term alone. A sum over an index
reaches to the end of its product. A name directly before a bracket is a function, or a name with an
index: `D_(s-1)`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from math import ceil, floor, gcd, isqrt
from typing import Any

from lark import Lark, Token, Tree

GRAMMAR = r"""
?start: any
?any: all ("or" all)*
?all: denial ("and" denial)*
?denial: "not" "(" any ")" -> denied
    | relation
?relation: sum (RELATION sum)*
sum: signed (SIGN product)*
?signed: product
    | "-" product -> negative
?product: quotient
    | chain bigsum -> times
    | bigsum
?quotient: chain
    | quotient "/" power -> over
?chain: power
    | chain ["*"] power -> times
?power: atom
    | atom "^" atom
?atom: NUMBER -> number
    | NAME -> name
    | "(" any ")"
    | "[" any "]" -> indicator
    | LOG log_base "(" any ")" -> log
    | FUNCTION "(" any ("," any)* ")" -> function
bigsum: _SUM NAME "=" sum ".." sum ")" signed
?log_base: NUMBER -> number
    | NAME_OF_BASE -> name
    | "(" any ")"

RELATION: "<=" | ">=" | "!=" | "<" | ">" | "=" | "|"
SIGN: "+" | "-"
NUMBER: /\d+/
_SUM.4: "sum_("
LOG.4: "log_"
NAME_OF_BASE: /[^\W\d]\w*(?=\()/
FUNCTION.2: /[^\W\d]\w*(?<!_)(?=\()/
NAME: /[^\W\d]\w*_\([^()]*\)|(?!(and|or|not)\b)[^\W\d]\w*/
%ignore " "
"""

Sizes = Mapping[str, Fraction]


class Inexact(Exception):
    """A value is no fraction, or has none."""


@cache
def parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr")


def canonical(name: str) -> str:
    """A name with Greek letters spelled out, as LaTeX has them."""
    found = []
    for letter in name:
        words = unicodedata.name(letter, "").split()
        greek = words[:1] == ["GREEK"] and len(words) == 4
        spelled = words[3].lower().replace("lamda", "lambda") if greek else letter
        found.append(spelled.title() if greek and words[1] == "CAPITAL" else spelled)
    return "".join(found)


def exact_root(value: Fraction) -> Fraction:
    above, below = isqrt(max(value.numerator, 0)), isqrt(value.denominator)
    if Fraction(above * above, below * below) != value:
        raise Inexact("a root")
    return Fraction(above, below)


def exact_log(value: Fraction, base: Fraction) -> Fraction:
    exponent = 0
    while base > 1 and value > 1:
        value, exponent = value / base, exponent + 1
    if value != 1 or base <= 1:
        raise Inexact("a logarithm")
    return Fraction(exponent)


@dataclass(frozen=True)
class Values:
    """What names mean, and two functions that are not always exact, or stand for others."""

    sizes: Sizes
    log: Callable[[Fraction, Fraction], Fraction] = exact_log
    root: Callable[[Fraction], Fraction] = exact_root
    at: Mapping[str, int] = field(default_factory=dict)  # the indices of sums around

    def inside(self, index: str, value: int) -> Values:
        return Values(self.sizes, self.log, self.root, {**self.at, index: value})

    def name(self, name: str, index: str | None = None) -> Fraction:
        """A size; its index may be that of a sum around, with a number added."""
        if index is None and name in self.at:
            return Fraction(self.at[name])
        key = name if index is None else f"{name}_{self._placed(index)}"
        if key not in self.sizes:
            raise Inexact(f"no value for {key}")
        return self.sizes[key]

    def _placed(self, index: str) -> str:
        stem, offset = re.fullmatch(r"([^+-]*)([+-]\d+)?", index).groups()  # type: ignore[union-attr]
        return str(self.at[stem] + int(offset or 0)) if stem in self.at else index

    def spelled(self, name: str) -> Fraction:
        """A size whose index is a part of its name, `D_s` or `D_(s-1)`."""
        stem, _, index = name.rpartition("_")
        index = index.removeprefix("(").removesuffix(")")
        if stem and (index in self.at or not index.isalnum()):
            return self.name(stem, index)
        return self.name(name)


@lru_cache(maxsize=500)
def parsed(text: str) -> Any:
    return parser().parse(text)


def read(text: str, values: Values) -> Fraction:
    """The value of a text. Raises Inexact, or what Lark raises for what is no formula."""
    return value(parsed(text), values)


def value(tree: Any, values: Values) -> Fraction:
    """The value of a formula that is read; LaTeX has the same parts."""
    if tree.data == "bigsum":
        return big_sum(tree, values)
    if tree.data == "name":
        return values.spelled(canonical(str(tree.children[0])))
    parts = [value(c, values) for c in tree.children if isinstance(c, Tree)]
    signs = [str(c) for c in tree.children if isinstance(c, Token)]
    match tree.data:
        case "number":
            return Fraction(re.sub(r"\D", "", signs[0]))
        case "sum":
            added = (p if sign == "+" else -p for sign, p in zip(signs, parts[1:], strict=True))
            return sum(added, parts[0])
        case "negative":
            return -parts[0]
        case "times":
            return parts[0] * parts[1]
        case "over":
            return divided(*parts)
        case "power":
            return power(*parts)
        case "indicator":
            return parts[0]
        case "denied":
            return Fraction(parts[0] == 0)
        case "any":
            return Fraction(any(parts))
        case "all":
            return Fraction(all(parts))
        case "relation":
            pairs = zip(signs, parts, parts[1:], strict=False)
            return Fraction(all(holds(sign, left, right) for sign, left, right in pairs))
        case "log":
            base, of = parts
            return values.log(of, base)
        case "function":
            return function(signs[0].strip("\\"), parts, values)
    raise TypeError(f"no value for {tree.data}")


def big_sum(tree: Any, values: Values) -> Fraction:
    index, first, last, body = tree.children
    start, end = value(first, values), value(last, values)
    total = Fraction(0)
    for at in range(int(start), int(end) + 1):
        total += value(body, values.inside(canonical(str(index)), at))
    return total


def divided(above: Fraction, below: Fraction) -> Fraction:
    if below == 0:
        raise Inexact("division by zero")
    return above / below


def power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or (base == 0 and exponent < 0):
        raise Inexact("a root")
    return Fraction(base ** int(exponent))


def holds(sign: str, left: Fraction, right: Fraction) -> bool:
    match sign:
        case "=":
            return left == right
        case "!=" | r"\neq":
            return left != right
        case "<":
            return left < right
        case "<=" | r"\le":
            return left <= right
        case ">":
            return left > right
        case ">=" | r"\ge":
            return left >= right
        case "|" | r"\mid":
            return left != 0 and (right / left).denominator == 1
    raise TypeError(f"no relation {sign}")


def whole(value: Fraction) -> int:
    if value.denominator != 1:
        raise Inexact("a common divisor of fractions")
    return int(value)


def function(name: str, parts: Sequence[Fraction], values: Values) -> Fraction:
    match name:
        case "floor":
            return Fraction(floor(parts[0]))
        case "ceil":
            return Fraction(ceil(parts[0]))
        case "min":
            return min(parts)
        case "max":
            return max(parts)
        case "gcd":
            return Fraction(gcd(*map(whole, parts)))
        case "sqrt":
            return values.root(parts[0])
    raise TypeError(f"no function {name}")
