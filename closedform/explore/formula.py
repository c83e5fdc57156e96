"""An exact closed form, to print, to compute with, and to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr

from closedform.checked import all_checked
from closedform.data import dataclass
from closedform.derive.check.expectations import PREFIXES
from closedform.derive.solve.along import X, in_x
from closedform.derive.solve.express import express
from closedform.derive.solve.given import asked_and_given, refuse_own_sizes
from closedform.derive.solve.made import nameless
from closedform.derive.symbolic.symbols import size_symbol
from closedform.errors import ClosedformError, fail
from closedform.explore.quantities.quantity import Quantity
from closedform.explore.table import Table
from closedform.reason import crossings, inverse, rules

if TYPE_CHECKING:
    from closedform.render.pictures.figures import Picture
    from closedform.sweeps.functions import Function

BUDGET = "B"


@dataclass(frozen=True)
class LeadingTerm:
    """A term that no other outgrows."""

    coefficient: Formula
    monomial: Expr


class LeadingTerms(Table[LeadingTerm]):
    """The leading terms of a formula."""

    columns = ("coefficient", "monomial")

    def cells(self, row: LeadingTerm) -> tuple[object, ...]:
        return row.coefficient, row.monomial


@dataclass(frozen=True)
class Rule:
    """From `start` to `end` the term of a power of the size is the largest; `end` is None where it
    is for all larger numbers."""

    term: Formula
    start: int
    end: int | None


class Rules(Table[Rule]):
    """Which term is the largest from where to where."""

    columns = ("term", "from", "to")

    def cells(self, row: Rule) -> tuple[object, ...]:
        return row.term, row.start, row.end


@dataclass(frozen=True)
class RulingTerm:
    """A term that is the largest where its size is above all of `above`, below all of `below`."""

    term: Formula
    above: tuple[Formula, ...]
    below: tuple[Formula, ...]


class Rulings(Table[RulingTerm]):
    """Which term is the largest where."""

    columns = ("term", "above", "below")

    def cells(self, row: RulingTerm) -> tuple[object, ...]:
        return row.term, *(_listed(some) for some in (row.above, row.below))


def _listed(formulas: tuple[Formula, ...]) -> object:
    """What a cell has of formulas: one stays a formula."""
    return formulas[0] if len(formulas) == 1 else ", ".join(map(str, formulas))


@dataclass(frozen=True)
class Overtaking:
    """Which of two costs is larger in the end, and from which number of a size on."""

    order: crossings.Order

    @property
    def start(self) -> int:
        """The smallest number from which on the order stays."""
        return self.order.start

    @property
    def proved(self) -> bool:
        """Whether that holds for all larger numbers, or was tried up to a number."""
        return self.order.proved

    def __repr__(self) -> str:
        order = self.order
        word = {1: "larger", -1: "smaller", 0: "the same"}[order.larger]
        whole = "for all larger ones" if order.proved else f"checked up to {order.checked}"
        if order.untried:
            later = f"{word} from {order.size} = {order.start} on, {whole}"
            return f"{later}; smaller ones were not tried"
        if order.before:
            return f"{word} from {order.size} = {order.start} on, {whole}"
        return f"{word} from {order.size} = 1 on, {whole}"


@dataclass(frozen=True)
class Solution:
    """The largest number of a size within a budget; `formula` is where the cost is the budget
    exactly, in the budget B, where there is such a formula."""

    found: inverse.Largest
    formula: Formula | None

    @property
    def number(self) -> int:
        return self.found.number

    @property
    def cost(self) -> Fraction:
        return self.found.cost

    def __repr__(self) -> str:
        size, found = self.found.size, self.found
        exact = (
            f"; a budget B is met at {size} = {self.formula}" if self.formula is not None else ""
        )
        here = f"{size} = {found.number:,} costs {_number(found.cost)}"
        if found.next is not None:
            number, cost = found.next
            return f"{here}, and {size} = {number:,} would cost {_number(cost)}{exact}"
        up_to = "" if found.tried is None else f" up to {found.tried:,}"
        return f"{here}, and no larger {size}{up_to} is allowed{exact}"


@dataclass(frozen=True)
class Minimum:
    """The number at which a cost is least; `formulas` are where it neither grows nor falls."""

    found: inverse.Least
    formulas: tuple[Formula, ...]

    @property
    def number(self) -> int:
        return self.found.number

    def __repr__(self) -> str:
        exact = ", ".join(f"{self.found.size} = {formula}" for formula in self.formulas)
        least = f"{self.found.size} = {self.found.number:,} costs least, {_number(self.found.cost)}"
        return f"{least}; exactly, {exact}" if exact else least


def _number(value: Fraction) -> str:
    return f"{int(value):,}" if value.denominator == 1 else str(value)


@all_checked
class Formula(Quantity):
    """An exact closed form, to print, to compute with, and to ask.

    >>> from closedform.api import zoo
    >>> vit = zoo("vit")
    >>> mlp, attention = (vit.part(f"EncoderLayer.{n}").macs for n in ("MLP", "SelfAttention"))
    >>> print(mlp / attention)
    F/(2 D + T)
    >>> attention.overtakes(mlp, "T", "ViT-B/16")
    larger from T = 1537 on, for all larger ones
    """

    def leading(self, *names: str) -> LeadingTerms:
        """The terms that no other outgrows as the named sizes grow, each by itself or together.

        >>> from closedform.api import zoo
        >>> [(str(t.coefficient), str(t.monomial)) for t in zoo("vit").macs.leading("N", "D")]
        [('4 L', 'D**2*N'), ('2 L', 'D*N**2')]
        """
        symbols = [self._sizes.symbol(name) for name in names]
        if not symbols:
            raise fail("argument", "name the sizes that grow", None, 'as in `.leading("N", "D")`')
        found = rules.leading(express(self._closed, names).expr, symbols)
        of = (LeadingTerm(self._of(t.coefficient, nameless("")), t.monomial) for t in found)
        return LeadingTerms(of)

    def elasticity(self, name: str) -> Formula:
        """By how many percent the cost grows where a size grows by one percent.

        >>> from closedform.api import zoo
        >>> vit = zoo("vit")
        >>> print(vit.part("EncoderLayer.SelfAttention").macs.elasticity("T"))
        (2 D + 2 T)/(2 D + T)
        """
        symbol = self._sizes.symbol(name)
        return self._of(rules.relative(self._in(name), symbol), nameless(""))

    def growth(
        self, name: str, preset: str | None = None, factor: int = 2, **sizes: Any
    ) -> Fraction:
        """How many times dearer it is where a size is doubled, or multiplied by another factor.

        >>> from closedform.api import zoo
        >>> round(float(zoo("vit").macs.growth("N", "ViT-B/16")), 2)
        2.08
        """
        cost = self._along(name, preset, sizes)
        return rules.ratio(cost, self._number_of(name, preset, sizes), factor)

    def regions(self, name: str, preset: str | None = None, **sizes: Any) -> Rules:
        """From where to where the term of which power of a size is the largest.

        >>> from closedform.api import zoo
        >>> attention = zoo("vit").part("EncoderLayer.SelfAttention").macs
        >>> [(str(r.term), r.start, r.end) for r in attention.regions("T", "ViT-B/16")]
        [('2359296 T', 1, 1535), ('1536 T^2', 1536, None)]
        """
        self._refuse_given(name, sizes)
        cost = self._along(name, preset, sizes)
        symbol = size_symbol(name)
        told = [
            Rule(self._of(r.coefficient * symbol**r.power, nameless("")), r.start, r.end)
            for r in rules.regions(cost)
        ]
        return Rules(told)

    def rulings(self, name: str) -> Rulings:
        """Where the terms of each power of a size are the largest, with boundaries as formulas.

        >>> from closedform.api import zoo
        >>> zoo("vit")["SelfAttention"].macs.rulings("n")
        term     above  below
        4 n d^2         2 d
        2 n^2 d  2 d
        """
        found = rules.rulings(self._in(name), self._sizes.symbol(name))

        def told(expr: Expr) -> Formula:
            return self._of(expr, nameless(""))

        return Rulings(
            RulingTerm(told(r.term), tuple(map(told, r.above)), tuple(map(told, r.below)))
            for r in found
        )

    def per(self, *names: str) -> Formula:
        """The formula for one of what sizes count: of a batch of B sequences of S tokens
        `.per("B", "S")` is that of a token.

        >>> from closedform.api import zoo
        >>> print(zoo("llama")["Llama"].flops.per("S"))
        2 L (2 S H E + 2 D H E + 2 D G E + 3 D F) + 2 V D
        """
        found: Formula = self / sympy.Mul(*map(self._sizes.symbol, names))
        return found

    def overtakes(
        self, other: Formula, name: str, preset: str | None = None, **sizes: Any
    ) -> Overtaking:
        """From which number of a size on this cost is larger than another, or smaller.

        Each of the two takes those of `sizes` that it knows.

        >>> from closedform.api import zoo
        >>> vit = zoo("vit")
        >>> mlp, attention = (vit.part(f"EncoderLayer.{n}").macs for n in ("MLP", "SelfAttention"))
        >>> attention.overtakes(mlp, "N", "ViT-B/16")
        larger from N = 1536 on, for all larger ones
        """
        both = self, other
        refuse_own_sizes(*(form._closed.derivation for form in both))
        known = [form._sizes.table for form in both]
        if name in sizes:
            raise asked_and_given(name)
        shared = {key for key in sizes if any(key in table for table in known)}
        costs = (
            form._along(
                name, preset, {k: v for k, v in sizes.items() if k in table or k not in shared}
            )
            for form, table in zip(both, known, strict=True)
        )
        return Overtaking(crossings.order_of(*costs))

    def crossing(self, other: Formula, name: str) -> tuple[Formula, ...]:
        """Where this cost is as large as another, as formulas by radicals, if there are any.

        >>> from closedform.api import zoo
        >>> vit = zoo("vit")
        >>> mlp, attention = (vit.part(f"EncoderLayer.{n}").macs for n in ("MLP", "SelfAttention"))
        >>> [str(formula) for formula in attention.crossing(mlp, "T")]
        ['F - 2 D']
        """
        apart = self - other
        found = inverse.roots(apart._in(name), self._sizes.symbol(name))
        return tuple(apart._of(root, nameless("")) for root in found)

    def solve(
        self,
        name: str,
        budget: int | Fraction | str,
        preset: str | None = None,
        *,
        family: Mapping[str, Formula | Expr] | None = None,
        **sizes: Any,
    ) -> Solution:
        """The largest number of a size within a budget that what is assumed allows.

        The other sizes are those of the preset, or follow from defaults; `family` gives some as
        formulas of others. A budget may be a text such as "20G".

        >>> from closedform.api import zoo
        >>> zoo("vit").macs.solve("D", "20G", "ViT-B/16").number
        816
        """
        limit = amount(budget)
        preset = self._project.preset_or_configured(self._entity, preset)
        form = self if family is None else self.subs(family)
        form._refuse_given(name, sizes)
        cost = form._along(name, preset, sizes)
        there, values = form._apart(name, preset, sizes)
        made = [getattr(value, "expr", value) for value in (family or {}).values()]
        whole = tuple(in_x(value, there, name, values) for value in made)
        cost = replace(cost, whole=whole)
        symbol, bound = self._sizes.symbol(name), size_symbol(BUDGET)
        root = inverse.real_root(cost.expr, X, bound) if symbol.name != BUDGET else None
        formula = None if root is None else form._of(root, nameless(""))
        return Solution(inverse.largest(cost, limit), formula)

    def minimize(self, name: str, preset: str | None = None, **sizes: Any) -> Minimum:
        """Where a cost is least, over all numbers of a size that what is assumed allows.

        >>> from closedform.api import loads
        >>> file = loads("dim N, k\\nassume k | N\\n\\nop f(x: [N]) -> y: [N]:\\n"
        ...              "    mac = N*k + N^2/k\\n\\nmodel M(x: [N]):\\n    return x -> f\\n")
        >>> file.macs.minimize("k", N=64)
        k = 8 costs least, 1,024; exactly, k = sqrt(N)
        """
        self._refuse_given(name, sizes)
        cost = self._along(name, preset, sizes)
        found = inverse.critical(self._in(name), self._sizes.symbol(name))
        formulas = tuple(self._of(root, nameless("")) for root in found)
        return Minimum(inverse.least(cost), formulas)

    def plot_map(
        self,
        spans: Mapping[str, tuple[int, int]],
        preset: str | None = None,
        lang: str = "en",
        **sizes: Any,
    ) -> Picture:
        """The cost over two sizes as a map: colours, and lines of the same cost.

        `spans` are the first and the last value of each of the two, the others are those of the
        preset as far as `sizes` does not change them. Needs closedform[plot].

        >>> from closedform.api import zoo
        >>> spans = {"N": (16, 4096), "D": (192, 1536)}
        >>> picture = zoo("vit").macs.plot_map(spans, "ViT-B/16")  # doctest: +SKIP
        """
        from closedform.explore.pictures import over_two

        return over_two(self, spans, preset, lang, sizes)

    def plot_sensitivity(
        self, preset: str | None = None, lang: str = "en", **sizes: Any
    ) -> Picture:
        """By how many percent the cost grows where each size grows by one percent, as bars.

        The other sizes stay as they are, also those that follow by default. Needs closedform[plot].

        >>> from closedform.api import zoo
        >>> picture = zoo("vit").macs.plot_sensitivity("ViT-B/16")  # doctest: +SKIP
        """
        from closedform.explore.pictures import sensitivity

        growing: dict[str, Formula | None] = {}
        for name in self.base.symbols:
            try:
                growing[name] = self.elasticity(name)
            except ClosedformError:  # it has steps
                growing[name] = None
        return sensitivity(self, growing, preset, lang, sizes)

    def function(
        self, *names: str, preset: str | None = None, **sizes: int | Fraction | Sequence[int]
    ) -> Function:
        """The formula as a fast, exact function of the named sizes, for numbers and for arrays.

        Other sizes are those that are given here, or of the preset, or the defaults of the file.
        An array is of 64 bits where it is proved that these are enough, else of Python integers.
        Raises ClosedformError where a size has no value, and when it is called, where an
        assumption of the formula does not hold. Arrays need NumPy.

        >>> from closedform.api import zoo
        >>> macs = zoo("vit").macs.function("N", "D", preset="ViT-B/16")
        >>> macs(196, 768), macs(576, 768)
        (17563828224, 55484350464)
        """
        from closedform.sweeps.functions import function

        return function(self._at(preset), self._values(preset, {}), names, sizes)

    def export(
        self,
        to: str,
        *names: str,
        name: str | None = None,
        preset: str | None = None,
        **sizes: int | Fraction | Sequence[int],
    ) -> str:
        """The formula as code: "python", "numpy", "c", "sql" (of DuckDB), "spark", "spreadsheet",
        "javascript", "sympy".

        It is a function of the named sizes, or of all that are not given here or by the preset.
        All code is exact or says that it has no value: where an assumption of the formula does not
        hold, and where a number is too long for the language.

        >>> from closedform.api import zoo
        >>> print(zoo("vit")["MLP"].macs.export("sql").splitlines()[0])
        -- macs of MLP
        """
        from closedform.render.code import exported

        return exported(self._at(preset), self._values(preset, {}), to, names, name, sizes)

    # In one size ---------------------------------------------------------------------------

    def _in(self, name: str) -> Expr:
        """The expression with all that is made of a size written out in it."""
        return rules.in_size(self._closed, name, self._sizes.symbol(name))


def amount(budget: int | Fraction | str) -> Fraction:
    """A budget as a number.

    >>> amount("20G"), amount("1.5M")
    (Fraction(20000000000, 1), Fraction(1500000, 1))
    """
    if isinstance(budget, str):
        text = budget.strip().replace(",", "").replace("_", "")
        power = PREFIXES.get(text[-1:], 0)
        digits = text[:-1] if power else text
        try:
            return Fraction(digits.strip()) * int(10**power)
        except ValueError:
            raise fail("argument", f"{budget!r} is no amount", None, "write 20G, or 1.5M") from None
    if isinstance(budget, bool) or not isinstance(budget, int | Fraction | sympy.Rational):
        raise fail(
            "type", f"a budget is exact, and this is {budget!r}", None, 'write "20G", or an int'
        )
    return Fraction(int(budget.numerator), int(budget.denominator))
