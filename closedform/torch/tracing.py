"""Runs the factory of a PyTorch module, and notes what the module does. Needs the extra `torch`."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from closedform.data import dataclass
from closedform.errors import ClosedformError, fail
from closedform.torch.trace import Argument, Input, Operation, Ref, Shape, Trace, Weight

INSTALL = "install it: pip install 'closedform[torch]'"


@dataclass(frozen=True)
class Wanted:
    """An input to trace with: sizes, each a number or the name of one, and a type of elements."""

    sizes: tuple[int | str, ...]
    dtype: str = "float32"


def factory_of(name: str) -> Callable[..., Any]:
    """The factory `package.module:name`, of a module that is installed or in this folder."""
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise fail("factory", f"`{name}` names no factory", None, "write package.module:factory")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever the code of others raises
        raise fail("factory", f"`{name}` cannot be imported: {_said(error)}") from None
    if not callable(found):
        raise fail("factory", f"`{name}` is {type(found).__name__}, and cannot be called")
    return found  # type: ignore[no-any-return]


def trace(
    factory: str, inputs: tuple[Wanted, ...], given: Mapping[str, int], named: Mapping[str, Any]
) -> Trace:
    """What the module of a factory does with inputs; `given` are sizes, which inputs may name."""
    made = factory_of(factory)
    torch = _torch()
    taken = _taken(made, given, {n for i in inputs for n in i.sizes if isinstance(n, str)}, factory)
    shapes = [tuple(_size(n, given) for n in wanted.sizes) for wanted in inputs]
    try:
        with torch.device("meta"):
            module = made(**taken, **named)
    except Exception as error:
        said = ", ".join(f"{name}={value!r}" for name, value in {**taken, **named}.items())
        raise fail("factory", f"`{factory}({said})` fails: {_said(error)}") from None
    if not isinstance(module, torch.nn.Module):
        raise fail("factory", f"`{factory}` gives {type(module).__name__}, and no nn.Module")
    module = module.to("meta").eval()
    tensors = tuple(
        torch.zeros(shape, dtype=_dtype(torch, wanted.dtype), device="meta")
        for shape, wanted in zip(shapes, inputs, strict=True)
    )
    config: Any = getattr(module, "config", None)
    if hasattr(config, "use_cache"):
        config.use_cache = False
    try:
        with torch.no_grad():
            program = torch.export.export(module, tensors, strict=False)
    except Exception as error:
        raise _not_traced(factory, shapes, error) from None
    return _Noted(torch, module, program).trace(factory, given)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise fail(
            "torch", "PyTorch is not installed, and a trace needs it", None, INSTALL
        ) from None
    return torch


def _said(error: Exception) -> str:
    """The first line of what an error of others says."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def _taken(
    made: Callable[..., Any], given: Mapping[str, int], used: set[str], factory: str
) -> dict[str, int]:
    """The sizes that are parameters of the factory; others must be those of an input."""
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):
        return {name: value for name, value in given.items() if name not in used}
    names = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    free = any(p.kind is p.VAR_KEYWORD for p in parameters)
    found = {}
    for name, value in given.items():
        if name in names or (free and name not in used):
            found[name] = value
        elif name not in used:
            raise fail(
                "factory",
                f"`{name}` is no parameter of `{factory}`, and no size of an input",
                None,
                f"its parameters are {', '.join(sorted(names))}" if names else None,
            )
    return found


def _size(size: int | str, given: Mapping[str, int]) -> int:
    if isinstance(size, int):
        return size
    if size not in given:
        raise fail(
            "input",
            f"the size `{size}` of an input has no value",
            None,
            f"give one: --with {size}=16",
        )
    return given[size]


def _dtype(torch: Any, name: str) -> Any:
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise fail("input", f"`{name}` is no type of elements", None, "write float32, or int64")
    return found


def _not_traced(factory: str, shapes: list[Shape], error: Exception) -> ClosedformError:
    said = " and ".join(" x ".join(map(str, shape)) for shape in shapes)
    name = type(error).__name__
    if name in ("GuardOnDataDependentSymNode", "UserError") or "data-dependent" in str(error):
        return fail(
            "trace",
            f"`{factory}` cannot be traced: what it does depends on the numbers in its tensors",
            None,
            "trace the part that does not, by a factory of its own",
            f"torch.export says {_said(error)}",
        )
    if "meta" in str(error) and "item" in str(error):
        return fail(
            "trace",
            f"`{factory}` cannot be traced: it reads a number from a tensor",
            None,
            "trace the part that does not, by a factory of its own",
            f"torch.export says {_said(error)}",
        )
    return fail(
        "trace",
        f"`{factory}` fails on an input of {said or 'no size'}",
        None,
        None,
        f"it says {_said(error)}",
    )


class _Noted:
    """Takes from an exported program what a trace has."""

    def __init__(self, torch: Any, module: Any, program: Any) -> None:
        self.torch, self.module, self.program = torch, module, program
        self.modules: dict[str, str] = {"": type(module).__name__}
        self.same: dict[str, str] = {}  # the name of a weight, by that of a placeholder
        self.weights: dict[str, Weight] = {}
        self.inputs: list[Input] = []

    def trace(self, factory: str, given: Mapping[str, int]) -> Trace:
        self._placeholders()
        found: list[Operation] = []
        outputs: tuple[str, ...] = ()
        for node in self.program.graph.nodes:
            if node.op == "call_function":
                found.append(self._operation(node))
            elif node.op == "output":
                outputs = tuple(
                    n.name
                    for n in self.torch.utils._pytree.tree_leaves(node.args[0])
                    if hasattr(n, "name")
                )
            elif node.op == "get_attr":
                raise fail(
                    "trace",
                    f"`{factory}` cannot be traced: it holds a graph of its own, `{node.target}`",
                    None,
                    "control flow that depends on tensors has no place in a closed form",
                )
        named = tuple(self.same.get(name, name) for name in outputs)
        return Trace(
            factory,
            dict(given),
            tuple(self.inputs),
            self.modules,
            self.weights,
            tuple(found),
            named,
        )

    def _placeholders(self) -> None:
        from torch.export.graph_signature import InputKind

        values: dict[str, Any] = {
            n.name: n.meta.get("val") for n in self.program.graph.nodes if n.op == "placeholder"
        }
        first: dict[int, str] = {}
        owners: dict[str, str] = {}
        for name, tensor in self.module.named_parameters(remove_duplicate=False):
            owners[name] = first.setdefault(id(tensor), name)
        placed: dict[str, str] = {}
        for spec in self.program.graph_signature.input_specs:
            value: Any = values.get(spec.arg.name)
            if spec.kind is InputKind.USER_INPUT:
                if isinstance(value, self.torch.Tensor):
                    dtype = str(value.dtype).removeprefix("torch.")
                    self.inputs.append(Input(spec.arg.name, tuple(value.shape), dtype))
                continue
            kind = {InputKind.PARAMETER: "parameter", InputKind.BUFFER: "buffer"}.get(
                spec.kind, "constant"
            )
            owner = owners.get(spec.target, spec.target)
            name = placed.setdefault(owner, spec.arg.name)
            self.same[spec.arg.name] = name
            self.weights[name] = Weight(name, owner, tuple(value.shape), kind)
        for name, tensor in self.module.named_parameters():
            if name not in placed:  # it did not run
                self.weights[f"w_{name}"] = Weight(
                    f"w_{name}", name, tuple(tensor.shape), "parameter"
                )

    def _operation(self, node: Any) -> Operation:
        value = node.meta.get("val")
        several = value if isinstance(value, list | tuple) else [value]
        shapes = tuple(
            tuple(map(int, v.shape)) for v in several if isinstance(v, self.torch.Tensor)
        )
        stack = []
        for key, (path, kind) in (node.meta.get("nn_module_stack") or {}).items():
            if path:
                name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
                self.modules[path.partition("@")[0]] = name
                stack.append(
                    path if "@" in path or "@" not in key else f"{path}@{key.rpartition('@')[2]}"
                )
        return Operation(
            node.name,
            _target(node.target),
            tuple(self._argument(a) for a in node.args),
            {k: self._argument(a) for k, a in node.kwargs.items()},
            shapes,
            tuple(stack),
        )

    def _argument(self, value: Any) -> Argument:
        if isinstance(value, self.torch.fx.Node):
            return Ref(self.same.get(value.name, value.name))
        if isinstance(value, list | tuple):
            return tuple(self._argument(item) for item in value)
        if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
            return str(value)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return str(value)


def _target(target: Any) -> str:
    """The name of what a node calls: `aten.linear`, or `getitem`."""
    name = getattr(target, "__name__", str(target))
    if hasattr(target, "_schema"):
        return str(target._schema.name).replace("::", ".")
    return str(name)
