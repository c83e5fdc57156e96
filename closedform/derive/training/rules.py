"""What an operation says of its backward pass: its gradients, and what it keeps for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.cost.flow import Contracted, Inverse, Regrouped, Selected
from closedform.derive.cost.tree import Operation, Shape
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.model import new_context
from closedform.derive.elaborate.values import Scope
from closedform.derive.resolve.backward import ROWS, WEIGHT
from closedform.derive.resolve.builtin import MASKED
from closedform.derive.resolve.modules import Module
from closedform.errors import fail
from closedform.grammar import tree

MATRICES = "matrices"
Of: TypeAlias = int | str  # the place of an input, or the weight


@dataclass(frozen=True)
class Keep:
    """What is kept for some gradients, under a condition: the tensor at a place among what the
    operation takes and gives, or elements and bytes of its own.

    A tensor is kept as a matrix of `rows`, as a stack of `matrices`, or as it lies.
    """

    needed: frozenset[Of]
    place: int | None = None
    form: str = ""
    elements: Expr = sympy.S.Zero
    bytes: Expr = sympy.S.Zero
    condition: Boolean = sympy.true


@dataclass(frozen=True)
class Rule:
    """The gradients that an operation has, and what it keeps.

    A gradient that is None does not exist. `view` is the place of the input whose storage the
    results have.
    """

    operation: Operation
    gradients: Mapping[Of, Mapping[str, Expr] | None]
    keeps: tuple[Keep, ...] = ()
    view: int | None = None
    names: tuple[str, ...] = ()

    def passes(self, of: Of) -> bool:
        """Whether a gradient by something goes on to it."""
        return self.gradients.get(of, {}) is not None

    def gradient(self, of: Of) -> Mapping[str, Expr]:
        """The work of a gradient; refuses one that is not stated."""
        found = self.gradients.get(of)
        if found is not None:
            return found
        declaration = self.operation.declaration
        assert declaration is not None
        name = of if isinstance(of, str) else self.names[of]
        raise fail(
            "training",
            f"`{self.operation.name}` does not say what its gradient by `{name}` takes",
            declaration.span,
            f"add a line to it, such as `gradient {name}: mac = mac`; "
            f"`gradient {name}: 0` takes no work, and `keep x` states what it needs",
        )


def rule_of(operation: Operation) -> Rule:
    """What an operation says of its backward pass."""
    if operation.declaration is not None:
        return _declared(operation, operation.declaration)
    return _built_in(operation)


# Of the language itself --------------------------------------------------------------------


def _built_in(operation: Operation) -> Rule:
    does, inputs = operation.does, operation.inputs
    if operation.name == "param":
        return Rule(operation, {WEIGHT: {}})
    if isinstance(does, Selected | Regrouped):
        return Rule(operation, {0: {}}, view=0)
    if isinstance(does, Contracted):
        if "mac" not in operation.counts:
            return _of_elements(operation, "mul")
        work = {n: c for n, c in operation.counts.items() if n in ("mac", MASKED)}
        keeps = (Keep(frozenset({1}), 0, MATRICES), Keep(frozenset({0}), 1, MATRICES))
        return Rule(operation, {0: work, 1: work}, keeps)
    if operation.kind == "elementwise":
        return _of_elements(operation, next(iter(operation.counts)))
    if operation.name in ("concat", "einsum"):
        return Rule(operation, {at: {} for at in range(len(inputs))})
    raise TypeError(f"no backward pass of {operation.name}")


def _of_elements(operation: Operation, sign: str) -> Rule:
    """Sums, products and quotients; the gradient by what was broadcast is a sum over it."""
    (result,), inputs = operation.outputs, operation.inputs
    size = sympy.Mul(*result)
    each: list[dict[str, Expr]] = [{} for _ in inputs]
    keeps: tuple[Keep, ...] = ()
    first, second = frozenset({0}), frozenset({1})
    if sign == "mul":
        each = [{"mul": size} for _ in inputs]
        if len(inputs) == 2:
            keeps = (Keep(second, 0), Keep(first, 1))
    elif isinstance(operation.does, Inverse):
        each = [{"mul": 3 * size}]
        keeps = (Keep(first, elements=size),)
    elif sign == "div":
        each = [{"div": size}, {"mul": 2 * size, "div": 2 * size}][: len(inputs)]
        if len(inputs) == 2:
            keeps = (Keep(second, 0), Keep(first | second, 1))
    for counts, shape in zip(each, inputs, strict=True):
        summed = size - sympy.Mul(*shape)
        if summed != 0:
            counts["add"] = summed
    return Rule(operation, dict(enumerate(each)), keeps)


# Declared ----------------------------------------------------------------------------------


def tensor_names(declaration: tree.Op) -> tuple[str, ...]:
    """The tensors that an operation takes, and then those that it gives."""
    takes = (p.name.name for p in declaration.parameters if p.shape is not None)
    return (*takes, *(output.name.name for output in declaration.outputs))


def viewed(operation: Operation) -> int | None:
    """The place of the input whose storage the results of a declared operation have."""
    if operation.declaration is None:
        return None
    names = tensor_names(operation.declaration)
    views = (line for line in operation.declaration.body if isinstance(line, tree.View))
    return next((names.index(line.of.name) for line in views), None)


def shapes_of(operation: Operation) -> tuple[Shape, ...]:
    """The shapes of what an operation takes, as its parameters stand, and of what it gives."""
    if operation.declaration is None:
        return operation.inputs + operation.outputs
    return tuple(operation.names[name].shape for name in tensor_names(operation.declaration))


def _declared(operation: Operation, declaration: tree.Op) -> Rule:
    """What the lines of a declaration say. They rest on no assumption, so a floor stays a floor."""
    nowhere = Module("", tree.File(None, ()), None)
    context = new_context(nowhere, generic=True)
    scope = Scope(nowhere, names={**operation.counts, **operation.names})
    names = tensor_names(declaration)
    taken = len(names) - len(declaration.outputs)
    gradients: dict[Of, dict[str, Expr] | None] = {}
    keeps: list[Keep] = []

    def place(name: str) -> Of:
        return names.index(name) if name in names[:taken] else WEIGHT

    for line in declaration.body:
        match line:
            case tree.Gradient():
                counts = line.counts
                gradients[place(line.by.name)] = (
                    None
                    if counts is None
                    else {c.name.name: context.size(c.value, scope, "a count") for c in counts}
                )
            case tree.Keep():
                of = frozenset(place(name.name) for name in line.needed)
                conditions = (context.condition(c, scope) for c in line.conditions)
                kept = Keep(of, condition=sympy.And(*conditions))
                keeps.append(_kept(context, scope, line, names, kept))
    return Rule(operation, gradients, tuple(keeps), viewed(operation), names)


def _kept(
    context: Context, scope: Scope, line: tree.Keep, names: tuple[str, ...], kept: Keep
) -> Keep:
    """A line `keep`: a tensor, as a matrix of rows perhaps, or an amount with its unit."""
    what = line.what
    if line.unit == "elements":
        return replace(kept, elements=context.size(what, scope, "what is kept"))
    if line.unit == "bytes":
        return replace(kept, bytes=context.size(what, scope, "what is kept"))
    form = ""
    if isinstance(what, tree.Call) and what.function.name == ROWS:
        form, what = ROWS, what.arguments[0].value
    assert isinstance(what, tree.Name)  # that is checked when the operation is used
    return replace(kept, place=names.index(what.name), form=form)
