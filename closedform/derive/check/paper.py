"""A formula of a paper: what its symbols are in the names of a file."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Dummy, Expr

from closedform.data import dataclass
from closedform.derive.check.printed import printed_sizes
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.values import Family, Scope
from closedform.derive.measures.lookup import is_measured
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.expansion import expand
from closedform.errors import ClosedformError, Span, fail
from closedform.grammar import tree
from closedform.grammar.latex import Mapped
from closedform.grammar.traverse import names_in, parts_of


@dataclass(frozen=True)
class Paper:
    """How a formula is meant: `mapped` are symbols of the paper.

    Where a product of symbols is mapped, all but the first stay open, and must cancel. One that is
    `pasted` has no names but those that are mapped and sizes.
    """

    mapped: tuple[Mapped, ...] = ()
    pasted: bool = False

    def scope(
        self, context: Context, scope: Scope, formula: tree.Expression, form: Closed
    ) -> Scope:
        """The names of a formula: what is mapped, and what others are printed for."""
        inner = scope.inner()
        for mapped in self.mapped:
            value = context.size(mapped.value, scope)
            first, *others = mapped.names
            for name in others:
                symbol = Dummy(name.name, integer=True, positive=True)
                value = value / symbol
                _give(inner, name, symbol)
            _give(inner, first, value)
        if self.pasted:
            printed = printed_sizes(form)
            for name in _names(formula):
                if not _is_size(context, inner, name.name) and name.name in printed:
                    inner.names[name.name] = printed[name.name]
        return inner

    def size(self, context: Context, scope: Scope, formula: tree.Expression) -> Expr:
        """The value of a formula, in the sizes of the file; the scope has all its names."""
        for name in _names(formula) if self.pasted else ():
            if not _is_size(context, scope, name.name):
                raise self._unknown(context, scope, name)
        return self._closed(context.size(formula, scope), scope, formula.span)

    def _closed(self, size: Expr, scope: Scope, span: Span) -> Expr:
        """A value in which the products that are mapped have no open symbol left."""
        several = [mapped for mapped in self.mapped if len(mapped.names) > 1]
        for mapped in several:
            size = expand(size)
            if size.free_symbols & {scope.find(name.name) for name in mapped.names[1:]}:
                raise self._alone(mapped, span)
        return size

    def _unknown(self, context: Context, scope: Scope, name: tree.Name) -> ClosedformError:
        of_paper = {symbol.name for mapped in self.mapped for symbol in mapped.names}
        measures = {
            n for n in names_in(tuple(m.value for m in self.mapped)) if is_measured(n, scope.module)
        }
        known = dict.fromkeys([*scope.all_names(), *scope.module.names])
        sizes = [
            other
            for other in known
            if other not in of_paper | measures
            and isinstance(context.names.find(other, scope), Expr | Family)
        ]
        alike = [size for size in sizes if size.lower() == name.name.lower()]
        meant = alike or sizes  # one alone, else it would be a guess
        return fail(
            "name",
            f"`{name.name}` is no size here",
            name.span,
            f"say in the map what it is: `{name.name} = {meant[0] if len(meant) == 1 else '...'}`",
            f"the sizes are {', '.join(sizes)}",
        )

    def _alone(self, mapped: Mapped, span: Span) -> ClosedformError:
        names = [name.name for name in mapped.names]
        product = " ".join(names)
        return fail(
            "claim",
            f"{' or '.join(f'`{name}`' for name in names)} stands alone here, and the map "
            f"gives `{product}` only",
            span,
            f"map each of them to a size of the file, `{names[0]} = ...`",
        )


OWN = Paper()  # a formula of the file itself


def _give(scope: Scope, name: tree.Name, value: Expr) -> None:
    if name.name in scope.names:
        raise fail(
            "claim",
            f"`{name.name}` is mapped twice",
            name.span,
            "map it once; that two sizes are one is a condition, `--when 'h == w'`",
        )
    scope.names[name.name] = value


def _names(formula: tree.Expression) -> Iterator[tree.Name]:
    """The names of sizes in a formula, without functions and the indices of its sums."""
    parts = list(parts_of(formula))
    calls = [part for part in parts if isinstance(part, tree.Call)]
    functions = {id(call.function) for call in calls}
    indices = {c.arguments[0].value for c in calls if c.function.name == "sum"}
    for part in parts:
        if isinstance(part, tree.Name) and id(part) not in functions and part not in indices:
            yield part


def _is_size(context: Context, scope: Scope, name: str) -> bool:
    return isinstance(context.names.find(name, scope), Expr)
