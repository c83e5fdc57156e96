"""An exact closed form, to print and to compute with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from numbers import Integral
from typing import Any, Self, TypeAlias

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.derive.assume.proofs.equality import equality
from closedform.derive.check.comparisons import all_that_holds
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express, staying
from closedform.derive.solve.made import (
    NAMELESS,
    Made,
    joined,
    joined_order,
    nameless,
    quotient,
    substituted,
    written_out,
)
from closedform.derive.solve.numbers import dims_values, evaluate, size_table, value_of
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.symbols import size_symbol
from closedform.errors import ClosedformError, fail, suggestion
from closedform.explore import show
from closedform.explore.answer import Answer
from closedform.explore.terms import Terms, terms_of
from closedform.render.formulas.latex import latex
from closedform.render.report.signs import signed

Given: TypeAlias = "int | Fraction | Expr | str | Quantity | Sequence[int]"
Operand: TypeAlias = "Quantity | int | Fraction | Expr"


class Quantity:
    """An exact closed form.

    `print` shows it as text, a notebook as mathematics with what its symbols mean. Formulas can be
    added, multiplied, divided and compared, with numbers and with each other: symbols of one name
    are one symbol.

    >>> from closedform.api import zoo
    >>> vit = zoo("vit")
    >>> mlp, attention = (vit.part(f"EncoderLayer.{n}").macs for n in ("MLP", "SelfAttention"))
    >>> print(mlp / attention)
    F/(2 D + T)
    >>> (mlp / attention).at("ViT-B/16")
    Fraction(3072, 1733)
    >>> vit.flops == 2 * vit.macs
    True
    """

    def __init__(
        self,
        project: Project,
        entity: Entity,
        closed: Closed,
        form: str = "shortest",
        also: Sequence[tuple[Project, Entity]] = (),
        name: str | None = None,
    ):
        self._project, self._entity, self._closed, self._form = project, entity, closed, form
        self._name = name or entity.name
        self._origins = tuple(dict.fromkeys(((project, entity), *also)))

    # What it is ----------------------------------------------------------------------------

    @property
    def expr(self) -> Expr:
        """The SymPy expression, in positive integer symbols."""
        return self._closed.expr

    @property
    def written(self) -> w.Written:
        """The formula as a tree for reading."""
        return signed(self._closed.written(self._form), self._closed.derivation.signs)

    @property
    def latex(self) -> str:
        """The LaTeX of the formula, for math mode."""
        return latex(self.written)

    @property
    def unit(self) -> str:
        """What one of it is called: `MACs`, `parameters`; nothing for a ratio of costs."""
        return self._closed.measure.unit

    @property
    def convention(self) -> str | None:
        """The name of the convention under which work is counted."""
        convention = self._closed.measure.convention
        return convention.name if convention else None

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The assumptions that the formula rests on."""
        return tuple(map(str, self._closed.facts))

    @property
    def stays(self) -> tuple[str, ...]:
        """The symbols that could not be expressed in those that were chosen."""
        return staying(self._closed)

    @property
    def symbols(self) -> dict[str, Symbol]:
        """The SymPy symbols of the formula by their names, for `sympy.solve`, `diff` and the like.

        >>> from closedform.api import zoo
        >>> macs = zoo("vit")["MLP"].macs
        >>> macs.expr.diff(macs.symbols["hidden"])
        2*d
        """
        return {symbol.name: symbol for symbol in sorted(self.expr.free_symbols, key=str)}

    @property
    def where(self) -> dict[str, Self]:
        """What each abbreviation in the formula stands for.

        >>> from closedform.api import zoo
        >>> {name: str(formula) for name, formula in zoo("vit").macs.where.items()}
        {'N': 'I^2/P^2', 'T': 'N + 1'}
        """
        spelled = self._closed.derivation.known.spelled
        found: dict[str, Self] = {}
        for symbol in show.abbreviations(self._closed):
            found[symbol.name] = self._of(spelled[symbol], nameless(""))
        return found

    @property
    def base(self) -> Self:
        """The same formula with its abbreviations written out.

        >>> from closedform.api import zoo
        >>> print(zoo("vit").part("EncoderLayer.MLP").macs.base)
        2 D F (I^2/P^2 + 1)
        """
        return self._like(written_out(self._closed))

    def terms(self) -> Terms:
        """The formula as a sum of products: each with its coefficient, and the parts it is from.

        >>> from closedform.api import zoo
        >>> for term in zoo("vit")["SelfAttention"].macs.terms():
        ...     print(term.coefficient, term.monomial, [str(part) for part in term.sources])
        4 d**2*n ['linear (line 18)', 'linear (line 19)', 'linear (line 20)', 'linear (line 23)']
        2 d*n**2 ['einsum (line 21)', 'einsum (line 22)']
        """
        return terms_of(self._closed)

    # The same in another way ---------------------------------------------------------------

    def in_terms_of(self, *names: str | Sequence[str]) -> Self:
        """The same formula in the named symbols; what cannot be expressed stays, see `.stays`.

        Raises ClosedformError for a name that the architecture does not have.

        >>> from closedform.api import zoo
        >>> zoo("vit").macs.in_terms_of("N", "D", "H", "L").stays
        ('P', 'F', 'C')
        """
        chosen: list[str] = []
        for name in names:
            several = name if isinstance(name, list | tuple | set | frozenset) else [name]
            for one in several:
                if not isinstance(one, str):
                    raise fail("type", f"a size is named by a text, and this is {one!r}")
                chosen.append(one)
        return self._like(express(self._closed, chosen))

    def expanded(self) -> Self:
        """The same formula as a plain sum of products."""
        return self._in_form("expanded")

    def factored(self) -> Self:
        """The same formula as a product of its factors."""
        return self._in_form("factored")

    def by_part(self) -> Self:
        """The same formula as the sum of what its parts cost, which braces name in LaTeX.

        >>> from closedform.api import zoo
        >>> print(zoo("vit").macs.by_part())
        3 N P^2 D + 2 L T D (2 D + T) + 2 L T D F + D C
        """
        return self._in_form("parts")

    def subs(self, sizes: Mapping[str, Given] | None = None, /, **named: Given) -> Self:
        """The formula with sizes replaced: by numbers, by formulas, or by other names.

        An abbreviation can be replaced as well. Raises ClosedformError for a name that the formula
        does not know, and where what is assumed can then not hold.

        >>> from closedform.api import zoo
        >>> print(zoo("vit")["MLP"].params.subs(d="D", hidden=3072))
        6145 D + 3072
        """
        values: dict[Symbol, Expr] = {}
        formulas: list[Quantity] = []
        table = self._table
        for name, value in {**(sizes or {}), **named}.items():
            if name not in table:
                raise self._unknown(name)
            several = value if isinstance(value, list | tuple) else [value] * len(table[name])
            if len(several) != len(table[name]):
                count = f"`{name}` has {len(table[name])} elements, and {len(several)} are given"
                raise fail("argument", count)
            for symbol, one in zip(table[name], several, strict=True):
                formulas += [one] if isinstance(one, Quantity) else []
                values[symbol] = self._replacement(name, one)
        made = substituted(self._closed, values)
        if formulas:
            derivation = joined([made.derivation, *(f._closed.derivation for f in formulas)])
            order = joined_order([made.order, *(f._closed.order for f in formulas)])
            made = replace(made, derivation=derivation, arranged=order)
        also = [origin for formula in formulas for origin in formula._origins]
        return type(self)(self._project, self._entity, made, self._form, (*self._origins, *also))

    # Numbers -------------------------------------------------------------------------------

    def at(self, *titles: str | None, **sizes: int | Fraction | Sequence[int]) -> int | Fraction:
        """The exact value at a preset, at given sizes, or at a preset with some sizes changed.

        Sizes that are not given take the defaults of the file; an abbreviation can be given in the
        place of what it is made of. Formulas of several models take a preset of each. Raises
        ClosedformError when a size has no value, and when an assumption does not hold.

        >>> from closedform.api import zoo
        >>> vit = zoo("vit")
        >>> vit.params.at(D=768, H=12, L=12)
        86567656
        >>> vit.macs.at("ViT-B/16", N=576) == vit.macs.at("ViT-B/16 at 384")
        True
        """
        presets = [title for title in titles if title is not None]
        made = isinstance(self._closed, Made)
        if len(presets) == 1 and not sizes and not made:
            project, _ = self._origin(presets[0])
            return project.at(project.preset(presets[0]), self._closed)
        form = self._closed if made or not presets else self._at(presets[0])
        return self._number(form, presets, sizes)

    def _number(
        self, form: Closed, presets: Sequence[str], sizes: Mapping[str, object]
    ) -> int | Fraction:
        table, spelled = size_table(form.derivation), form.derivation.known.spelled
        named = {symbol.name: symbol for symbol in spelled if symbol.name not in table}
        lets = {named[n]: _exact(n, v) for n, v in sizes.items() if n in named}
        given = {n: v for n, v in sizes.items() if n not in named}
        for name in given:
            if name not in table:
                raise self._unknown(name)
        if lets:
            form = substituted(form, lets)
        values: dict[Symbol, Expr] = {}
        for title in presets:
            for symbol, value in self._values_of(title).items():
                if values.setdefault(symbol, value) != value:
                    raise fail(
                        "preset",
                        f"`{symbol}` is {values[symbol]} at one of these presets, and {value} at "
                        f"{title!r}",
                        None,
                        f"give it a value: `{symbol}=...`, or another name in one formula: "
                        f'`.subs({symbol}="{symbol}_2")`',
                    )
        values.update(dims_values(form.derivation, given))
        if isinstance(self._closed, Made):
            value = value_of(form, values)
            return int(value) if value.denominator == 1 else value
        return evaluate(form, values)

    def _values_of(self, title: str) -> dict[Symbol, Expr]:
        """The sizes that a preset gives; it gives no parameters to formulas made of others."""
        project, entity = self._origin(title)
        preset = project.preset(title)
        if isinstance(self._closed, Made) and project.at_preset(preset) is not entity:
            raise fail(
                "preset",
                f"{title!r} sets parameters of `{entity.name}`, for which this formula was not "
                "derived",
                None,
                "take the value of each formula by itself, and compute with these",
            )
        return project.values(preset)

    def _origin(self, title: str) -> tuple[Project, Entity]:
        """The project that has a preset."""
        if not isinstance(title, str):
            raise fail("type", f"a preset is named by its title, and this is {title!r}")
        for project, entity in self._origins:
            if any(preset.title == title for preset in project.presets()):
                return project, entity
        self._project.preset(title)  # fails, and says what there is
        raise AssertionError(title)

    def _at(self, preset: str | None) -> Closed:
        """The closed form of the model with what a preset gives to its parameters."""
        if preset is None or isinstance(self._closed, Made):
            return self._closed
        return self._project.form_at(self._project.preset(preset), self._closed)

    def _values(
        self, preset: str | None, sizes: Mapping[str, int | Sequence[int]]
    ) -> dict[Symbol, Expr]:
        values = self._values_of(preset) if preset else {}
        return {**values, **dims_values(self._closed.derivation, sizes)}

    # Arithmetic ----------------------------------------------------------------------------

    def __add__(self, other: Operand) -> Self:
        return self._with(other, lambda a, b: expand(a + b), _sum_unit)

    def __radd__(self, other: Operand) -> Self:
        return self + other

    def __sub__(self, other: Operand) -> Self:
        return self._with(other, lambda a, b: expand(a - b), _sum_unit)

    def __rsub__(self, other: Operand) -> Self:
        return -self + other

    def __neg__(self) -> Self:
        return self * -1

    def __mul__(self, other: Operand) -> Self:
        return self._with(other, lambda a, b: expand(a * b), _product_unit)

    def __rmul__(self, other: Operand) -> Self:
        return self * other

    def __truediv__(self, other: Operand) -> Self:
        return self._with(other, quotient, _ratio_unit)

    def __rtruediv__(self, other: Operand) -> Self:
        return self._with(other, lambda a, b: quotient(b, a), lambda a, b: "")

    def __pow__(self, power: int) -> Self:
        if isinstance(power, bool) or not isinstance(power, int) or power < 0:
            raise fail("type", f"a formula has whole powers from 0 on, and this is {power!r}")
        return self._of(expand(self.expr**power), nameless(""))

    def equals(self, other: Operand) -> Answer:
        """Whether this is the same as another formula, wherever what both assume holds.

        >>> from closedform.api import zoo
        >>> vit = zoo("vit")
        >>> vit.macs.equals(vit.macs.base)
        proved
        """
        operand = self._operand(other)
        if operand is None:
            raise fail("type", f"a formula is compared with a formula or a number, not {other!r}")
        derivation = joined([self._closed.derivation, operand._closed.derivation])
        return Answer(equality(all_that_holds(derivation), self.expr, operand.expr))

    def __eq__(self, other: object) -> bool:
        """Whether both are proved equal. Raises ClosedformError where that is not decided."""
        if self._operand(other) is None:
            return NotImplemented
        return bool(self.equals(other))

    def __hash__(self) -> int:
        return hash(frozenset(map(str, self._closed.sizes)))

    def _operand(self, other: object) -> Quantity | None:
        """What an operator is given, as a formula; None where it can be none."""
        if isinstance(other, Quantity):
            return other
        if isinstance(other, bool) or not isinstance(other, Integral | Fraction | Expr):
            return None
        value = sympy.Rational(other) if not isinstance(other, Expr) else other
        if value.has(sympy.Float):
            return None
        return self._of(value, nameless(""))

    def _with(
        self,
        other: Operand,
        combine: Callable[[Expr, Expr], Expr],
        unit: Callable[[str, str], str],
    ) -> Self:
        operand = self._operand(other)
        if operand is None:
            return NotImplemented  # type: ignore[no-any-return]  # what an operator gives then
        both = self._closed, operand._closed
        units = unit(*(form.measure.unit for form in both))
        made = Made(
            nameless(units),
            joined([form.derivation for form in both]),
            value=combine(self.expr, operand.expr),
            arranged=joined_order([form.order for form in both]),
        )
        also = (*self._origins, *operand._origins)
        return type(self)(self._project, self._entity, made, self._form, also)

    def _of(self, value: Expr, measure: Measure) -> Self:
        """Another formula in the same sizes."""
        made = Made(measure, self._closed.derivation, value=value, arranged=self._closed.order)
        return type(self)(self._project, self._entity, made, self._form, self._origins)

    def _like(self, closed: Closed) -> Self:
        """The same formula in other symbols."""
        origin = self._project, self._entity
        return type(self)(*origin, closed, self._form, self._origins, self._name)

    def _in_form(self, form: str) -> Self:
        origin = self._project, self._entity
        return type(self)(*origin, self._closed, form, self._origins, self._name)

    # Names ---------------------------------------------------------------------------------

    @property
    def _table(self) -> dict[str, tuple[Symbol, ...]]:
        """The symbols of every size, abbreviation and stage by its name."""
        derivation = self._closed.derivation
        stages = {s.name: (s,) for s in derivation.stage_symbols}
        spelled = {s.name: (s,) for s in derivation.known.spelled}
        return {**stages, **spelled, **size_table(derivation)}

    def _symbol(self, name: str) -> Symbol:
        """The symbol of a single size or abbreviation."""
        found = self._table.get(name)
        if found is None:
            raise self._unknown(name)
        if len(found) > 1:
            near = f"choose one of them, such as `{found[0]}`"
            raise fail("argument", f"`{name}` has a value for each stage", None, near)
        return found[0]

    def _unknown(self, name: str) -> ClosedformError:
        table = self._table
        near = suggestion(name, table) or f"there are {', '.join(sorted(table))}"
        return fail("name", f"`{name}` is no size of `{self._entity.name}`", None, near)

    def _replacement(self, name: str, value: Given) -> Expr:
        if isinstance(value, Quantity):
            return value.expr
        if isinstance(value, str):
            if not value.isidentifier():
                raise fail("type", f"`{name}` takes a name, and {value!r} is none")
            known = self._table.get(value)
            return known[0] if known and len(known) == 1 else size_symbol(value)
        return _exact(name, value)

    # How it is shown -----------------------------------------------------------------------

    def __str__(self) -> str:
        return w.plain(self.written)

    def __repr__(self) -> str:
        measure = self._closed.measure
        if measure.name == NAMELESS:
            return str(self)
        return f"{measure.title} of {self._name}: {self}"

    @property
    def _shown(self) -> show.Shown:
        return self._closed, self.written

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else show.text([self._shown]))

    def _repr_html_(self) -> str:
        return show.html([self._shown])

    def _repr_latex_(self) -> str:
        return show.latex([self._shown])

    def _repr_markdown_(self) -> str:
        return show.markdown([self._shown])


def _exact(name: str, value: object) -> Expr:
    """A number that a size is given."""
    if isinstance(value, Expr) and not value.has(sympy.Float):
        return value
    if isinstance(value, bool) or not isinstance(value, Integral | Fraction):
        raise fail(
            "type",
            f"`{name}` takes exact numbers, and this is {value!r}",
            None,
            "give an int, or a fractions.Fraction for a ratio",
        )
    return sympy.Rational(value)


# Units -------------------------------------------------------------------------------------


def _sum_unit(one: str, other: str) -> str:
    return one if one == other or not other else other if not one else ""


def _product_unit(one: str, other: str) -> str:
    return one or other if not one or not other else ""


def _ratio_unit(one: str, other: str) -> str:
    return "" if one == other else f"{one} / {other}" if one and other else one
