"""The roofline of a model on a machine, as a notebook has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import Expr, Rational

from closedform.checked import all_checked
from closedform.derive.project import Project
from closedform.derive.resolve.dtypes import Widths, widths_in
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.given import size_table
from closedform.derive.solve.numbers import check_facts, settle
from closedform.errors import fail, suggestion
from closedform.explore.table import Table
from closedform.reason.machines.roofline import Bound, roofline
from closedform.reason.machines.rows import Machine, machine

if TYPE_CHECKING:
    from closedform.render.pictures.figures import Picture

DIGITS = Context(prec=4)
SCALES = ((Fraction(1), "s"), (Fraction(1, 1000), "ms"), (Fraction(1, 10**6), "us"))


@all_checked
class Roofline(Table[Bound]):
    """What the parts of a model need at least on a machine; `seconds` is the sum.

    >>> from closedform.api import zoo
    >>> bound = zoo("llama")["Llama"].roofline("H100", "bf16", preset="Llama-3-8B", S=1)
    >>> bound
    4.485 ms at least on NVIDIA H100 SXM, 80 GB in bf16: 15.01 GFLOP, 15.02 GB, 0.9991 FLOP/byte
    >>> str(bound[0].name)
    'embed'
    """

    columns = ("part", "times", "FLOP", "bytes", "FLOP/byte", "least time", "bound by")

    machine: Machine
    dtype: str

    @property
    def seconds(self) -> Fraction:
        """The least time of all parts, one after another."""
        return sum((row.seconds for row in self), Fraction(0))

    @property
    def work(self) -> Fraction:
        """FLOPs of products and convolutions."""
        return sum((row.work for row in self), Fraction(0))

    @property
    def bytes(self) -> Fraction:
        """Bytes read and written."""
        return sum((row.bytes for row in self), Fraction(0))

    @property
    def intensity(self) -> Fraction:
        """FLOPs for each byte."""
        return self.work / self.bytes

    @property
    def ridge(self) -> Fraction:
        """The intensity from which on the machine is bound by work."""
        return self.machine.peak(self.dtype) / self.machine.bandwidth

    def mfu(self, seconds: Fraction | float | str) -> Fraction:
        """The share of the peak that a measured time comes to."""
        return self.work / self.machine.peak(self.dtype) / Fraction(seconds)

    def told(self, seconds: Fraction) -> str:
        """A measured time beside the bound, in words."""
        times = digits(seconds / self.seconds)
        share = f"MFU {percent(self.mfu(seconds))}"
        return f"measured {time_of(seconds)}: {times} times the bound, {share}"

    def plot(self, lang: str = "en") -> Picture:
        """The roof of the machine with the parts below it. Needs closedform[plot]."""
        from closedform.render.pictures.roofs import roof_picture

        points = [(row.name, row.work, row.bytes, row.seconds) for row in self]
        peak = self.machine.peak(self.dtype)
        title = f"{self.machine.name}, {self.dtype}"
        return roof_picture(points, peak, Fraction(self.machine.bandwidth), title, lang)

    def cells(self, row: Bound) -> tuple[object, ...]:
        share = digits(row.intensity) if row.intensity is not None else None
        bound = "work" if row.at_work else "memory"
        counts = row.times, digits(row.work), digits(row.bytes), share
        return row.name, *counts, time_of(row.seconds), bound

    def __repr__(self) -> str:
        return (
            f"{time_of(self.seconds)} at least on {self.machine.name} in {self.dtype}: "
            f"{prefixed(self.work)}FLOP, {prefixed(self.bytes)}B, "
            f"{digits(self.intensity)} FLOP/byte"
        )

    @property
    def table(self) -> str:
        """The parts as text."""
        return super().__repr__()


def digits(value: Fraction) -> str:
    """A number to four digits.

    >>> digits(Fraction(2, 3)), digits(Fraction(1234567))
    ('0.6667', '1.235E+6')
    """
    return str(DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator)))


def percent(share: Fraction) -> str:
    """A share in percent."""
    return f"{digits(100 * share)}%"


def prefixed(value: Fraction) -> str:
    """A number to four digits, with the prefix of a unit: `14.98 G`."""
    for power, prefix in ((15, "P"), (12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if value >= 10**power:
            return f"{digits(value / 10**power)} {prefix}"
    return f"{digits(value)} "


def time_of(seconds: Fraction) -> str:
    """A time in the unit in which it is more than one."""
    scale, unit = next((row for row in SCALES if seconds >= row[0]), SCALES[-1])
    return f"{digits(seconds / scale)} {unit}"


def bounded(
    project: Project,
    entity: Entity,
    name: str,
    preset: str | None,
    given: Mapping[str, int | Fraction | Sequence[int]],
) -> Roofline:
    """The roofline of a model or block at a preset, or at sizes."""
    widths = project.widths or widths_in(project.module)
    work, moved = project.measure("flops"), project.measure("moved_bytes")
    assert isinstance(widths, Widths)  # which the bytes have asked for
    preset = project.preset_or_configured(entity, preset)
    if preset is not None:
        entity = project.at_preset(project.preset(preset))
    derivation = project.derivation(entity)
    chosen = None if preset is None else project.preset(preset)
    values: dict[Any, Expr] = {} if chosen is None else dict(project.values(chosen))
    table = size_table(derivation)
    for key, value in given.items():
        if key not in table:
            near = suggestion(key, table) or "there are " + ", ".join(sorted(table))
            raise fail("name", f"`{key}` is no size of `{entity.name}`", None, near)
        several = value if isinstance(value, list | tuple) else [value] * len(table[key])
        values.update(zip(table[key], map(_exact, several), strict=True))
    sizes = settle(derivation, values)
    check_facts(derivation, sizes)
    dtype = widths.type("activations")
    on = machine(name)
    found = Roofline(roofline(derivation, work, moved, on, dtype, sizes))
    found.machine, found.dtype = on, dtype
    return found


def _exact(value: int | Fraction) -> Expr:
    return Rational(value.numerator, value.denominator)
