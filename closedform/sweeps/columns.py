"""Sizes as columns of exact numbers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from sympy import Symbol

from closedform.data import dataclass
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.solve.given import (
    check_number,
    exact_number,
    refuse_masked,
    spread,
    symbols_named,
)
from closedform.errors import fail

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Column:
    """The numbers of one size, as the caller sees them, and as a program takes them."""

    name: str
    shown: NDArray[Any]
    inputs: dict[str, NDArray[Any]]

    @cached_property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """The least and the greatest of what a program takes."""
        return {
            name: (int(values.min()), int(values.max())) if values.size else (0, 0)
            for name, values in self.inputs.items()
        }


TEXTS = str, bytes, bytearray  # whose letters and bytes are no sizes


def column(symbol: Symbol, values: Any) -> Column:
    """The numbers of a size as a column. Raises ClosedformError where they are not exact."""
    try:
        import numpy as np
    except ImportError:
        advice = "pip install 'closedform[frames]'"
        raise fail("argument", "arrays and sweeps need NumPy", None, advice) from None
    name = symbol.name
    array = values if isinstance(values, range) else getattr(values, "to_numpy", lambda: values)()
    refuse_masked(name, array)
    if isinstance(array, TEXTS) or not isinstance(array, Iterable):
        raise fail("type", f"`{name}` goes through a list of numbers, and this is {values!r}")
    if isinstance(array, range):
        array = np.arange(array.start, array.stop, array.step)
    if isinstance(array, np.ndarray) and array.dtype.kind in "iu" and symbol.is_integer:
        wide = array.dtype == np.uint64 and bool((array > np.uint64(2**63 - 1)).any())
        shown = array.ravel().astype(object if wide else np.int64, copy=False)
        found = Column(name, shown, {name: shown})
        if shown.size:
            check_number(name, symbol, found.ranges[name][0])
        return found
    numbers = [exact_number(name, symbol, value) for value in array]
    if symbol.is_integer:
        shown = _whole([int(number) for number in numbers])
        return Column(name, shown, {name: shown})
    shown = np.empty(len(numbers), object)
    shown[:] = numbers
    above = _whole([number.numerator for number in numbers])
    below = _whole([number.denominator for number in numbers])
    return Column(name, shown, {f"{name}_num": above, f"{name}_den": below})


def _whole(numbers: list[int]) -> NDArray[Any]:
    import numpy as np

    small = all(-(2**63) < number < 2**63 for number in numbers)
    found = np.empty(len(numbers), np.int64 if small else object)
    found[:] = numbers
    return found


def _is_single(values: object) -> bool:
    """Whether it is an array of NumPy that has one number and no axis."""
    return getattr(values, "ndim", 1) == 0


Axis: TypeAlias = tuple[
    str, tuple[Column, ...]
]  # a name, and the columns of one length that it stands for


def axis(derivation: Derivation, name: str, values: Any) -> Axis:
    """The numbers that a size goes through; a list of sizes goes through lists."""
    symbols = symbols_named(derivation, name)
    if isinstance(values, TEXTS) or not isinstance(values, Iterable) or _is_single(values):
        values = [values]
    if len(symbols) == 1:
        return name, (column(symbols[0], values),)
    rows = []
    for value in values:
        if not isinstance(value, list | tuple):
            if len(values) == 1:
                value = [value] * len(symbols)
            else:
                first = symbols[0].name
                raise fail(
                    "argument",
                    f"`{name}` is a list of {len(symbols)} sizes, and goes through lists",
                    None,
                    f"write {name}=[[...], [...]], or {first}=[...] for one of them",
                )
        rows.append(spread(name, symbols, value))
    columns = zip(*rows, strict=True) if rows else [()] * len(symbols)
    return name, tuple(column(s, list(c)) for s, c in zip(symbols, columns, strict=True))
