"""Measures by their names: those of the table, work under a convention, counts, and from outside.

>>> measure("macs", "hooks").says
'multiply-accumulates of Linear and Conv layers only, as layer hooks see them'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from sympy import (
    Add,
    Basic,
    Expr,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    Symbol,
    ceiling,
    floor,
    preorder_traversal,
)

from closedform.data import dataclass
from closedform.derive.cost.tree import Node, Operation, operations
from closedform.derive.elaborate.values import Family
from closedform.derive.measures.amounts import amount_of, left_out
from closedform.derive.measures.optimizers import optimizer, optimizers
from closedform.derive.measures.rows import (
    FLOAT,
    IN_BYTES,
    OPTIMIZED,
    ROWS,
    STEPS,
    TYPED,
    USUAL,
    Measure,
    elementary,
    in_bytes,
    optimized,
    training,
    work,
)
from closedform.derive.resolve.conventions import Convention, conventions_of
from closedform.derive.resolve.dtypes import Widths
from closedform.derive.resolve.library import standard_library
from closedform.derive.resolve.modules import Module
from closedform.derive.symbolic.atoms import Gcd, Log
from closedform.errors import ClosedformError, Span, fail, suggestion
from closedform.grammar.habits import about_measure
from closedform.outside import Guarded, loaded, whose_is, wrong

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

MOVED = ("read_bytes", "written_bytes", "moved_bytes")
GROUP = "closedform.measures"  # of the entry points by which other distributions add rows
SHOWN = ("params", "macs")  # where no others are asked for


def measure(
    name: str,
    convention: str | None = None,
    span: Span | None = None,
    module: Module | None = None,
    widths: Widths | None = None,
) -> Measure:
    """The measure of a name, under the convention of the same name unless one is given.

    The conventions and counts are those that can be used in a file, without one those of the
    standard library. Raises ClosedformError for a name that is not known, and for a convention
    that counts something else.
    """
    module = module or standard_library()
    conventions = conventions_of(module)
    if name not in ROWS and name in _units(conventions):
        return work(_of_unit(name, convention, span, conventions))
    if name in STEPS:
        return training(name, _of_step(name, convention, span, conventions))
    if name in OPTIMIZED:
        return _optimized(name, convention, span, widths)
    if name in TYPED and widths is not None:
        return TYPED[name](widths)
    row = _in_bytes(name, span, widths) if name in IN_BYTES else _row(name, span, module)
    if row is None:
        raise _unknown(name, span, module)
    if convention is not None:
        raise fail("measure", f"`{name}` needs no convention", span, f"write `{name}`")
    return row


def is_measured(name: str, module: Module) -> bool:
    """Whether a name is that of a measure, which may need a convention."""
    ours = {*ROWS, *IN_BYTES, *STEPS, *OPTIMIZED, *module.counts}
    return name in ours or name in _units(conventions_of(module)) or name in _from_outside()


def _units(conventions: Mapping[str, Convention]) -> set[str]:
    """The names of the measures that need a convention."""
    return {row.unit.lower() for row in conventions.values()}


def _of_unit(
    name: str, convention: str | None, span: Span | None, conventions: Mapping[str, Convention]
) -> Convention:
    """The convention of a name, which must count what is measured."""
    chosen = name if convention is None else convention
    row = conventions.get(chosen)
    if row is not None and row.unit.lower() == name:
        return row
    if row is not None:
        right = row.unit.lower()
        raise fail(
            "measure",
            f"the convention `{chosen}` counts {row.unit}",
            span,
            f"write `{right} under {chosen}`" if span else f"ask for `{right}` under it",
        )
    if convention is None:
        fitting = [f"`{name} under {n}`" for n, r in conventions.items() if r.unit.lower() == name]
        raise fail("measure", f"`{name}` needs a convention", span, f"write {' or '.join(fitting)}")
    raise _no_convention(chosen, span, conventions)


def _no_convention(
    chosen: str, span: Span | None, conventions: Mapping[str, Convention]
) -> ClosedformError:
    return fail(
        "measure",
        f"there is no convention `{chosen}`",
        span,
        suggestion(chosen, conventions) or "there are " + ", ".join(sorted(conventions)),
    )


def _of_step(
    name: str, convention: str | None, span: Span | None, conventions: Mapping[str, Convention]
) -> Convention:
    """The convention of the work of a training step, which may be any."""
    chosen = convention or USUAL
    if chosen not in conventions:
        raise _no_convention(chosen, span, conventions)
    return conventions[chosen]


def _row(name: str, span: Span | None, module: Module) -> Measure | None:
    """The row of a measure that needs no convention."""
    if name in ROWS:
        return ROWS[name]
    if name in module.counts:
        return elementary(name)
    outside = _from_outside()
    return _loaded(outside[name], span) if name in outside else None


def _in_bytes(name: str, span: Span | None, widths: Widths | None) -> Measure:
    """The row of what is counted in bytes, for which a file or the caller states the types."""
    if widths is None:
        raise _untyped(name, span)
    if name in MOVED and widths.type("cache") != widths.type("activations"):
        raise fail(
            "dtype",
            f"`{name}` does not tell what is read of caches from what else is read",
            span,
            "give caches and activations one type",
        )
    return in_bytes(name, widths)


def _untyped(name: str, span: Span | None) -> ClosedformError:
    help = "write `dtype bf16` in the file, or ask with --dtype bf16"
    return fail("dtype", f"`{name}` needs the type of elements", span, help)


def _optimized(name: str, under: str | None, span: Span | None, widths: Widths | None) -> Measure:
    """The row of what is counted with an optimizer."""
    if under is None:
        each = " or ".join(f"`{name} under {key}`" for key in optimizers())
        raise fail("measure", f"`{name}` needs an optimizer", span, f"write {each}")
    if widths is None and name != "updates":
        raise _untyped(name, span)
    return optimized(name, optimizer(under, span), widths or FLOAT)


def _from_outside() -> dict[str, EntryPoint]:
    """The measures of other distributions, none of them loaded."""
    from importlib.metadata import entry_points  # slow, and seldom needed

    return {point.name: point for point in entry_points(group=GROUP)}


def _loaded(point: EntryPoint, span: Span | None) -> Measure:
    """The row of another distribution, whose mistakes are told as its own."""
    row, whose = loaded("measure", point, Measure), whose_is("measure", point)
    if row.name != point.name:
        raise wrong("measure", f"{whose} is a row of another name, `{row.name}`")
    try:
        row.reason.format(name="", line="", file="")
    except (LookupError, ValueError) as error:
        raise wrong("measure", f"the reason of {whose} cannot be filled in: {error!r}") from error
    if not callable(row.amount):
        return row
    exact = "an exact SymPy expression in the sizes of the operation"
    return replace(row, amount=Guarded("measure", whose, row.amount, _is_exact, exact))


def _is_exact(amount: object, operation: Operation) -> bool:
    """Whether an amount is made of rational numbers and sizes of the operation, by operations that
    can be told."""
    if isinstance(amount, int):
        return not isinstance(amount, bool)
    known = (Symbol, Rational, Add, Mul, Pow, *_FUNCTIONS)
    return (
        isinstance(amount, Expr)
        and all(isinstance(part, known) for part in preorder_traversal(amount))
        and amount.free_symbols <= _sizes_of(operation)
    )


def _sizes_of(operation: Operation) -> set[Symbol]:
    """Every size that an operation has to do with."""
    found = [*operation.counts.values(), *chain(*operation.inputs, *operation.outputs)]
    for value in operation.names.values():
        items = value.symbols if isinstance(value, Family) else value
        found += items if isinstance(items, tuple) else (items,)
    return {s for value in found if isinstance(value, Basic) for s in value.free_symbols}


_FUNCTIONS = (floor, ceiling, Min, Max, Gcd, Log)


def _unknown(name: str, span: Span | None, module: Module) -> ClosedformError:
    own = [*ROWS, *IN_BYTES, *STEPS, *OPTIMIZED]
    totals = [*own, *sorted(_units(conventions_of(module))), *sorted(_from_outside())]
    counts = sorted({*module.counts} - {*totals})
    near = about_measure(name) or suggestion(name, {*counts, *totals})
    rest = f"each count of an operation is measured too: {', '.join(counts)}"
    return fail(
        "measure",
        f"`{name}` is not measured",
        span,
        near or f"there are {', '.join(totals)}",
        *([] if near else [rest]),
    )


@dataclass(frozen=True)
class Omitted:
    """What a convention leaves out of an operation; `whole` says that it counts nothing of it.

    `kind` is that of the operation where others of its name are counted in another way.
    """

    operation: Operation
    counts: tuple[str, ...]
    whole: bool
    kind: str | None = None


def omitted(root: Node, convention: Convention) -> list[Omitted]:
    """What a convention leaves out, by the name and the kind of operations, as it is met."""
    met = operations(root)
    found: dict[str, dict[str, list[Operation]]] = {}
    for node in met:
        found.setdefault(node.name, {}).setdefault(node.kind, []).append(node)
    left = [(n.name, n.kind) for n in met if left_out(convention.rule(n.kind), n)]
    rows: dict[tuple[str, str | None], Omitted] = {}
    for name, kind in dict.fromkeys(left):
        kinds = {k: _omitted(alike, convention) for k, alike in found[name].items()}
        same = len({(row.counts, row.whole) for row in kinds.values()}) == 1
        told = None if same else kind
        rows.setdefault((name, told), replace(kinds[kind], kind=told))
    return list(rows.values())


def _omitted(alike: Sequence[Operation], convention: Convention) -> Omitted:
    """What is left out of operations of one name and kind."""
    rule = convention.rule(alike[0].kind)
    counts = dict.fromkeys(count for node in alike for count in left_out(rule, node))
    whole = all(amount_of(rule, node) == 0 for node in alike)
    return Omitted(alike[0], tuple(counts), whole)
