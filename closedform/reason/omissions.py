"""What a formula leaves out: a few operations that make up the whole difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from sympy import Expr, Integer

from closedform import formula as w
from closedform.derive.arrange.forms import shortest
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.search import Search
from closedform.derive.cost.tree import Operation
from closedform.derive.cost.uses import Use, uses
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.exact import NoNumberError, exact
from closedform.derive.symbolic.expansion import expand

MOST = 3  # operations that are left out together

Amounts = Mapping[str, Expr]
Point = tuple[Fraction, ...]


def left_out(known: Knowledge, form: Closed, claimed: Expr) -> Amounts | None:
    """The fewest operations without which a formula is the claimed one, with what each counts.

    Those of one name are looked for together, and then each at its place.
    """
    difference = expand(form.expr - claimed)
    for named in (_names(form), _places(form)):
        for names in _sums(known, named, difference):
            found = {name: named[name] for name in names}
            if known.equal(sum(found.values(), Integer(0)), difference):
                return found
    return None


def in_words(form: Closed, omitted: Amounts) -> str:
    """What is left out, and how much that is."""
    told = (f"{name} ({w.plain(shortest(a, form.order))})" for name, a in omitted.items())
    return " and ".join(told)


def amount_of(form: Closed, use: Use) -> Expr:
    """What all uses of an operation at a place count."""
    scaling = form.measure.scaling
    if not isinstance(use.node, Operation) or not all(map(scaling.counts, use.modes)):
        return Integer(0)
    return form.rewritten(use.counted(scaling) * form.measure.of(use.node))


def by_part(form: Closed) -> dict[str, Expr]:
    """What the innermost blocks cost, and operations beside them, by their names."""
    named = ((_part(use), amount_of(form, use)) for use in _operations(form))
    return _added(named)


def _part(use: Use) -> str:
    """The block that an operation is in, a stage being none; without one the operation."""
    *around, own = use.path.split(".")
    blocks = [name for name in around if "=" not in name]
    return blocks[-1] if blocks else own


def _names(form: Closed) -> dict[str, Expr]:
    named = ((use.path.split(".")[-1], amount_of(form, use)) for use in _operations(form))
    return _added(named)


def _places(form: Closed) -> dict[str, Expr]:
    named = ((f"{use.path} (line {use.line})", amount_of(form, use)) for use in _operations(form))
    return _added(named)


def _operations(form: Closed) -> Iterator[Use]:
    return (use for use in uses(form.derivation.root) if isinstance(use.node, Operation))


def _added(amounts: Iterator[tuple[str, Expr]]) -> dict[str, Expr]:
    found: dict[str, Expr] = {}
    for name, amount in amounts:
        found[name] = expand(found.get(name, Integer(0)) + amount)
    return {name: amount for name, amount in found.items() if amount != 0}


def _sums(known: Knowledge, named: Amounts, difference: Expr) -> Iterator[tuple[str, ...]]:
    """Names whose amounts add up to the difference at a few sizes, fewest names first."""
    points = _at_points(known, [difference, *named.values()])
    if points is None:
        return
    target, *values = points
    names = list(named)
    at: dict[Point, list[int]] = {}
    for index, value in enumerate(values):
        at.setdefault(value, []).append(index)
    for chosen in _chosen(values, target, at):
        yield tuple(names[index] for index in chosen)


def _chosen(
    values: list[Point], target: Point, at: Mapping[Point, list[int]]
) -> Iterator[tuple[int, ...]]:
    """Indices in order, at most MOST of them, whose values add up to the target."""
    heads: list[tuple[tuple[int, ...], Point]] = [((), target)]
    for _ in range(MOST):
        for head, rest in heads:
            last = head[-1] if head else -1
            yield from ((*head, index) for index in at.get(rest, ()) if index > last)
        heads = [
            ((*head, index), tuple(a - b for a, b in zip(rest, values[index], strict=True)))
            for head, rest in heads
            for index in range(head[-1] + 1 if head else 0, len(values))
        ]


def _at_points(known: Knowledge, exprs: list[Expr]) -> list[Point] | None:
    """The values of expressions at a few sizes that satisfy what is known; None without any."""
    exprs = [known.base(expr) for expr in exprs]
    search = Search(known, set().union(*(expr.free_symbols for expr in exprs)))
    found = []
    for sizes in search.few():
        try:
            found.append([exact(expr, sizes) for expr in exprs])
        except NoNumberError:
            continue
    return list(zip(*found, strict=True)) if found else None
