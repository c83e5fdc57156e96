"""Sizes as Python computes them: exact, in integers, with `//` for a quotient that is whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sympy import (
    Add,
    Expr,
    Integer,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    Symbol,
    ceiling,
    floor,
    fraction,
    together,
)

from closedform.data import dataclass
from closedform.errors import fail

SUM, PRODUCT, POWER, ATOM = range(4)


@dataclass(frozen=True)
class Root:
    """A name of Python in the text of a size."""

    name: str


@dataclass(frozen=True)
class Made:
    """A size that Python reads as a whole: an element of a list, a call."""

    parts: tuple[str | Root | Expr, ...]


Roots: TypeAlias = frozenset[str]


class Sizes:
    """The symbols of a module that is made, and what each of them is in Python."""

    def __init__(self) -> None:
        self.made: dict[Symbol, Made] = {}

    def name(self, name: str, whole: bool = True) -> Symbol:
        """The symbol of a name of Python."""
        symbol = (
            Symbol(name, integer=True, nonnegative=True)
            if whole
            else Symbol(name, nonnegative=True)
        )
        self.made[symbol] = Made((Root(name),))
        return symbol

    def compose(self, *parts: str | Root | Expr) -> Symbol:
        """The symbol of a larger piece of Python."""
        made = Made(parts)
        text = self.text(made, str)
        symbol = Symbol(text, integer=True, nonnegative=True)
        self.made[symbol] = made
        return symbol

    def roots(self, value: object) -> Roots:
        """The names of Python that a size needs."""
        if not isinstance(value, Expr):
            return frozenset()
        found: set[str] = set()
        for symbol in value.free_symbols:
            for part in self.made[symbol].parts:
                if isinstance(part, Root):
                    found.add(part.name)
                elif isinstance(part, Expr):
                    found |= self.roots(part)
        return frozenset(found)

    def text(self, made: Made, spell: Callable[[str], str]) -> str:
        return "".join(
            part
            if isinstance(part, str)
            else spell(part.name)
            if isinstance(part, Root)
            else self.whole(part, spell)
            for part in made.parts
        )

    def put(self, size: Expr, values: Mapping[str, Expr | str]) -> Expr:
        """A size with others in the place of names of Python; a text is another name."""
        new: dict[Symbol, Expr] = {}
        for symbol in size.free_symbols:
            parts = self.made[symbol].parts
            if len(parts) == 1 and isinstance(parts[0], Root):
                value = values.get(parts[0].name)
                if isinstance(value, Expr):
                    new[symbol] = value
            elif any(root in values for root in self.roots(symbol)):
                new[symbol] = self.compose(*(self._put(part, values) for part in parts))
        return size.xreplace(new)

    def _put(self, part: str | Root | Expr, values: Mapping[str, Expr | str]) -> str | Root | Expr:
        if isinstance(part, Expr):
            return self.put(part, values)
        if isinstance(part, Root) and part.name in values:
            value = values[part.name]
            return Root(value) if isinstance(value, str) else value
        return part

    # Printing ------------------------------------------------------------------------------

    def whole(self, size: Expr, spell: Callable[[str], str] = str) -> str:
        """A size that is an integer."""
        return self._whole(size, spell)[0]

    def quotient(self, size: Expr, spell: Callable[[str], str] = str) -> str:
        """A number that need not be whole, exact."""
        above, below = fraction(together(size))
        if below == 1:
            return self._print(above, spell)[0]
        return f"Fraction({self._print(above, spell)[0]}, {self._print(below, spell)[0]})"

    def _whole(self, size: Expr, spell: Callable[[str], str]) -> tuple[str, int]:
        above, below = fraction(together(size)) if _has_quotients(size) else (size, Integer(1))
        if below == 1:
            return self._print(above, spell)
        return f"{self._at(above, PRODUCT, spell)} // {self._at(below, POWER, spell)}", PRODUCT

    def _at(self, size: Expr, level: int, spell: Callable[[str], str]) -> str:
        text, has = self._whole(size, spell)
        return text if has >= level else f"({text})"

    def _print(self, size: Expr, spell: Callable[[str], str]) -> tuple[str, int]:
        match size:
            case Symbol():
                made = self.made[size]
                text = self.text(made, spell)
                return text, ATOM
            case Integer():
                return str(size), ATOM if size >= 0 else PRODUCT
            case Rational():
                return f"Fraction({size.p}, {size.q})", ATOM
            case Add():
                return self._sum(size, spell), SUM
            case Mul():
                number, rest = size.as_coeff_Mul()
                if number == -1:
                    return f"-{self._at(rest, POWER, spell)}", PRODUCT
                factors = [rest] if not isinstance(rest, Mul) else rest.as_ordered_factors()
                factors = [number, *factors] if number != 1 else factors
                return " * ".join(
                    self._at(f, PRODUCT if not f.is_Mul else ATOM, spell)
                    if not isinstance(f, floor)
                    else f"({self._whole(f, spell)[0]})"
                    for f in factors
                ), PRODUCT
            case Pow():
                base, exponent = size.as_base_exp()
                sides = [self._at(side, ATOM, spell) for side in (base, exponent)]
                simple = all(s.replace("_", "a").replace(".", "a").isalnum() for s in sides)
                return ("**" if simple else " ** ").join(sides), POWER
            case floor():
                above, below = fraction(together(size.args[0]))
                if below == 1:
                    return f"{self._at(above, PRODUCT, spell)} // 1", PRODUCT
                return (
                    f"{self._at(above, PRODUCT, spell)} // {self._at(below, POWER, spell)}",
                    PRODUCT,
                )
            case ceiling():
                above, below = fraction(together(size.args[0]))
                upper = (
                    f"-{self._at(above, POWER, spell)}"
                    if above.is_Add
                    else self._at(-above, PRODUCT, spell)
                )
                return f"-({upper} // {self._at(below, POWER, spell)})", PRODUCT
            case Max() | Min():
                name = "max" if isinstance(size, Max) else "min"
                items = sorted((self.whole(a, spell) for a in size.args), key=lambda t: (len(t), t))
                return f"{name}({', '.join(items)})", ATOM
        raise fail(
            "export", f"`{size}` is not written in PyTorch", None, "write the size in another way"
        )

    def _sum(self, size: Expr, spell: Callable[[str], str]) -> str:
        text = ""
        for term in size.as_ordered_terms():
            sign, term = ("-", -term) if term.could_extract_minus_sign() else ("+", term)
            shown = self._at(term, PRODUCT, spell)
            text += (
                f" {sign} {shown}"
                if text
                else shown
                if sign == "+"
                else f"-{self._at(term, POWER, spell)}"
            )
        return text


def _has_quotients(size: Expr) -> bool:
    """Whether somewhere outside of what is rounded something is divided."""
    if isinstance(size, floor | ceiling | Symbol):
        return False
    if isinstance(size, Rational):
        return bool(size.q != 1)
    if isinstance(size, Pow) and size.args[1].could_extract_minus_sign():
        return True
    return any(_has_quotients(part) for part in size.args if isinstance(part, Expr))
