"""Small traces that are written by hand, an operation a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from closedform.torch.trace import Argument, Input, Operation, Ref, Shape, Trace, Weight

Row = tuple[str, str, Sequence[object], object, str]


def handmade(
    inputs: Mapping[str, Shape],
    weights: Mapping[str, Shape],
    rows: Sequence[Row],
    given: Mapping[str, int] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Trace:
    """A trace of rows (name, target, arguments, shape, module).

    An argument that is the name of a value is that value, another text a word. The result is the
    last value. Modules are of the class of their name, or of that which `kinds` says; inputs whose
    names end with `ids` are whole numbers, weights that begin with `_` are constants.
    """
    kinds = kinds or {}
    known = {*inputs, *weights}
    made = []
    for name, target, arguments, shape, module in rows:
        shapes = tuple(shape) if isinstance(shape, list) else (shape,)
        taken = tuple(_argument(a, known) for a in arguments)
        parts = module.split(".") if module else []
        stack = tuple(".".join(parts[: n + 1]) for n in range(len(parts)))
        made.append(Operation(name, target, taken, {}, shapes, stack))  # type: ignore[arg-type]
        known.add(name)
    paths = {path for o in made for path in o.stack}
    modules = {path: kinds.get(path, path.rstrip("0123456789.") or path) for path in paths}
    return Trace(
        "handmade:Tiny",
        given or {},
        tuple(
            Input(n, shape, "int64" if n.endswith("ids") else "float32")
            for n, shape in inputs.items()
        ),
        {"": "Tiny"} | modules,
        {
            n: Weight(n, n, shape, "constant" if n.startswith("_") else "parameter")
            for n, shape in weights.items()
        },
        tuple(made),
        (made[-1].name,),
    )


def _argument(value: object, known: set[str]) -> Argument:
    if isinstance(value, str):
        return Ref(value) if value in known else value
    if isinstance(value, tuple):
        return tuple(_argument(item, known) for item in value)
    assert value is None or isinstance(value, int | float)
    return value
