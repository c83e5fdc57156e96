"""The lines of an operation that state its backward pass name what there is."""

from __future__ import annotations

from collections.abc import Collection

from closedform.derive.resolve.builtin import MASKED, QUANTITIES
from closedform.errors import fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show

WEIGHT, ROWS = "weight", "rows"


def check_backward(declaration: tree.Op, counts: Collection[str]) -> None:
    """Refuse a line `gradient`, `keep` or `view` that names what is not there."""
    taken = [p.name.name for p in declaration.parameters if p.shape is not None]
    given = [output.name.name for output in declaration.outputs]
    stated: set[str] = set()
    for line in declaration.body:
        match line:
            case tree.Gradient():
                _check_name(line.by, [*taken, WEIGHT], "a gradient is by an input, or by `weight`")
                if line.by.name in stated:
                    message = f"the gradient by `{line.by.name}` is stated twice"
                    raise fail("count", message, line.span, "write its counts on one line")
                stated.add(line.by.name)
                for count in line.counts or ():
                    known = {MASKED, *set(counts) - QUANTITIES}
                    _check_name(count.name, known, "it is no kind of count")
            case tree.Keep():
                for name in line.needed:
                    what = "what is kept is for a gradient, by an input or by `weight`"
                    _check_name(name, [*taken, WEIGHT], what)
                if line.unit is None:
                    _check_tensor(line, [*taken, *given])
            case tree.View():
                _check_name(line.of, taken, "the results can be views of an input")


def _check_name(name: tree.Name, known: Collection[str], why: str) -> None:
    if name.name not in known:
        near = suggestion(name.name, known) or f"there are {', '.join(sorted(known))}"
        raise fail("name", f"`{name.name}` has no place here: {why}", name.span, near)


def _check_tensor(line: tree.Keep, known: Collection[str]) -> None:
    """What is kept without a unit is a tensor, or its rows."""
    what = line.what
    if isinstance(what, tree.Call) and what.function.name == ROWS and len(what.arguments) == 1:
        what = what.arguments[0].value
    if isinstance(what, tree.Name) and what.name in known:
        return
    shown = show(line.what)
    raise fail(
        "type",
        f"`{shown}` is no tensor that the operation takes or gives",
        line.what.span,
        f"an amount has a unit: `keep {shown} elements`, or `keep {shown} bytes`",
    )
