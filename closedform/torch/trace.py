"""What was seen when a PyTorch module ran once, as plain data: its operations, shapes and weights.

A trace is a JSON file. Nothing in it is ever carried out: names of operations are compared with
names that are known, and shapes are numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from string import ascii_uppercase

from closedform.data import dataclass
from closedform.errors import ClosedformError, Source, fail

VERSION = 1
LARGEST = 200_000  # operations of one trace

# Names as code has them: nothing that could end a line or a text of the file that is made.
FACTORY = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")
NAME = re.compile("[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{0,400}")
NONSENSE = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Ref:
    """A value or a weight, by its name."""

    name: str


Argument = int | float | str | bool | None | Ref | tuple["Argument", ...]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Weight:
    """A parameter, a buffer or a constant; `owner` is the first name that the code has for it."""

    name: str
    owner: str
    shape: Shape
    kind: str  # "parameter", "buffer" or "constant"


@dataclass(frozen=True)
class Input:
    """A tensor that the module was called with."""

    name: str
    shape: Shape
    dtype: str


@dataclass(frozen=True)
class Operation:
    """One call: `target` is what was called, `stack` the modules in which, outermost first."""

    name: str
    target: str
    arguments: tuple[Argument, ...]
    named: Mapping[str, Argument]
    shapes: tuple[Shape, ...]
    stack: tuple[str, ...]


@dataclass(frozen=True)
class Trace:
    """One run of a module; `given` are the numbers with which its factory was called."""

    factory: str
    given: Mapping[str, int]
    inputs: tuple[Input, ...]
    modules: Mapping[str, str]  # by its path, the class of each module that ran
    weights: Mapping[str, Weight]
    operations: tuple[Operation, ...]
    outputs: tuple[str, ...]
    held: bool = False  # whether it is not to be used to find formulas, but to try them


# To JSON and back --------------------------------------------------------------------------


def written(traces: tuple[Trace, ...]) -> str:
    """Traces as the text of a file, an operation a line."""
    parts = []
    for trace in traces:
        head = {
            "factory": trace.factory,
            "given": dict(trace.given),
            "inputs": [[i.name, list(i.shape), i.dtype] for i in trace.inputs],
            "modules": dict(trace.modules),
            "outputs": list(trace.outputs),
            "held": trace.held,
        }
        weights: list[list[object]] = [
            [w.name, w.owner, list(w.shape), w.kind] for w in trace.weights.values()
        ]
        rows: list[list[object]] = [
            [
                o.name,
                o.target,
                _plain(o.arguments),
                {name: _plain(value) for name, value in o.named.items()},
                [list(shape) for shape in o.shapes],
                list(o.stack),
            ]
            for o in trace.operations
        ]
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
        lines += [
            f'"{key}": [\n{_lines(value)}\n]'
            for key, value in (("weights", weights), ("operations", rows))
        ]
        parts.append("{\n" + ",\n".join(lines) + "\n}")
    return f'{{"closedform_trace": {VERSION}, "traces": [\n' + ",\n".join(parts) + "\n]}\n"


def _lines(rows: list[list[object]]) -> str:
    return ",\n".join(json.dumps(row) for row in rows)


def _plain(value: Argument) -> object:
    if isinstance(value, Ref):
        return {"of": value.name}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def read_traces(source: Source) -> tuple[Trace, ...]:
    """The traces of a file; raises ClosedformError where it is none."""
    try:
        data = json.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise _wrong(source, f"it is no JSON: {error}") from None
    if not isinstance(data, dict) or "closedform_trace" not in data:
        raise _wrong(source, "it has no `closedform_trace`")
    if data["closedform_trace"] != VERSION:
        raise _wrong(source, f"its version is {data['closedform_trace']!r}, and {VERSION} is read")
    rows = data.get("traces")
    if not isinstance(rows, list) or not rows:
        raise _wrong(source, "`traces` is no list of traces")
    return tuple(_Reader(source).trace(row) for row in rows)


def _wrong(source: Source, what: str) -> ClosedformError:
    help_ = (
        "make one: closedform trace package.module:factory -o model.trace.json --input 1,3,224,224"
    )
    return fail("trace", f"`{source.name}` cannot be read as a trace: {what}", None, help_)


class _Reader:
    """Takes one trace apart, and says what is wrong with it."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def trace(self, row: object) -> Trace:
        match row:
            case {
                "factory": str(factory),
                "given": dict(given),
                "inputs": list(inputs),
                "modules": dict(modules),
                "outputs": list(outputs),
                "held": bool(held),
                "weights": list(weights),
                "operations": list(operations),
            }:
                pass
            case _:
                raise _wrong(
                    self.source,
                    "a trace has `factory`, `given`, `inputs`, `modules`, `outputs`, `held`, "
                    "`weights` and `operations`",
                )
        if len(operations) > LARGEST:
            raise _wrong(
                self.source, f"it has {len(operations)} operations, and {LARGEST} are read"
            )
        if not FACTORY.fullmatch(factory):
            raise _wrong(self.source, f"`factory` is {_short(factory)}, no package.module:name")
        if not all(type(n) is int and name.isidentifier() for name, n in given.items()):
            raise _wrong(self.source, "`given` are whole numbers by name")
        if not all(map(_is_class, modules.values())):
            raise _wrong(self.source, "`modules` are classes by name")
        if not outputs or not all(isinstance(name, str) for name in outputs):
            raise _wrong(self.source, f"`outputs` is {_short(outputs)}, no list of names")
        read_inputs = tuple(self.input(item) for item in inputs)
        table = {weight.name: weight for weight in map(self.weight, weights)}
        known = {i.name for i in read_inputs} | table.keys()
        found = []
        for item in operations:
            operation = self.operation(item)
            for name in refs((operation.arguments, *operation.named.values())):
                if name not in known:
                    raise _wrong(
                        self.source,
                        f"`{operation.name}` takes `{name}`, which nothing before it gives",
                    )
            known.add(operation.name)
            for path in operation.stack:
                if path.partition("@")[0] not in modules:
                    raise _wrong(
                        self.source,
                        f"`{operation.name}` ran in `{path}`, which is none of its modules",
                    )
            found.append(operation)
        for name in outputs:
            if name not in known:
                raise _wrong(self.source, f"the result `{name}` is given by nothing")
        return Trace(
            factory, given, read_inputs, modules, table, tuple(found), tuple(outputs), held
        )

    def input(self, item: object) -> Input:
        match item:
            case [str(name), list(shape), str(dtype)]:
                return Input(self.name(name), self.shape(shape, name), self.name(dtype))
        raise _wrong(self.source, f"an input is [name, shape, type], not {_short(item)}")

    def weight(self, item: object) -> Weight:
        match item:
            case [str(name), str(owner), list(shape), "parameter" | "buffer" | "constant" as kind]:
                return Weight(self.name(name), self.name(owner), self.shape(shape, name), kind)
        raise _wrong(self.source, f"a weight is [name, owner, shape, kind], not {_short(item)}")

    def operation(self, item: object) -> Operation:
        match item:
            case [str(name), str(target), list(arguments), dict(named), list(shapes), list(stack)]:
                if not all(isinstance(path, str) for path in stack):
                    raise _wrong(self.source, f"the stack of `{name}` is no list of names")
                return Operation(
                    self.name(name),
                    self.name(target),
                    tuple(self.argument(value, name) for value in arguments),
                    {key: self.argument(value, name) for key, value in named.items()},
                    tuple(self.shape(shape, name) for shape in shapes),
                    tuple(stack),
                )
        raise _wrong(
            self.source,
            f"an operation is [name, target, arguments, named, shapes, stack], not {_short(item)}",
        )

    def argument(self, value: object, name: str) -> Argument:
        match value:
            case None | bool() | int() | float() | str():
                return value
            case {"of": str(of), **others} if not others:
                return Ref(of)
            case list():
                return tuple(self.argument(item, name) for item in value)
        raise _wrong(self.source, f"`{name}` has the argument {_short(value)}")

    def name(self, value: str) -> str:
        if not NAME.fullmatch(value):
            raise _wrong(self.source, f"{_short(value)} is no name of a value")
        return value

    def shape(self, value: object, name: str) -> Shape:
        if not isinstance(value, list) or not all(type(n) is int and n >= 0 for n in value):
            raise _wrong(
                self.source, f"the shape of `{name}` is {_short(value)}, no list of whole numbers"
            )
        return tuple(value)


def _is_class(name: object) -> bool:
    """Whether it is the name of a class, behind that of its module or of what makes it."""
    return isinstance(name, str) and name.rpartition(".")[2].isidentifier()


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def refs(value: object) -> list[str]:
    """The names to which arguments refer, in their order."""
    if isinstance(value, Ref):
        return [value.name]
    if isinstance(value, tuple):
        return [name for item in value for name in refs(item)]
    return []


@contextmanager
def making_sense(traces: Iterable[Trace]) -> Iterator[None]:
    """Takes what goes wrong with traces for a mistake in them: rows that are each well formed need
    not go together.

    Raises ClosedformError in the place of it.
    """
    try:
        yield
    except NONSENSE as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise _no_sense(traces, said) from error
    except ClosedformError as error:
        if error.diagnostics[0].kind != "syntax":
            raise
        raise _no_sense(traces, error.diagnostics[0].message) from error


def _no_sense(traces: Iterable[Trace], said: str) -> ClosedformError:
    names = ", ".join(dict.fromkeys(f"`{trace.factory}`" for trace in traces))
    return fail(
        "trace",
        f"what was traced of {names} makes no sense together ({_short(said)})",
        None,
        "trace it again; a file that is as `closedform trace` wrote it is worth a report",
    )


def spelled(pattern: Argument, ranks: list[int]) -> list[str] | None:
    """The axes of the operands of an `einsum`, and of its result, a letter each; None for a pattern
    that is not understood.

    >>> spelled("... n e, ... m e -> ... n m", [3, 3])
    ['Ane', 'Ame', 'Anm']
    """
    if not isinstance(pattern, str):
        return None
    left, arrow, kept = pattern.replace(" ", "").replace("...", ".").partition("->")
    operands = left.split(",")
    if not arrow or len(operands) != len(ranks):
        return None
    free = [c for c in ascii_uppercase if c not in pattern]
    counts = [rank - len(side.replace(".", "")) for side, rank in zip(operands, ranks, strict=True)]
    most = max(counts)
    if any(n < 0 or (n and "." not in s) for n, s in zip(counts, operands, strict=True)):
        return None
    if most > len(free):
        return None
    rest = "".join(free[:most])
    sides = [s.replace(".", rest[most - n :]) for s, n in zip(operands, counts, strict=True)]
    found = [*sides, kept.replace(".", rest)]
    return found if all(side.isalpha() for side in found if side) else None
