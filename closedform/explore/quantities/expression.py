"""A closed form as a value: what it is, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from sympy import Expr, Symbol

from closedform import formula as w
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import staying
from closedform.derive.solve.made import NAMELESS, Made
from closedform.explore import show
from closedform.explore.kept import Kept
from closedform.explore.quantities.sizes import Sizes
from closedform.render.formulas.latex import latex
from closedform.render.report.signs import signed


class Expression(Kept):
    """A closed form of a model or a block; `also` are the others of which it is made too."""

    _kind: ClassVar[str] = "a formula"
    _instead: ClassVar[str] = "send what `.function` gives, or the text of `.export`"

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
    def _sizes(self) -> Sizes:
        return Sizes(self._closed.derivation)

    def _elsewhere(self, name: str) -> str | None:
        if name == "plot":
            return 'pictures are `.plot_map({"N": (16, 4096), "D": (192, 1536)})` and `plot_over`'
        if hasattr(self.expr, name):
            return f"the expression of SymPy has it: `.expr.{name}`"
        return None

    # Others that are made of it ------------------------------------------------------------

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

    # How it is shown -----------------------------------------------------------------------

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def _latex(self, printer: object) -> str:
        """For `sympy.latex`."""
        return self.latex

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
        inside = len(printer.stack) > 1  # of a list, a dict: there its line alone
        printer.text(repr(self) if inside or cycle else show.text([self._shown]))

    def _repr_html_(self) -> str:
        return show.html([self._shown])

    def _repr_latex_(self) -> str:
        return show.latex([self._shown])

    def _repr_markdown_(self) -> str:
        return show.markdown([self._shown])
