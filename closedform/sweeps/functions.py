"""A formula as a function of some sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.lower.intervals import fit_int64
from closedform.derive.lower.run import Plan
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.given import (
    exact_number,
    fixed_numbers,
    plain_numbers,
    refuse_masked,
    refuse_twice,
    symbols_named,
)
from closedform.errors import ClosedformError, fail
from closedform.sweeps.columns import column
from closedform.sweeps.machines import Machine, machine
from closedform.sweeps.ratios import divided, quotient_of


@dataclass(frozen=True)
class Function:
    """A formula as a function of some sizes: exact, for numbers and for arrays of NumPy.

    Arrays are of 64 bits where it is proved for the numbers that are given that these are enough,
    else of Python integers.
    """

    title: str
    names: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    made: Machine

    @cached_property
    def _plan(self) -> Plan:
        program = self.made.program
        return Plan((*program.values, program.holds))

    def __call__(self, *args: Any, **named: Any) -> Any:
        values = self._bound(args, named)
        if any(hasattr(value, "__dask_graph__") for value in values):
            return self._on_dask(values)
        if all(not hasattr(v, "__len__") and not isinstance(v, range) for v in values):
            return self._number(values)
        return self._like(values, self._array(values))

    def _like(self, values: Sequence[Any], found: Any) -> Any:
        """What is found, with the index of the columns of pandas that are given."""
        given = [v for v in values if hasattr(v, "index") and hasattr(v, "to_frame")]
        if not given:
            return found
        if not all(given[0].index.equals(other.index) for other in given):
            raise fail(
                "argument",
                "the columns have different indices",
                None,
                "align them, or give .to_numpy() of each",
            )
        return type(given[0])(found, index=given[0].index, name=self.title)

    def _bound(self, args: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        given = dict(zip(self.names, args, strict=False))
        wrong = [name for name in named if name not in self.names or name in given]
        missing = [name for name in self.names if name not in given and name not in named]
        if len(args) > len(self.names) or wrong or missing:
            raise fail(
                "argument",
                f"{self.title} is here a function of {', '.join(self.names) or 'nothing'}, "
                f"and is given {len(args) + len(named)} sizes"
                + (f", `{wrong[0]}` among them" if wrong else ""),
            )
        given |= named
        return [given[name] for name in self.names]

    def _number(self, values: Sequence[Any]) -> int | Fraction:
        inputs = {}
        for name, symbol, value in zip(self.names, self.symbols, values, strict=True):
            if type(value) is int and symbol.is_integer and value > 0:
                inputs[name] = value
                continue
            number = exact_number(name, symbol, value)
            if symbol.is_integer:
                inputs[name] = int(number)
            else:
                inputs[f"{name}_num"], inputs[f"{name}_den"] = number.as_integer_ratio()
        value, *below, holds = self._plan.run(inputs)
        if not holds:
            raise self._broken(inputs)
        if not below:
            return int(value)
        if not below[0]:
            raise self._divided_by_0(inputs)
        found = Fraction(int(value), int(below[0]))
        return found.numerator if found.denominator == 1 else found

    def _array(self, values: Sequence[Any]) -> Any:
        import numpy as np

        for name, value in zip(self.names, values, strict=True):
            refuse_masked(name, value)
        arrays = [np.asarray(value) for value in values]
        try:
            shape = np.broadcast_shapes(*(array.shape for array in arrays))
        except ValueError:
            shapes = zip(self.names, arrays, strict=True)
            told = ", ".join(f"`{name}` has {array.shape}" for name, array in shapes)
            raise fail("argument", f"the arrays are not of one shape: {told}") from None
        columns = [
            column(symbol, array.ravel())
            for symbol, array in zip(self.symbols, arrays, strict=True)
        ]
        ranges = {name: ends for col in columns for name, ends in col.ranges.items()}
        objects = bool(np.prod(shape)) and not fit_int64(self._plan.outputs, ranges)
        inputs = {}
        for col, array in zip(columns, arrays, strict=True):
            for name, numbers in col.inputs.items():
                full = numbers.astype(object) if objects else numbers
                inputs[name] = full.reshape(array.shape or (1,))
        value, *below, holds = self._plan.run(inputs, objects)
        if not np.all(holds):
            place = np.argwhere(~np.broadcast_to(holds, shape or (1,)))[0]
            raise self._broken(self._at_place(inputs, shape, place))
        found = np.asarray(value, object if objects else np.int64)
        if below:
            under = np.asarray(below[0], found.dtype)
            if not np.all(under):
                place = np.argwhere(np.broadcast_to(under, shape or (1,)) == 0)[0]
                raise self._divided_by_0(self._at_place(inputs, shape, place))
            found = divided(found, under)
        full = np.broadcast_to(found, shape or (1,)).reshape(shape)
        return full if full.flags.writeable else full.copy()

    def _on_dask(self, values: Sequence[Any]) -> Any:
        """Block by block; a block that 64 bits may not hold is an error."""
        import dask.array

        arrays: Any = dask.array  # it has no types
        if len(self.made.program.values) > 1:
            raise fail("argument", "a quotient is no array of Dask", None, "give arrays of NumPy")

        def block(*parts: Any) -> Any:
            found = self._array(parts)
            if found.dtype == object:
                raise fail("limit", f"{self.title} may be too large for 64 bits in a block")
            return found

        return arrays.map_blocks(block, *values, dtype="int64")

    def _at_place(
        self, inputs: Mapping[str, Any], shape: tuple[int, ...], place: Any
    ) -> dict[str, int]:
        """The sizes at a place of the arrays."""
        import numpy as np

        return {
            name: int(np.broadcast_to(numbers, shape or (1,))[tuple(place)])
            for name, numbers in inputs.items()
        }

    def _divided_by_0(self, inputs: Mapping[str, int]) -> ClosedformError:
        told = ", ".join(f"{name} = {number}" for name, number in inputs.items())
        return fail("fraction", f"{self.title} is divided by 0", None, None, f"with {told}")

    def _broken(self, inputs: Mapping[str, int]) -> ClosedformError:
        told = ", ".join(f"{name} = {number}" for name, number in inputs.items())
        why = self.made.broken(inputs) or f"{self.title} has no value"
        return fail("assume", why, None, None, *([f"with {told}"] if told else []))

    def __repr__(self) -> str:
        return f"<{self.title} as a function of {', '.join(self.names)}>"


def function(
    form: Closed,
    values: Mapping[Symbol, Expr],
    names: Sequence[str],
    sizes: Mapping[str, Any],
) -> Function:
    """A closed form as a function of the named sizes; see `Formula.function`."""
    derivation = form.derivation
    for name in names:
        if not isinstance(name, str):
            raise fail("type", f"a size is named by a text, and this is {name!r}")
    symbols = tuple(_one(derivation, name) for name in names)
    fixed = fixed_numbers(derivation, sizes)
    refuse_twice(symbols, fixed)
    numbers = {**plain_numbers(values), **fixed}
    title, quotient = form.measure.title, quotient_of(form) or (form.expr,)
    made = machine(
        derivation,
        tuple(zip((title, f"the denominator of {title}"), quotient, strict=False)),
        symbols,
        tuple((s, n) for s, n in numbers.items() if s not in symbols),
        frozenset((*symbols, *fixed)),
    )
    return Function(form.measure.title, tuple(names), symbols, made)


def _one(derivation: Derivation, name: str) -> Symbol:
    symbols = symbols_named(derivation, name)
    if len(symbols) > 1:
        raise fail(
            "argument",
            f"`{name}` is a list of {len(symbols)} sizes",
            None,
            "name some of them: " + ", ".join(s.name for s in symbols),
        )
    return symbols[0]
