"""An exact closed form, to print and to compute with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Self, TypeAlias

from sympy import Expr, Symbol

from closedform.checked import all_checked
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.along import Along, along
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express
from closedform.derive.solve.given import (
    check_lets,
    dims_values,
    parted,
    refuse_own_sizes,
    refuse_twice,
)
from closedform.derive.solve.made import (
    Made,
    joined,
    joined_order,
    nameless,
    over,
    substituted,
    written_out,
)
from closedform.derive.solve.numbers import evaluate, settle, value_of
from closedform.errors import fail
from closedform.explore import show
from closedform.explore.quantities.arithmetic import Arithmetic
from closedform.explore.terms import Terms, terms_of

Given: TypeAlias = "int | Fraction | Expr | str | Quantity | Sequence[int]"


@all_checked
class Quantity(Arithmetic):
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

    # What it is made of --------------------------------------------------------------------

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

    def subs(self, sizes: Mapping[str | Symbol, Given] | None = None, /, **named: Given) -> Self:
        """The formula with sizes replaced: by numbers, by formulas, or by other names.

        An abbreviation can be replaced as well, and a symbol of SymPy stands for its name. Raises
        ClosedformError for a name that the formula does not know, and where what is assumed can
        then not hold.

        >>> from closedform.api import zoo
        >>> print(zoo("vit")["MLP"].params.subs(d="D", hidden=3072))
        6145 D + 3072
        """
        values: dict[Symbol, Expr] = {}
        formulas: list[Quantity] = []
        table = self._sizes.table
        for key, value in [*(sizes or {}).items(), *named.items()]:
            name = key.name if isinstance(key, Symbol) else key
            if name not in table:
                raise self._sizes.unknown(name)
            if values.keys() & {*table[name]}:
                raise fail("argument", f"`{name}` is given twice")
            several = value if isinstance(value, list | tuple) else [value] * len(table[name])
            if len(several) != len(table[name]):
                count = "one element" if len(table[name]) == 1 else f"{len(table[name])} elements"
                raise fail("argument", f"`{name}` has {count}, and {len(several)} are given")
            for symbol, one in zip(table[name], several, strict=True):
                formulas += [one] if isinstance(one, Quantity) else []
                given = one.expr if isinstance(one, Quantity) else one
                values[symbol] = self._sizes.replacement(name, given)
        made = substituted(self._closed, values)
        if formulas:
            derivation = joined([made.derivation, *(f._closed.derivation for f in formulas)])
            order = joined_order([made.order, *(f._closed.order for f in formulas)])
            made = replace(made, derivation=derivation, arranged=order)
        also = [origin for formula in formulas for origin in formula._origins]
        return type(self)(self._project, self._entity, made, self._form, (*self._origins, *also))

    def over(self, size: str, first: Given, count: Given) -> Self:
        """The sum over a size that takes `count` numbers from `first` on, in closed form.

        A whole answer, of which each token sees one that is kept more:

        >>> from closedform.api import zoo
        >>> token = zoo("decoding")["Grouped"].macs.subs(n=1)
        >>> print(token.over("kept", "P", "A"))
        e A (heads (2 d + 2 P + A + 1) + 2 d groups)
        """
        symbol = self._sizes.symbol(size)
        for one in (first, count):
            if isinstance(one, Quantity):
                refuse_own_sizes(self._closed.derivation, one._closed.derivation)
        low, many = (
            self._sizes.replacement(size, one.expr if isinstance(one, Quantity) else one)
            for one in (first, count)
        )
        made = over(self._closed, symbol, low, many)
        return type(self)(self._project, self._entity, made, self._form, self._origins)

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
        if "preset" in sizes:
            raise fail("argument", "`at` takes a preset first", None, 'write .at("...", N=...)')
        form, values = self._settled(form, presets, sizes)
        if isinstance(self._closed, Made):
            value = value_of(form, values)
            return int(value) if value.denominator == 1 else value
        return evaluate(form, values)

    def _settled(
        self,
        form: Closed,
        presets: Sequence[str],
        sizes: Mapping[str, object],
        asked: Symbol | None = None,
    ) -> tuple[Closed, dict[Symbol, Expr]]:
        """A closed form with the abbreviations that are given put in, and the numbers of the other
        sizes but for one that is asked for."""
        lets, dims = parted(form.derivation, sizes)
        values: dict[Symbol, Expr] = {}
        for title in presets:
            for symbol, value in self._values_of(title).items():
                if values.setdefault(symbol, value) != value:
                    raise fail(
                        "preset",
                        f"`{symbol}` is {values[symbol]} at one of these presets, and {value} at "
                        f"{title!r}",
                        None,
                        f"give it one value, `{symbol}=...`, or compute with the numbers of each "
                        'formula, `.at("...")`',
                    )
        values.update(dims)
        for table in (values, dims, lets) if asked is not None else ():
            table.pop(asked, None)
        if not lets:
            return form, values
        rest = substituted(form, lets)
        check_lets(form, rest, lets, dims, values, asked)
        return rest, values

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
        values = self._values_of(preset) if preset is not None else {}
        return {**values, **dims_values(self._closed.derivation, sizes)}

    # In one size ---------------------------------------------------------------------------

    def _along(self, name: str, preset: str | None, sizes: Mapping[str, Any]) -> Along:
        form, values = self._apart(name, preset, sizes)
        return along(form, name, values)

    def _apart(
        self, name: str, preset: str | None, sizes: Mapping[str, Any]
    ) -> tuple[Closed, dict[Symbol, Expr]]:
        """The closed form, and the numbers of all sizes but for the one that is asked for."""
        presets = [] if preset is None else [preset]
        return self._settled(self._at(preset), presets, sizes, self._sizes.symbol(name))

    def _refuse_given(self, name: str, sizes: Mapping[str, Any]) -> None:
        """Raises ClosedformError where a size is asked for, and given too."""
        lets, dims = parted(self._closed.derivation, sizes)
        refuse_twice([self._sizes.symbol(name)], (*lets, *dims))

    def _number_of(self, name: str, preset: str | None, sizes: Mapping[str, Any]) -> int:
        """What a size or an abbreviation is at a preset, or as it is given."""
        derivation, symbol = self._closed.derivation, self._sizes.symbol(name)
        lets, dims = parted(derivation, sizes)
        if symbol in lets:
            return int(lets[symbol])
        settled = settle(derivation, {**self._values(preset, {}), **dims})
        value = derivation.known.base(symbol).xreplace(settled)
        if not value.is_Integer:
            raise fail(
                "unbound", f"`{name}` has no value", None, f"name a preset, or give {name}=..."
            )
        return int(value)
