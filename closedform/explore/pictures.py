"""Pictures of formulas: over a size, over two, and what they answer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from closedform.derive.solve.along import Along, X, asked_of
from closedform.derive.solve.given import asked_and_given, refuse_own_sizes, size_table
from closedform.errors import fail
from closedform.explore.quantities.quantity import Quantity
from closedform.render.language import Language, language
from closedform.render.pictures.curves import points_of
from closedform.render.pictures.figures import Picture
from closedform.render.pictures.plots import (
    Axis,
    curves_picture,
    map_picture,
    sensitivity_picture,
)
from closedform.render.report.names import meaning
from closedform.sweeps import swept

CELLS = 48  # of a map, on each side
SHORT = 40  # characters of a formula that is a title
Span = tuple[int, int]


def over_size(
    formulas: Mapping[str, Quantity],
    size: str,
    span: Span,
    preset: str | Mapping[str, str] | None,
    lang: str,
    sizes: Mapping[str, int | Sequence[int]],
) -> Picture:
    """Costs over a size; see `plot_over`."""
    if not isinstance(formulas, Mapping):
        raise fail("type", "formulas are drawn by their names", None, 'give {"ViT": vit.macs}')
    if not formulas:
        raise fail("argument", "there is no formula to draw", None, 'give {"ViT": vit.macs}')
    if size in sizes:
        raise asked_and_given(size)
    known = {name: set(size_table(form._closed.derivation)) for name, form in formulas.items()}
    shared = {key for key in sizes if any(key in names for names in known.values())}
    for one, other in pairwise(formulas.values()):
        refuse_own_sizes(one._closed.derivation, other._closed.derivation)
    curves = {}
    for name, form in formulas.items():
        given = {k: v for k, v in sizes.items() if k in known[name] or k not in shared}
        chosen = preset.get(name) if isinstance(preset, Mapping) else preset
        curves[name] = form._along(size, chosen, given)
    told = (_meaning(form, size) for form in formulas.values())
    axis = Axis(size, next(filter(None, told), ""), points_of(*span))
    return curves_picture(curves, axis, _unit(formulas.values(), language(lang)), lang)


def over_two(
    form: Quantity,
    spans: Mapping[str, Span],
    preset: str | None,
    lang: str,
    sizes: Mapping[str, Any],
) -> Picture:
    """A cost over two sizes; see `Formula.plot_map`."""
    if not isinstance(spans, Mapping) or len(spans) != 2 or not all(map(_is_span, spans.values())):
        told = f"a map is over two sizes, each with its first and its last number, not {spans!r}"
        raise fail("argument", told, None, 'write {"N": (16, 4096), "D": (192, 1536)}')
    for name in spans:
        if name in sizes:
            raise asked_and_given(name)
    x, y = (_axis(form, name, span, preset, sizes) for name, span in spans.items())
    closed = form._at(preset)
    found = swept(
        form._project, form._entity, measures={"cost": closed}, preset=preset, rows=None,
        to="numpy", broken="mark", progress=None,
        sizes={y.symbol: y.points, x.symbol: x.points, **sizes},
    )  # fmt: skip
    costs = [
        cost if cost is None or isinstance(cost, Fraction) else int(cost)
        for cost in found["cost"].tolist()
    ]
    negative = next((at for at, cost in enumerate(costs) if cost is not None and cost < 0), None)
    if negative is not None:
        row, column = divmod(negative, len(x.points))
        here = f"{x.symbol} = {x.points[column]}, {y.symbol} = {y.points[row]}"
        told = f"a map is of what is not negative, and this is {costs[negative]} at {here}"
        raise fail("argument", told, None, "draw the ratio of both in the place of a difference")
    wide = len(x.points)
    rows = [costs[at : at + wide] for at in range(0, len(costs), wide)]
    return map_picture(x, y, rows, _unit([form], language(lang)), lang)


def _axis(
    form: Quantity, name: str, span: Span, preset: str | None, sizes: Mapping[str, Any]
) -> Axis:
    """Numbers of a span that what is assumed allows, the other sizes as at the preset."""
    symbol = form._sizes.symbol(name)
    closed = form._at(preset)
    plain = {key: value for key, value in sizes.items() if key in size_table(closed.derivation)}
    values = form._values(preset, plain)
    along = Along(name, X, asked_of(closed, symbol, values))
    steps = points_of(*span, CELLS, CELLS)
    near = [range(step, after) for step, after in pairwise(steps)]
    near.append(range(steps[-1], steps[-2], -1))
    found = (next((n for n in numbers if along.allows(n)), None) for numbers in near)
    points = sorted({n for n in found if n is not None})
    if not points:
        raise fail("argument", f"what is assumed holds for no `{name}` in {span[0]}..{span[1]}")
    here = form._number_of(name, preset, plain) if preset is not None else None
    return Axis(name, _meaning(form, name), points, here)


def sensitivity(
    form: Quantity,
    growing: Mapping[str, Quantity | None],
    preset: str | None,
    lang: str,
    sizes: Mapping[str, Any],
) -> Picture:
    """The elasticities of a cost; see `Formula.plot_sensitivity`."""
    words = language(lang)
    found: dict[str, Fraction] = {}
    steps = []
    for name, growth in growing.items():
        axis = Axis(name, _meaning(form, name), ())
        if growth is None:
            steps.append(name)
        else:
            found[axis.label(words)] = Fraction(growth.at(preset, **sizes))
    if not found:
        raise fail("argument", f"{form!r} grows with no size that has an elasticity")
    title = words.tr("{measure} of {part}", measure=_unit([form], words), part=form._name)
    if preset is not None:
        title = words.tr("{what} at {preset}", what=title, preset=preset)
    return sensitivity_picture(found, steps, title, lang)


def _is_span(span: object) -> bool:
    return isinstance(span, tuple | list) and [type(end) for end in span] == [int, int]


def _meaning(form: Quantity, name: str) -> str:
    return meaning(form._closed.derivation, form._sizes.symbol(name))


def _unit(formulas: Any, words: Language) -> str:
    """The units of formulas; one that names a formula is a name, and others are words."""
    measures = [form._closed.measure for form in formulas]
    units = [what.unit if what.unit == what.label else words.tr(what.unit) for what in measures]
    if any(units):
        return words.tr(", ").join(dict.fromkeys(filter(None, units)))
    texts = {str(form) for form in formulas}  # a ratio is called by what it is, where that is short
    text = texts.pop()
    return words.tr("formula") if texts or len(text) > SHORT else text
