"""What the parts of a model cost at a preset, and its costs over one of its sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import islice

from closedform import formula as w
from closedform.data import dataclass
from closedform.formula.numbers import NoNumberError, Numbers, amount_or_none
from closedform.render.report.basis import Basis, Sizes
from closedform.render.report.parts import PartRow
from closedform.render.report.view import PresetRow, Report


@dataclass(frozen=True)
class Part:
    """A part of a model and its parts; `amounts` is what all of it costs, measure by measure.

    They are None where they differ from step to step, and without a preset. `uses` is how often
    each loop around it is at work, in each of the stages that the row tells at once; None for the
    same reasons.
    """

    row: PartRow
    amounts: tuple[Fraction, ...] | None
    uses: tuple[tuple[Fraction, ...] | None, ...]
    parts: tuple[Part, ...]


def sizes_at(basis: Basis, given: Sizes) -> dict[str, w.Written]:
    """The formula or number of every size where some are given."""
    return {**dict(basis.defaults), **dict(given), **dict(basis.definitions)}


def preset_shown(report: Report) -> PresetRow | None:
    """The first preset at which the formulas hold, into which defaults may be put."""
    for preset in report.presets:
        numbers = Numbers(sizes_at(report.basis, preset.given))
        found = (amount_or_none(row.formula, numbers) for row in report.formulas)
        agree = (value in (None, here) for value, here in zip(preset.values, found, strict=True))
        if preset.holds and all(agree):
            return preset
    return None


def parts_of(report: Report, sizes: Mapping[str, w.Written]) -> tuple[Part, ...]:
    """The parts of a model as a tree, stages alike together, with their amounts at the sizes."""
    return _parts(list(report.parts), 0, Numbers(sizes))


def amounts_of_rows(
    report: Report, sizes: Mapping[str, w.Written]
) -> tuple[tuple[Fraction, ...] | None, ...]:
    """What all of each row of the table of parts costs; of stages alike, together."""
    numbers = Numbers(sizes)
    return tuple(_amounts(row, numbers) for row in report.parts)


def _parts(rows: list[PartRow], depth: int, numbers: Numbers) -> tuple[Part, ...]:
    """The parts at a depth, whose rows are taken from the front of the list."""
    found = []
    while rows and rows[0].depth >= depth:
        row = rows.pop(0)
        amounts = _amounts(row, numbers)
        uses = tuple(_in_each(loop.times, row, numbers) for loop in row.loops)
        inner = _parts(rows, row.depth + 1, numbers)
        found.append(Part(row, amounts, uses, inner))
    return tuple(found)


def _amounts(row: PartRow, numbers: Numbers) -> tuple[Fraction, ...] | None:
    try:
        return tuple(
            numbers.of(_over_stages(w.Product((times, cost)), row))
            for cost, times in zip(row.costs, row.counted, strict=True)
        )
    except NoNumberError:
        return None


def _in_each(node: w.Written, row: PartRow, numbers: Numbers) -> tuple[Fraction, ...] | None:
    """What a formula comes to in each of the stages that a row tells at once."""
    several = [node]
    for index, first, last in reversed(row.stages):
        here = [w.Number(stage) for stage in range(first, last + 1)]
        several = [w.BigSum(index, at, at, inner) for at in here for inner in several]
    values = [amount_or_none(inner, numbers) for inner in several]
    return tuple(value for value in values if value is not None) if None not in values else None


def _over_stages(node: w.Written, row: PartRow) -> w.Written:
    """The sum of what a row says of one stage over all that are alike."""
    for index, first, last in reversed(row.stages):
        node = w.BigSum(index, w.Number(first), w.Number(last), node)
    return node


def by_name(parts: tuple[Part, ...]) -> dict[str, tuple[Fraction, ...]]:
    """What the parts of each name cost by themselves, without the blocks inside them.

    Stages count as what is in them, and operations of a block as the block.
    """
    found: dict[str, list[tuple[Fraction, ...]]] = {}
    for part in parts:
        _gather(part, found)
    return {name: tuple(map(_total, zip(*rows, strict=True))) for name, rows in found.items()}


def _gather(part: Part, found: dict[str, list[tuple[Fraction, ...]]]) -> None:
    if part.amounts is None:
        return
    stage = part.row.kind == "stage"
    apart = [
        (inner, inner.amounts)
        for inner in part.parts
        if inner.amounts is not None and (stage or inner.row.kind != "operation")
    ]
    if not stage:
        inside = [_total(amounts[at] for _, amounts in apart) for at in range(len(part.amounts))]
        rest = tuple(whole - taken for whole, taken in zip(part.amounts, inside, strict=True))
        found.setdefault(_name(part), []).append(rest)
    for inner, _ in apart:
        _gather(inner, found)


def _name(part: Part) -> str:
    """The name of a part; of steps, the names of what is done in each."""
    inner = dict.fromkeys(p.row.name for p in part.parts)
    return ", ".join(inner) if part.row.kind == "steps" and inner else part.row.name


def _total(values: Iterable[Fraction]) -> Fraction:
    return sum(values, Fraction(0))


# A cost over a size ------------------------------------------------------------------------

SPAN = 4  # a size is swept from a quarter of its value to four times that
POINTS = 17
MOST_SWEEPS = 4
FEWEST = 6
NEAR = 48  # how far from a point the formulas are tried until they hold
CHANGE = Fraction(6, 5)  # a cost that changes by less over the sweep is not drawn


@dataclass(frozen=True)
class Sweep:
    """A cost over one size, the others as in a preset; `lines` are the parts by their names."""

    symbol: str
    meaning: str
    value: int
    xs: tuple[int, ...]
    totals: tuple[Fraction, ...]
    lines: tuple[tuple[str, tuple[Fraction, ...]], ...]


def sweeps(report: Report, preset: PresetRow, measure: int) -> tuple[Sweep, ...]:
    """A cost over each of the first sizes that it depends on, in the order of the symbols."""
    sizes = sizes_at(report.basis, preset.given)
    rows = [row for row in report.symbols if row.symbol.index is None]
    one = tuple(
        replace(
            row, costs=row.costs[measure : measure + 1], counted=row.counted[measure : measure + 1]
        )
        for row in report.parts
    )
    told = replace(report, parts=one)  # of the other measures no number is asked
    found = (_sweep(told, sizes, row.symbol, row.meaning) for row in rows)
    return tuple(islice((sweep for sweep in found if sweep is not None), MOST_SWEEPS))


def _sweep(
    report: Report, sizes: dict[str, w.Written], symbol: w.Symbol, meaning: str
) -> Sweep | None:
    name = symbol.name
    value = amount_or_none(symbol, Numbers(sizes))
    if value is None or value.denominator != 1:
        return None
    costs: dict[int, dict[str, Fraction]] = {}
    for target in _targets(int(value)):
        x = _first_that_holds(report, sizes, name, target)
        if x is not None and x not in costs:
            parts = by_name(parts_of(report, {**sizes, name: w.Number(x)}))
            costs[x] = {part: amounts[0] for part, amounts in parts.items()}
    totals = tuple(_total(cost.values()) for cost in costs.values())
    if int(value) not in costs or len(costs) < FEWEST or min(totals) <= 0:
        return None
    if max(totals) < CHANGE * min(totals):
        return None
    names = dict.fromkeys(part for cost in costs.values() for part in cost)
    lines = tuple(
        (part, tuple(cost.get(part, Fraction(0)) for cost in costs.values())) for part in names
    )
    return Sweep(w.plain(symbol), meaning, int(value), tuple(costs), totals, lines)


def _targets(value: int) -> list[int]:
    """Whole numbers in even steps of their logarithm, and the value itself."""
    ratio = float(SPAN) ** (2 / (POINTS - 1))
    points = {max(1, round(value / SPAN * ratio**step)) for step in range(POINTS)}
    return sorted({value, *points})


def _first_that_holds(
    report: Report, sizes: dict[str, w.Written], name: str, target: int
) -> int | None:
    """The whole number at which the formulas hold that is nearest to the target."""
    reach = min(NEAR, max(1, target // 8))
    near = sorted(range(max(1, target - reach), target + reach + 1), key=lambda x: abs(x - target))
    for x in near:
        if hold(report.basis, {**sizes, name: w.Number(x)}):
            return x
    return None


def hold(basis: Basis, sizes: Mapping[str, w.Written]) -> bool:
    """Whether the formulas hold at the sizes: every condition does, and every size is positive."""
    numbers = Numbers(sizes)
    if not all(amount_or_none(condition, numbers) for condition in basis.conditions):
        return False
    values = (amount_or_none(w.Symbol(name), numbers) for name in sizes)
    return all(value is None or value > 0 for value in values)
