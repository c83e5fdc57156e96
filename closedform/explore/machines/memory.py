"""What a training step keeps in memory, spread over devices, as a notebook has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod

from closedform.checked import all_checked
from closedform.data import dataclass
from closedform.errors import fail
from closedform.explore.formula import Formula
from closedform.explore.machines.roofline import prefixed
from closedform.explore.table import Table
from closedform.reason.machines.rows import machine

# What is kept once, and by which ways to use several devices it is divided: the data are so from a
# stage of ZeRO on (Rajbhandari et al., 2020). Activations are divided where each device has a
# part of every tensor; along a pipeline a device has as many batches under way as there are
# stages, and by the data each device has a batch of its own.
ROWS = (
    ("parameters", "weight_bytes", ("tensor", "pipeline"), 3),
    ("gradients", "gradient_bytes", ("tensor", "pipeline"), 2),
    ("optimizer", "optimizer_bytes", ("tensor", "pipeline"), 1),
    ("kept", "kept", ("tensor",), None),
)
WAYS = ("tensor", "pipeline", "data")
STAGES = 3  # of ZeRO


@dataclass(frozen=True)
class Held:
    """One kind of memory: its formula for one device, and by what that of several is divided.

    `value` are the bytes of one of the devices, where the sizes have numbers.
    """

    name: str
    formula: Formula
    divided: tuple[str, ...]
    value: Fraction | None


@all_checked
class Memory(Table[Held]):
    """What each device holds in a training step; `bytes` is the sum.

    >>> from closedform.api import zoo
    >>> llama = zoo("llama")["Llama"]
    >>> zero = llama.memory("adam_mixed", "bf16", preset="Llama-3-8B", data=64, zero=1)
    >>> zero
    54.35 GB on each of 64 devices: parameters, gradients, optimizer, kept
    >>> [row.value for row in zero][2] * 64 == 12 * llama.params.at("Llama-3-8B")
    True
    """

    columns = ("what", "of all", "divided by", "bytes of each")

    devices: tuple[int | str, ...]

    @property
    def bytes(self) -> Fraction | None:
        """What each device holds at the preset; None where something has no number."""
        values = [row.value for row in self if row.value is not None]
        return sum(values, Fraction(0)) if len(values) == len(self) else None

    def fits(self, name: str) -> str:
        """Whether a device with the memory of a machine holds it, in words."""
        on = machine(name)
        if self.bytes is None:
            message = "what has no number is not held against a machine"
            raise fail("memory", message, None, "name a preset, and numbers of devices")
        left = on.memory - self.bytes
        word = "fits on" if left >= 0 else "does not fit on"
        much = f"{prefixed(abs(left))}B {'left' if left >= 0 else 'too much'}"
        return f"{word} {on.name}: {much}"

    def cells(self, row: Held) -> tuple[object, ...]:
        value = None if row.value is None else f"{prefixed(row.value)}B"
        return row.name, row.formula, " ".join(row.divided) or None, value

    def __repr__(self) -> str:
        if self.bytes is None:
            return self.table
        whole, count = f"{prefixed(self.bytes)}B", " x ".join(map(str, self.devices))
        where = f" on each of {count} devices" if self.devices else ""
        return f"{whole}{where}: {', '.join(row.name for row in self)}"

    @property
    def table(self) -> str:
        """The rows as text."""
        return super().__repr__()


def held(
    formulas: Sequence[Formula],
    values: Sequence[int | Fraction | None],
    ways: Mapping[str, int | str],
    zero: int,
) -> Memory:
    """The memory of a training step from the formulas of the rows, over so many devices a way, or
    over as many as a letter stands for."""
    for way, number in ways.items():
        named = isinstance(number, str) and number.isidentifier()
        if not named and (type(number) is not int or number < 1):
            message = f"{way} is a number of devices or a letter, and this is {number!r}"
            raise fail("memory", message, None, f"write {way}=8, or {way}={way[0]!r}")
    if zero not in range(STAGES + 1):
        raise fail("memory", f"ZeRO has the stages 0 to {STAGES}, and this is {zero!r}")
    rows = []
    for (name, _, by, stage), formula, value in zip(ROWS, formulas, values, strict=True):
        divided = [ways[way] for way in ((*by, "data") if stage and zero >= stage else by)]
        shown = tuple(str(number) for number in divided if number != 1)
        each = _divided(value, divided)
        rows.append(Held(name, formula, shown, each))
    found = Memory(rows)
    found.devices = tuple(number for number in ways.values() if number != 1)
    return found


def _divided(value: int | Fraction | None, by: Sequence[int | str]) -> Fraction | None:
    """A value through numbers; None where one of them is a letter."""
    numbers = [number for number in by if isinstance(number, int)]
    if value is None or len(numbers) < len(by):
        return None
    return Fraction(value) / prod(numbers)
