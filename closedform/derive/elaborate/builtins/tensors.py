"""Tensors in the language itself: einsum, rearrange, concat, split, param; shapes in einops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy
from sympy import Expr, Integer

from closedform.derive.cost import tree as costs
from closedform.derive.cost.flow import Contracted, Does, Regrouped, Selected
from closedform.derive.elaborate.builtins.arguments import Arguments
from closedform.derive.elaborate.builtins.patterns import Side, parse_einsum, parse_pattern
from closedform.derive.elaborate.context import Context, flow
from closedform.derive.elaborate.hints import differing, remedy
from closedform.derive.elaborate.layouts import of_elements
from closedform.derive.elaborate.values import Tensor, Value, as_size, read_once, say_kind
from closedform.derive.resolve.builtin import MASKED, USAGE
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail, suggestion


def param(arguments: Arguments) -> Tensor:
    context, span = arguments.context, arguments.span
    shape = _shape(arguments, "a parameter")
    counts = {"params": sympy.Mul(*shape)}
    node: costs.Node = costs.Operation("param", arguments.kind(), counts, (), (shape,))
    result: Tensor = context.new(Tensor(shape))
    gives = [result]
    for mode in costs.MODES:
        if arguments.flag(mode):
            node = costs.Weights(mode, (costs.Site(span, node, flow((), gives)),))
            gives = []
    context.emit(span, node, (), gives)
    return result


def zeros(arguments: Arguments) -> Tensor:
    return arguments.context.fixed(Tensor(_shape(arguments, "a tensor")))


def _shape(arguments: Arguments, what: str) -> tuple[Expr, ...]:
    value, span = arguments.next("a shape")
    if not isinstance(value, tuple):
        raise fail(
            "type",
            f"`{arguments.name}` needs a shape, and this is {say_kind(value)}",
            span,
            f"write {USAGE[arguments.name]}",
        )
    sizes = [as_size(item, span) for item in value]
    return arguments.context.obligations.axes(sizes, span, what)


def concat(arguments: Arguments) -> Tensor:
    tensors = arguments.tensors()
    if not tensors:
        arguments.tensor()
    context, span = arguments.context, arguments.span
    rank = len(tensors[0].shape)
    axis = arguments.axis(rank)
    for tensor in tensors[1:]:
        ranks_fit = len(tensor.shape) == rank
        pairs = list(zip(tensors[0].shape, tensor.shape, strict=False))
        del pairs[axis : axis + 1]
        if not ranks_fit or not all(context.known.equal(a, b) for a, b in pairs):
            raise fail(
                "shape",
                f"{tensors[0]} and {tensor} cannot be joined along axis {axis}",
                span,
                (remedy(context, pairs) if ranks_fit else None) or "all other axes must be equal",
                *(differing(context, pairs) if ranks_fit else ()),
            )
    joined = sympy.Add(*(tensor.shape[axis] for tensor in tensors))
    shape = (*tensors[0].shape[:axis], joined, *tensors[0].shape[axis + 1 :])
    layout = of_elements(tensors, rank, span, "this `concat`")
    result = Tensor(context.obligations.axes(shape, span, "the result"), layout)
    (joined_up,) = _move(arguments, tensors, (result,), None)
    return joined_up


def split(arguments: Arguments) -> tuple[Tensor, ...]:
    tensor = arguments.tensor()
    value, span = arguments.next("a number of parts, or a list of sizes")
    axis = arguments.axis(len(tensor.shape))
    context, whole = arguments.context, tensor.shape[axis]
    if isinstance(value, tuple):
        sizes = [as_size(item, span) for item in value]
        if not context.known.equal(sympy.Add(*sizes), whole):
            total = say(sympy.Add(*sizes))
            pair = [(sympy.Add(*sizes), whole)]
            raise fail(
                "shape",
                f"the parts add up to {total}, and the axis has {say(whole)}",
                span,
                remedy(context, pair),
                *differing(context, pair),
            )
    else:
        number = as_size(value, span)
        if not (number.is_Integer and 1 <= number <= 64):
            raise fail("range", f"a tensor is split into 1 to 64 parts, not {say(number)}", span)
        sizes = [whole / number] * int(number)
    parts = tuple(
        Tensor(
            context.obligations.axes(
                (*tensor.shape[:axis], size, *tensor.shape[axis + 1 :]), span, "a part"
            ),
            tensor.layout,
        )
        for size in sizes
    )
    return _move(arguments, (tensor,), parts, Selected(tuple(range(len(tensor.shape)))))


def _move(
    arguments: Arguments, inputs: Sequence[Tensor], outputs: tuple[Tensor, ...], does: Does | None
) -> tuple[Tensor, ...]:
    """Note an operation that counts nothing: derivations follow the shapes through it."""
    before, after = (tuple(tensor.shape for tensor in found) for found in (inputs, outputs))
    node = costs.Operation(arguments.name, arguments.name, {}, before, after, does=does)
    results: tuple[Tensor, ...] = arguments.context.new(outputs)
    arguments.context.emit(arguments.span, node, inputs, results)
    return results


def rearrange(arguments: Arguments) -> Tensor:
    tensor = arguments.tensor()
    text, span = arguments.text()
    left, right = parse_pattern(text, span)
    given = arguments.sizes()
    sizes = _axis_sizes(arguments.context, left, tensor, given, span)
    if set(left.names) != set(right.names):
        new = sorted(set(right.names) - set(left.names))
        dropped = sorted(set(left.names) - set(right.names))
        raise fail(
            "pattern",
            f"`{(new or dropped)[0]}` stands on one side of the pattern only",
            span,
            "a new axis is written 1"
            if new
            else 'axes are dropped with mean("... -> ..."), sum or amax',
        )
    result = Tensor(_assembled(arguments.context, right, sizes, span))
    does = Regrouped(_written(left, sizes), _written(right, sizes), _each(sizes))
    (moved,) = _move(arguments, (tensor,), (result,), does)
    return moved


def _each(sizes: Mapping[str, tuple[Expr, ...]]) -> dict[str, Expr]:
    """The size of every axis by its name; those in `...` are numbered."""
    found = {name: size for name, found in sizes.items() if name != "..." for size in found}
    return found | {f"...{at}": size for at, size in enumerate(sizes.get("...", ()))}


def _written(side: Side, sizes: Mapping[str, tuple[Expr, ...]]) -> tuple[tuple[str, ...], ...]:
    """The axes of one side of a pattern, with those in `...` numbered."""
    rest = tuple(f"...{at}" for at in range(len(sizes.get("...", ()))))
    found: list[tuple[str, ...]] = []
    for axis in side.axes:
        if axis == ("...",):
            found.extend((name,) for name in rest)
        else:
            found.append(tuple(n for name in axis for n in (rest if name == "..." else (name,))))
    return tuple(found)


def reduced(arguments: Arguments) -> Tensor:
    """The shape of a reduction; its cost is stated by the operation that uses it."""
    tensor = arguments.tensor()
    text, span = arguments.text()
    left, right = parse_pattern(text, span)
    sizes = _axis_sizes(arguments.context, left, tensor, arguments.sizes(), span)
    for name in right.names:
        if name not in sizes:
            raise fail("pattern", f"`{name}` is not on the left side of the pattern", span)
    return Tensor(_assembled(arguments.context, right, sizes, span))


def _axis_sizes(
    context: Context, side: Side, tensor: Tensor, given: dict[str, Expr], span: Span
) -> dict[str, tuple[Expr, ...]]:
    """The size of every axis that one side of a pattern names; `...` has several."""
    for name in given:
        if name not in side.names:
            raise fail(
                "pattern",
                f"the pattern has no axis `{name}`",
                span,
                "sizes are given for axes on the left side of the pattern",
            )
    extra = len(tensor.shape) - len(side.axes) + (("...",) in side.axes)
    if extra < 0 or (extra and ("...",) not in side.axes):
        raise fail(
            "shape",
            f"the pattern `{side}` has {len(side.axes)} axes, and the tensor is {tensor}",
            span,
        )
    sizes: dict[str, tuple[Expr, ...]] = {}
    at = 0
    for axis in side.axes:
        if axis == ("...",):
            sizes["..."] = tensor.shape[at : at + extra]
            at += extra
            continue
        _split_axis(context, axis, tensor.shape[at], given, sizes, span)
        at += 1
    return sizes


def _split_axis(
    context: Context,
    names: tuple[str, ...],
    whole: Expr,
    given: dict[str, Expr],
    sizes: dict[str, tuple[Expr, ...]],
    span: Span,
) -> None:
    """Share one axis out among the names of its group; one of them may be left to find."""
    if not names:
        if not context.known.equal(whole, Integer(1)):
            raise fail("shape", f"the pattern has 1 where the tensor has {say(whole)}", span)
        return
    unknown = [name for name in names if name not in given]
    if len(unknown) > 1:
        raise fail(
            "pattern",
            f"the sizes of `{unknown[0]}` and `{unknown[1]}` are not known",
            span,
            f"give one: rearrange(..., {unknown[0]}=...)",
        )
    product = sympy.Mul(*(given[name] for name in names if name in given))
    for name in names:
        if name in given:
            sizes[name] = (given[name],)
    if unknown:
        quotient = context.known.fold(expand(context.known.base(whole / product)))
        if not context.known.integer(quotient):
            quotient = whole / product
        context.obligations.whole(
            quotient, span, f"the size of `{unknown[0]}` in `{Side((names,))}`"
        )
        sizes[unknown[0]] = (_shorter(context, quotient, whole / product),)
    elif not context.known.equal(product, whole):
        raise fail(
            "shape",
            f"`{Side((names,))}` is {say(product)}, and the axis has {say(whole)}",
            span,
            remedy(context, [(product, whole)]),
            *differing(context, [(product, whole)]),
        )


def _shorter(context: Context, first: Expr, second: Expr) -> Expr:
    """The one of two equal sizes that has the fewer parts."""
    folded = context.known.fold(first)
    if folded == second:
        return folded
    return min((folded, second), key=lambda e: (e.count_ops(), str(e)))


def _assembled(
    context: Context, side: Side, sizes: dict[str, tuple[Expr, ...]], span: Span
) -> tuple[Expr, ...]:
    shape: list[Expr] = []
    for axis in side.axes:
        if axis == ("...",):
            shape.extend(sizes["..."])
        else:
            shape.append(sympy.Mul(*(size for name in axis for size in sizes[name])))
    return context.obligations.axes(shape, span, "the result")


def einsum(arguments: Arguments) -> Tensor:
    context = arguments.context
    text, span = arguments.text()
    *inputs, output = parse_einsum(text, span)
    tensors = arguments.tensors()
    if len(tensors) != len(inputs):
        raise fail(
            "argument",
            f"the pattern is for {len(inputs)} operand{'s' * (len(inputs) != 1)}, and "
            f"{len(tensors)} {'are' if len(tensors) != 1 else 'is'} given",
            arguments.span,
            "write one group of axes for each tensor, with commas between",
        )
    if len(tensors) > 2:
        raise fail(
            "argument",
            "einsum takes one tensor or two",
            arguments.span,
            "contract two at a time: the cost depends on the order",
        )
    for side in [*inputs, output]:
        if any(len(axis) != 1 for axis in side.axes):
            raise fail("pattern", "einsum has no groups and no 1", span, "use rearrange before it")
    sizes: dict[str, tuple[Expr, ...]] = {}
    for side, tensor in zip(inputs, tensors, strict=True):
        for name, found in _axis_sizes(context, side, tensor, {}, span).items():
            known = sizes.setdefault(name, found)
            alike = len(known) == len(found)
            if not alike or not all(map(context.known.equal, known, found)):
                raise fail(
                    "shape",
                    f"`{name}` is {' '.join(map(say, known))} and {' '.join(map(say, found))}",
                    span,
                    (remedy(context, zip(known, found, strict=True)) if alike else None)
                    or "an axis has the same size in every operand",
                    "the tensors are " + " and ".join(map(str, tensors)),
                )
    for name in output.names:
        if name not in sizes:
            raise fail("pattern", f"`{name}` is in no operand of the pattern", span)
    if len(inputs) == 2:
        _check_shared(inputs, output, span)
    kind, causal = arguments.kind(), arguments.named.pop("causal", None)
    shape = _assembled(context, output, sizes, span)
    work = sympy.Mul(*(size for axis in sizes.values() for size in axis))
    contracted = set(sizes) - set(output.names)
    if len(tensors) == 2:
        counts = {"mac" if contracted else "mul": work}
    else:
        counts = {"add": work - sympy.Mul(*shape)} if contracted else {}
    if causal is not None:
        counts[MASKED] = _masked(context, counts, sizes, *causal)
    counts |= read_once(tensors)
    shapes = tuple(tensor.shape for tensor in tensors)
    does = _axes_of_einsum(inputs, output, sizes)
    node = costs.Operation("einsum", kind, counts, shapes, (shape,), does=does)
    result: Tensor = context.new(Tensor(shape))
    context.emit(arguments.span, node, tensors, (result,))
    return result


def _masked(
    context: Context,
    counts: Mapping[str, Expr],
    sizes: Mapping[str, tuple[Expr, ...]],
    axes: Value,
    span: Span,
) -> Expr:
    """The products that a causal mask takes away: those of each query with the keys after its own.

    The last query and the last key are of one token, so n queries leave n (n - 1)/2 pairs out,
    however many keys there are before them.
    """
    names = axes.split() if isinstance(axes, str) else []
    if len(set(names)) != 2:
        raise fail(
            "argument",
            "`causal` takes the axis of the queries and that of the keys",
            span,
            'write `causal="n m"`',
        )
    for name in names:
        if name not in sizes or name == "...":
            known = [axis for axis in sizes if axis != "..."]
            near = suggestion(name, known) or f"it has {', '.join(known)}"
            raise fail("pattern", f"the pattern has no axis `{name}`", span, near)
    if "mac" not in counts:
        raise fail(
            "argument",
            "a mask takes products away that are summed, and this pattern sums none",
            span,
            "leave `causal` out",
        )
    (queries,), (keys,) = (sizes[name] for name in names)
    if not context.known.equal(queries, keys) and not context.known.decide(keys >= queries):
        raise fail(
            "shape",
            f"`{names[0]}` is {say(queries)}, and that it is at most `{names[1]}`, "
            f"{say(keys)}, is not proved",
            span,
            "every query has a key of its own: name the axis of the queries first",
        )
    return sympy.cancel(counts["mac"] / (queries * keys)) * queries * (queries - 1) / 2


def _axes_of_einsum(
    inputs: Sequence[Side], output: Side, sizes: Mapping[str, tuple[Expr, ...]]
) -> Does | None:
    """What an `einsum` does with axes; None for a sum, whose result is a new tensor."""
    *groups, result = (_written(side, sizes) for side in (*inputs, output))
    if len(groups) == 2:
        left, right, out = (tuple(n for (n,) in side) for side in (*groups, result))
        return Contracted(left, right, out, _each(sizes))
    alike = sorted(groups[0]) == sorted(result)
    return Regrouped(groups[0], result, _each(sizes)) if alike else None


def _check_shared(inputs: list[Side], output: Side, span: Span) -> None:
    """Refuse an axis that is summed in one operand alone: the sum would be no contraction."""
    for side, other in (inputs, inputs[::-1]):
        for name in side.names:
            if name not in other.names and name not in output.names:
                kept = " ".join(axis for axis in side.names if axis != name)
                raise fail(
                    "pattern",
                    f"`{name}` stands in one operand alone and not in the result",
                    span,
                    "give an axis that is contracted the same name in both operands; "
                    f'to sum one away, do it before: sum("{side} -> {kept}")',
                )
