"""Blocks in their own sizes: each is told once, and its sizes are put in where it is used.

A block is elaborated again with a size for each of its parameters. What it counts so, with the
sizes of a use put in, must be what that use counts: a use for which this is not proved, and a block
that is longer in its own sizes than in those of its uses, are told as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.cost import tree as cost
from closedform.derive.cost.movement import folded
from closedform.derive.elaborate.model import elaborate
from closedform.derive.elaborate.shapes import REST, names_bound
from closedform.derive.elaborate.values import Tensor
from closedform.derive.resolve.modules import Entity, Module
from closedform.derive.solve.closed import Closed, closed
from closedform.derive.symbolic.atoms import put_in
from closedform.derive.symbolic.symbols import size_symbol
from closedform.derive.trace.lines import Reason, commas, equalities, nodes_of, own
from closedform.errors import ClosedformError
from closedform.grammar import tree
from closedform.grammar.traverse import names_in

LONGER = Fraction(3, 2)  # as much longer a formula may be in a block's own sizes than in all uses
# What axes that a block passes on as they are, `...`, are called: the first that it does not name.
PASSED_ON = {0: ("",), 1: ("n", "m", "t"), 2: ("h w", "i j")}


@dataclass(frozen=True, eq=False)
class OwnBlock:
    """A block in its own sizes; `given` are those of its parameters that its uses give."""

    form: Closed
    given: Mapping[str, Any]

    @property
    def names(self) -> Mapping[str, Any]:
        """What its parameters, and the names in their shapes, stand for."""
        return self.form.derivation.root.names

    @property
    def declaration(self) -> tree.Block:
        return self.form.derivation.root.declaration

    def sizes(self, use: cost.Sequence, form: Closed) -> dict[Symbol, Expr] | None:
        """The sizes of a use, by those of the block; None where it does not count the same.

        `form` is the closed form of what it is used in.
        """
        sizes: dict[Symbol, Expr] = {}
        rests: list[tuple[Expr, Expr]] = []
        for name, size in self.names.items():
            if not _pair(size, use.names.get(name, ()), sizes, rests):
                return None
        known = form.derivation.known
        base = {symbol: known.base(size) for symbol, size in sizes.items()}
        if not all(known.equal(put_in(one, base), other) for one, other in rests):
            return None
        facts = self.form.derivation.facts
        if not all(known.decide(put_in(fact.condition, base)) for fact in facts):
            return None
        counted = put_in(self.form.base, base)
        return sizes if known.equal(counted, known.base(form.of(use))) else None

    def put_in(self, sizes: Mapping[Symbol, Expr], say: Callable[[Expr], w.Written]) -> Reason:
        """The sizes of a use that the formula of the block has, those that are equal together."""
        found: dict[w.Written, list[w.Written]] = {}
        for symbol, size in sizes.items():
            if symbol in self.form.sizes and symbol != size:
                found.setdefault(say(size), []).append(own(symbol.name))
        pairs = [((*those,), size) for size, those in found.items()]
        return commas(equalities(pairs, self.declaration.name.name))


def _pair(own: Any, other: Any, sizes: dict[Symbol, Expr], rests: list[tuple[Expr, Expr]]) -> bool:
    """Note which size stands for which; False where values are not of one kind.

    `rests` are sizes of the block that are made of others, with what they must be.
    """
    if isinstance(own, Tensor) or isinstance(other, Tensor):
        both = isinstance(own, Tensor) and isinstance(other, Tensor)
        return both and _pair(own.shape, other.shape, sizes, rests)
    if isinstance(own, tuple):
        alike = isinstance(other, tuple) and len(own) == len(other)
        return alike and all(_pair(*pair, sizes, rests) for pair in zip(own, other, strict=True))
    if not isinstance(own, Expr):
        return bool(own == other)
    if not isinstance(other, Expr):
        return False
    if isinstance(own, Symbol) and own not in sizes:
        sizes[own] = other
    else:
        rests.append((own, other))
    return True


class OwnBlocks:
    """The blocks of a closed form in their own sizes, elaborated when they are first asked for."""

    def __init__(self, form: Closed) -> None:
        self.form = form
        root = form.derivation.root
        self.uses: dict[int, list[cost.Sequence]] = {}
        for node in cost.nodes(root):
            if isinstance(node, cost.Sequence) and node is not root:
                self.uses.setdefault(id(node.declaration), []).append(node)
        self.entities = {id(e.declaration): e for e in _entities(form.derivation.entity.module)}
        self.found: dict[int, OwnBlock | None] = {}

    def of(self, use: cost.Sequence) -> OwnBlock | None:
        """The block of a use in its own sizes; None where it is told in those of its uses."""
        key = id(use.declaration)
        if key not in self.found:
            self.found[key] = self._block(self.entities.get(key), self.uses.get(key, []))
        return self.found[key]

    def _block(self, entity: Entity | None, uses: list[cost.Sequence]) -> OwnBlock | None:
        given = _given(entity, uses, self.form) if entity is not None else None
        if entity is None or given is None:
            return None
        try:
            form = as_told(closed(elaborate(entity, given=given), self.form.measure))
        except ClosedformError:  # a block may have no meaning but in the sizes of its uses
            return None
        block = OwnBlock(form, given)
        those = [use for use in uses if block.sizes(use, self.form) is not None]
        unlike = {self._anywhere(self.form.of(use)): use for use in those}
        length = sum(_length(self.form, use) for use in unlike.values())
        fits = _length(form, form.derivation.root) <= LONGER * length
        return block if fits and not _has_cases(form.derivation.root) else None

    def _anywhere(self, expr: Expr) -> Expr:
        """An expression whose sizes of a stage are those of any."""
        families = self.form.derivation.stage_symbols
        return expr.xreplace({s: Symbol(family) for s, (family, _) in families.items()})


def _has_cases(root: cost.Node) -> bool:
    """Whether a shape depends on the branch that is taken, which no reader could follow."""
    shapes = (shape for part in cost.operations(root) for shape in (*part.inputs, *part.outputs))
    return any(size.has(sympy.Piecewise) for shape in shapes for size in shape)


def as_told(form: Closed) -> Closed:
    """A closed form as it is told: a fused block is one part only where that is measured."""
    if form.measure.scaling.counts("fused"):
        return form
    root = folded(form.derivation.root)
    return replace(form, derivation=replace(form.derivation, root=root))


def _length(form: Closed, node: cost.Node) -> int:
    """How long the formula of a part is: the sizes, numbers and functions in it."""
    found = forms.shorter(form.stated(node), form.of(node), form.order)
    kinds = (w.Symbol, w.Number, w.Function, w.Condition)
    return sum(isinstance(part, kinds) for part in nodes_of(found))


def _given(entity: Entity, uses: list[cost.Sequence], form: Closed) -> dict[str, Any] | None:
    """What the uses of a block have in common; None where they differ in more than sizes."""
    assert isinstance(entity.declaration, tree.Block)
    found: dict[str, Any] = {}
    for parameter in entity.declaration.parameters:
        name = parameter.name.name
        values = [use.given[name] for use in uses if name in use.given]
        if parameter.shape is not None or not values:
            continue
        alike = len(values) == len(uses) and all(value == values[0] for value in values)
        if alike and not (isinstance(values[0], Expr) and values[0].free_symbols):
            found[name] = values[0]
        elif all(isinstance(value, Expr) for value in values):
            found[name] = None
        else:
            return None
    free = [name for name, value in found.items() if value is None]
    ranks = {len(use.names.get(REST[0], ())) for use in uses}
    taken = names_in(entity.declaration) | entity.module.names.keys()
    if len(ranks) != 1 or any(use.names.get(REST[1]) for use in uses):
        return None
    for names in map(str.split, PASSED_ON.get(ranks.pop(), ())):
        if not taken & {*names}:
            found.update(_squares(entity.declaration, free, uses, form))
            return {**found, REST[0]: tuple(map(size_symbol, names))}
    return None


def _squares(
    block: tree.Block, sizes: Collection[str], uses: list[cost.Sequence], form: Closed
) -> Iterator[tuple[str, Expr]]:
    """The axes that are the square of a size in every use: the n tokens of a map of that side."""
    equal = form.derivation.known.equal
    for axis in dict.fromkeys(name for p in block.parameters for name in _bound(p)):
        for side in sizes:
            pairs = [(use.names[axis], use.names[side]) for use in uses]
            if all(equal(one, other**2) for one, other in pairs):
                yield axis, size_symbol(side) ** 2
                break


def _bound(parameter: tree.Parameter) -> Iterable[str]:
    return names_bound(parameter.shape) if parameter.shape else ()


def _entities(module: Module) -> Iterator[Entity]:
    """Every declaration of a file, and of those that it imports from."""
    seen: set[int] = set()
    waiting = [module]
    while waiting:
        other = waiting.pop()
        if id(other) not in seen:
            seen.add(id(other))
            yield from other.names.values()
            waiting += [entity.module for entity in other.names.values()]
