"""Sizes as sliders, and the formulas, numbers and shares that follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from sympy import Expr, Symbol

from closedform.derive.lower.program import needed
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.along import Along, X, asked_of
from closedform.derive.solve.given import check_given, dims_values, size_table
from closedform.derive.solve.numbers import settle
from closedform.errors import ClosedformError, fail
from closedform.explore import show
from closedform.explore.formula import Formula
from closedform.explore.parts import Share, Shares, parts, share
from closedform.explore.quantities.sizes import exact
from closedform.render.report.names import meaning
from closedform.sweeps.machines import machine, plan_of

SPAN = 4  # a slider goes to four times the number where it begins
FEWEST = 16  # and has at least so many places


class Panel:
    """A model or a block with a slider for each size, as a notebook shows it.

    `sizes` are the widgets by the names of the sizes, `preset` chooses where they begin, and `open`
    which of them stay symbols in the formula; `formulas`, `numbers` and `shares` follow.

    >>> from closedform.api import zoo
    >>> panel = zoo("vit").explore("ViT-B/16")  # doctest: +SKIP
    >>> panel.sizes["D"].value = 1536           # doctest: +SKIP
    """

    def __init__(
        self,
        project: Project,
        entity: Entity,
        measures: Sequence[Measure],
        preset: str | None,
        sizes: Mapping[str, Any],
    ):
        self._project, self._entity, self._measures = project, entity, measures
        titles = [node.title for node in project.presets(entity)]
        chosen = preset if preset is not None or sizes else next(iter(titles), None)
        lets = {s.name: s for s in project.derivation(entity).known.spelled}
        table = size_table(project.derivation(entity))
        self._lets = {lets[n]: exact(n, v) for n, v in sizes.items() if n in lets.keys() - table}
        self._begin(chosen, {n: v for n, v in sizes.items() if n not in lets.keys() - table})
        check_given(project.derivation(entity), {**self._chosen, **self._lets})
        self._start |= self._lets
        widgets = _widgets()
        self.preset = widgets.Dropdown(options=titles, value=chosen, description="preset")
        self.sizes = {
            s.name: _slider(self._forms[0], s, self._start) for s in self._symbols(titles)
        }
        names = list(self.sizes)
        self.open = widgets.SelectMultiple(options=names, value=names, description="symbols")
        self.formulas, self.numbers, self.shares = (widgets.HTML() for _ in range(3))
        side = [self.preset] if titles else []
        wide, rest = ({"flex": flex, "min_width": "0"} for flex in ("0 0 auto", "1 1 0"))
        left = widgets.VBox([*side, *self.sizes.values(), self.open], layout=wide)
        right = widgets.VBox([self.formulas, self.numbers], layout=rest)
        self.box = widgets.VBox([widgets.HBox([left, right]), self.shares])
        self._quiet = False
        self.preset.observe(self._at_preset, "value")
        for widget in (*self.sizes.values(), self.open):
            widget.observe(self._follow, "value")
        self._prepare()
        self._follow()

    @property
    def given(self) -> dict[str, int | Fraction]:
        """The sizes as the sliders have them. Raises ClosedformError for a ratio that is none."""
        return {name: _number(name, widget.value) for name, widget in self.sizes.items()}

    def _begin(self, preset: str | None, sizes: Mapping[str, Any]) -> None:
        """The formulas at a preset, and every size there."""
        project, entity = self._project, self._entity
        values: dict[Symbol, Expr] = {}
        if preset is not None:
            node = project.preset(preset)
            entity, values = project.at_preset(node), project.values(node)
        derivation = project.derivation(entity)
        self._chosen = dims_values(derivation, sizes)
        values |= self._chosen
        self._start = settle(derivation, values)
        for let in self._lets:
            value = derivation.known.base(let).xreplace(self._start)
            self._start |= {let: value} if value.is_Number else {}
        self._forms = [Formula(project, entity, project.closed(entity, w)) for w in self._measures]
        self._parts = parts(project, entity)

    def _symbols(self, titles: Sequence[str]) -> list[Symbol]:
        """The sizes that the formulas or what they rest on need, but those that follow from others
        at every preset, and those that a given abbreviation takes the place of."""
        derivation = self._forms[0]._closed.derivation
        defaults = derivation.defaults
        given = {s for t in titles for s in self._project.values(self._project.preset(t))}
        given |= self._chosen.keys()
        follow = {s for s, v in defaults.items() if v.free_symbols and s not in given}
        exprs = [form.expr for form in self._forms]
        lets, made_of = self._lets.keys(), set(needed(derivation, self._lets))
        loose = made_of - set(needed(derivation, exprs, lets))
        facts = [fact.condition for fact in derivation.facts]
        exprs += [fact for fact in facts if not loose & set(needed(derivation, [fact], lets))]
        used = needed(derivation, exprs, lets)
        while more := [defaults[s] for s in used if s in follow and defaults[s] not in exprs]:
            exprs += more
            used = needed(derivation, exprs, lets)
        shown = [s for s in used if s not in follow]
        missing = [s.name for s in shown if s not in self._start]
        if missing:
            raise fail(
                "unbound",
                f"{', '.join(f'`{name}`' for name in missing)} "
                f"{'has' if len(missing) == 1 else 'have'} no value to begin with",
                None,
                f"give them: .explore({', '.join(f'{name}=...' for name in missing)})",
            )
        return shown

    def _at_preset(self, change: Any) -> None:
        self._begin(change["new"], {})
        self._quiet = True
        for name, widget in self.sizes.items():
            symbol = self._forms[0]._sizes.symbol(name)
            _set(widget, self._forms[0], symbol, self._start)
        self._quiet = False
        self._prepare()
        self._follow()

    def _prepare(self) -> None:
        """The program of the measures, the abbreviations in them, and the parts."""
        last, derivation = self._measures[-1].name, self._forms[0]._closed.derivation
        exprs = [(form._closed.measure.title, form.expr) for form in self._forms]
        used = {name: form for whole in self._forms for name, form in whole.where.items()}
        exprs += [(name, form.expr) for name, form in used.items() if name not in self.sizes]
        self._rows = [title for title, _ in exprs]
        for part in self._parts:
            of_part = part.times, part.measure(last), part.all(last)
            exprs += [(part.name, form.expr) for form in of_part]
        given = tuple(self._forms[0]._sizes.symbol(name) for name in self.sizes)
        program = machine(derivation, tuple(exprs), given, (), frozenset(given)).program
        self._plan = plan_of((*program.values, program.holds))

    def _follow(self, change: object = None) -> None:
        if self._quiet:
            return
        try:
            given = self.given
            fixed = {name: value for name, value in given.items() if name not in self.open.value}
            forms = [form.subs(fixed) if fixed else form for form in self._forms]
            self.formulas.value = show.html([form._shown for form in forms])
            values = self._values(given)
        except ClosedformError as error:
            self.numbers.value, self.shares.value = show.html_error(error), ""
            return
        told, of_parts = values[: len(self._rows)], values[len(self._rows) :]
        self.numbers.value = show.html_table(("", "here"), zip(self._rows, told, strict=True))
        last = self._measures[-1].title
        whole = told[self._rows.index(last)]
        costs = zip(of_parts[::3], of_parts[1::3], of_parts[2::3], strict=True)
        shares = Shares(
            Share(part.name, times, one, every, share(every, whole))
            for part, (times, one, every) in zip(self._parts, costs, strict=True)
        )
        self.shares.value = f"<p>{last} of the parts</p>{shares._repr_html_()}"

    def _values(self, given: Mapping[str, int | Fraction]) -> list[int]:
        """All that is shown, by one program: a slider must not wait. What does not hold there is
        an error of the formulas, which say more of it."""
        inputs = {name: value for name, value in given.items() if isinstance(value, int)}
        for name, value in given.items():
            if isinstance(value, Fraction):
                inputs[f"{name}_num"], inputs[f"{name}_den"] = value.as_integer_ratio()
        *values, holds = self._plan.run(inputs)
        if not holds:
            for form in self._forms:
                form.at(**given)
        return [int(value) for value in values]

    def __repr__(self) -> str:
        return f"<{self._entity.name}: sliders for {', '.join(self.sizes)}>"

    def _repr_mimebundle_(self, **how: Any) -> Any:
        return self.box._repr_mimebundle_(**how)


def _widgets() -> Any:
    try:
        import ipywidgets
    except ImportError:
        advice = "pip install 'closedform[explore]'"
        raise fail("extra", "sliders need ipywidgets", None, advice) from None
    return ipywidgets


def _slider(form: Formula, symbol: Symbol, start: Mapping[Expr, Expr]) -> Any:
    """The widget of a size; a ratio is written as a text."""
    widgets, told = _widgets(), meaning(form._closed.derivation, symbol)
    about = {"description": symbol.name, "tooltip": told, "continuous_update": False}
    if not symbol.is_integer:
        return widgets.Text(value=str(start[symbol]), **about)
    value, least, most, step = _places(form, symbol, start)
    return widgets.IntSlider(value=value, min=least, max=most, step=step, **about)


def _places(form: Formula, symbol: Symbol, start: Mapping[Expr, Expr]) -> tuple[int, ...]:
    """Where a slider begins, its ends, and the least step that what is assumed allows."""
    value = int(start[symbol])
    others = {s: v for s, v in start.items() if isinstance(s, Symbol) and s != symbol}
    along = Along(symbol.name, X, asked_of(form._closed, symbol, others))
    step = next((k for k in range(1, value + 1) if along.allows(value + k)), 1)
    return value, value - (value - 1) // step * step, max(SPAN * value, value + FEWEST * step), step


def _set(widget: Any, form: Formula, symbol: Symbol, start: Mapping[Expr, Expr]) -> None:
    """Move a slider, and its ends, which never pass each other."""
    if not symbol.is_integer:
        widget.value = str(start[symbol])
        return
    value, least, most, step = _places(form, symbol, start)
    widget.min, widget.max = min(least, widget.min), max(most, widget.max)
    widget.value, widget.step = value, step
    widget.min, widget.max = least, most


def _number(name: str, value: int | str) -> int | Fraction:
    if isinstance(value, int):
        return value
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise fail("type", f"`{name}` is a ratio such as 1/2, and this is {value!r}") from None
