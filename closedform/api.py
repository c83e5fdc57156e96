"""What a notebook uses: load an architecture, look at its measures and its blocks.

>>> vit = zoo("vit")
>>> vit.macs.in_terms_of("N", "D", "L").expr.free_symbols >= set()
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympy import Expr, Symbol

from closedform import formula as w
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express, staying
from closedform.derive.solve.numbers import dims_values, evaluate, size_table
from closedform.errors import ClosedformError, fail
from closedform.files import read_text
from closedform.projects import zoo_path
from closedform.render.formats import derivation_in, format_named
from closedform.render.formulas.latex import equation, latex
from closedform.render.language import language
from closedform.render.report.derivation import derivation_view
from closedform.render.report.names import Names
from closedform.render.report.signs import signed
from closedform.render.report.view import Wish, report

if TYPE_CHECKING:
    from closedform.render.pictures.plots import Picture


class Formula:
    """An exact closed form of one measure.

    `print` shows it as text, a notebook as LaTeX; `.expr` is a SymPy expression in positive
    integer symbols, and `.latex` the LaTeX of the form that a person would print.
    """

    def __init__(self, project: Project, entity: Entity, closed: Closed, form: str = "shortest"):
        self._project, self._entity, self._closed, self._form = project, entity, closed, form

    @property
    def expr(self) -> Expr:
        """The SymPy expression."""
        return self._closed.expr

    @property
    def written(self) -> w.Written:
        """The formula as a tree for reading."""
        return signed(self._closed.written(self._form), self._closed.derivation.signs)

    @property
    def latex(self) -> str:
        """The LaTeX of the formula, for math mode."""
        return latex(self.written)

    @property
    def unit(self) -> str:
        return self._closed.measure.unit

    @property
    def convention(self) -> str | None:
        """The name of the convention under which work is counted."""
        convention = self._closed.measure.convention
        return convention.name if convention else None

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The assumptions that the formula rests on."""
        return tuple(map(str, self._closed.facts))

    @property
    def stays(self) -> tuple[str, ...]:
        """The symbols that could not be expressed in those that were chosen."""
        return staying(self._closed)

    def in_terms_of(self, *names: str) -> Formula:
        """The same formula in the named symbols; what cannot be expressed stays, see `.stays`.

        Raises ClosedformError for a name that the architecture does not have.

        >>> zoo("vit").macs.in_terms_of("N", "D", "H", "L").stays
        ('P', 'F', 'C')
        """
        return Formula(self._project, self._entity, express(self._closed, names), self._form)

    def expanded(self) -> Formula:
        """The same formula as a plain sum of products."""
        return Formula(self._project, self._entity, self._closed, "expanded")

    def factored(self) -> Formula:
        """The same formula as a product of its factors."""
        return Formula(self._project, self._entity, self._closed, "factored")

    def by_part(self) -> Formula:
        """The same formula as the sum of what its parts cost, which braces name in LaTeX.

        >>> print(zoo("vit").macs.by_part())
        3 N P^2 D + 2 L T D (2 D + T) + 2 L T D F + D C
        """
        return Formula(self._project, self._entity, self._closed, "parts")

    def at(self, preset: str | None = None, **sizes: int | Sequence[int]) -> int:
        """The exact value at a preset, at given sizes, or at a preset with some sizes changed.

        Sizes that are not given take the defaults of the file. Raises ClosedformError when one
        has no value, and when an assumption of the formula does not hold.

        >>> zoo("vit").params.at(D=768, H=12, L=12)
        86567656
        """
        if preset is not None and not sizes:
            return self._project.at(self._project.preset(preset), self._closed)
        return evaluate(self._at(preset), self._values(preset, sizes))

    def _at(self, preset: str | None) -> Closed:
        """The closed form of the model with what a preset gives to its parameters."""
        if preset is None:
            return self._closed
        return self._project.form_at(self._project.preset(preset), self._closed)

    def _values(
        self, preset: str | None, sizes: Mapping[str, int | Sequence[int]]
    ) -> dict[Symbol, Expr]:
        values = self._project.values(self._project.preset(preset)) if preset else {}
        return {**values, **dims_values(self._closed.derivation, sizes)}

    def __str__(self) -> str:
        return w.plain(self.written)

    def __repr__(self) -> str:
        return f"{self._closed.measure.title} of {self._entity.name}: {self}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {equation(self._title, self.written)}${_where([self])}"

    def _repr_markdown_(self) -> str:
        return f"{self._display}{_where([self])}"

    @property
    def _display(self) -> str:
        return f"$$\n{equation(self._title, self.written)}\n$$"

    @property
    def _title(self) -> str:
        return f"\\mathrm{{{self._closed.measure.label}}}"


def _where(formulas: Sequence[Formula]) -> str:
    """What the abbreviations in formulas of one part stand for, as the end of what is shown."""
    closed = [formula._closed for formula in formulas]
    starts = [form._closed.starts(form._form).items() for form in formulas]
    derivation = replace(closed[0].derivation, facts=())  # these are not shown
    written = tuple(formula.written for formula in formulas)
    rows = Names(derivation, written, dict(chain(*starts)), closed[0].order, language("en")).where()
    told = (
        f"${latex(row.symbol)} = {latex(row.formula)}$"
        + (f" ({row.meaning})" if row.meaning else "")
        for row in rows
    )
    return "\n\nwhere " + ", ".join(told) if rows else ""


class Part:
    """A model or a block: its measures, and a report of it."""

    def __init__(self, project: Project, entity: Entity):
        self._project, self._entity = project, entity

    @property
    def name(self) -> str:
        return self._entity.name

    def measure(self, name: str, convention: str | None = None, when: str | None = None) -> Formula:
        """The closed form of a measure, under conditions if there are any.

        >>> zoo("vit").measure("macs", "hooks").at("ViT-B/16")
        16848500736
        >>> print(zoo("pvt")["SRA"].measure("macs", when="r > 1, n == side^2, r | side"))
        n d (3 d + 2 (d + n)/r^2)
        """
        project, entity = self._project.under(self._entity, when), self._entity
        return Formula(project, entity, project.closed(entity, project.measure(name, convention)))

    @property
    def params(self) -> Formula:
        """Parameters."""
        return self.measure("params")

    @property
    def macs(self) -> Formula:
        """Multiply-accumulates of every product and convolution."""
        return self.measure("macs")

    @property
    def flops(self) -> Formula:
        """Twice the multiply-accumulates."""
        return self.measure("flops")

    def report(
        self,
        to: str = "md",
        lang: str = "en",
        *,
        names: Sequence[str] = (),
        measures: Sequence[str] = (),
        convention: str | None = None,
        preset: str | None = None,
        form: str = "shortest",
        stages: str = "sum",
        defaults: bool = False,
        when: str | None = None,
        claims: bool = False,
    ) -> str:
        """The report of `closedform derive` as text, in the format `to`, in English or Chinese.

        `names` are the symbols of `--in`, `measures` those of `--measure`, `when` the conditions
        of `--when` in one text, the others as on the command line: `form` is "shortest",
        "expanded", "factored", "grouped" or "parts", `stages` "sum" or "each".

        >>> text = zoo("vit").report("text", names=["N", "D"], measures=["macs"], preset="ViT-B/16")
        """
        write = format_named(to).report
        chosen = self._project.measures(measures, convention)
        wish = Wish(chosen, tuple(names), form, stages, preset, defaults, lang, claims)
        return write(report(self._project.under(self._entity, when), self._entity, wish))

    def derivation(
        self,
        measure: str = "macs",
        preset: str | None = None,
        to: str = "md",
        lang: str = "en",
        *,
        convention: str | None = None,
        when: str | None = None,
    ) -> str:
        """The walk from the shapes to a closed form, with the numbers of a preset if one is named.

        >>> print(zoo("vit")["MLP"].derivation(to="text").splitlines()[0])
        MLP: MACs, step by step
        """
        write = derivation_in(to)
        what = self._project.measure(measure, convention)
        project = self._project.under(self._entity, when)
        return write(derivation_view(project, self._entity, what, preset, lang))

    def plot_parts(
        self,
        preset: str | None = None,
        lang: str = "en",
        *,
        measures: Sequence[str] = (),
        convention: str | None = None,
    ) -> Picture:
        """The cost of each part at a preset, or at the first one, as bars, one a measure.

        A notebook shows the picture, `.save("parts.svg")` writes it. Needs closedform[plot], and
        in Chinese an installed font.
        """
        from closedform.render.pictures.plots import parts_picture

        chosen = self._project.measures(measures, convention)
        wish = Wish(chosen, preset=preset, lang=lang)
        return parts_picture(report(self._project, self._entity, wish))

    def _repr_markdown_(self) -> str:
        shown = (self.params, self.macs)
        formulas = "\n\n".join(formula._display for formula in shown)
        return f"**{self.name}**\n\n{formulas}{_where(shown)}"

    def __repr__(self) -> str:
        return f"<{self.name}: params = {self.params}, macs = {self.macs}>"


class Architecture(Part):
    """A file: its blocks and models by name; with a single model, that model itself."""

    def __init__(self, project: Project):
        self._project = project

    @property
    def _entity(self) -> Entity:  # type: ignore[override]  # found when it is first needed
        return self._project.part(None)

    def __getitem__(self, name: str) -> Part:
        """A model or block of the file.

        >>> print(zoo("vit")["SelfAttention"].macs)
        2 n d (2 d + n)
        """
        try:
            return Part(self._project, self._project.part(name))
        except ClosedformError as error:
            raise KeyError(str(error)) from None

    def __iter__(self) -> Any:
        return iter([entity.name for entity in self._project.parts()])

    @property
    def presets(self) -> tuple[str, ...]:
        """The titles of the presets."""
        return tuple(node.title for node in self._project.presets())

    def __repr__(self) -> str:
        names = ", ".join(entity.name for entity in self._project.parts())
        return f"<architecture {self._project.module.title}: {names}>"

    def _repr_markdown_(self) -> str:
        return "\n\n".join(
            Part(self._project, entity)._repr_markdown_() for entity in self._project.models()
        )


def plot_over(
    formulas: Mapping[str, Formula],
    size: str,
    span: tuple[int, int],
    preset: str | Mapping[str, str] | None = None,
    lang: str = "en",
    **sizes: int | Sequence[int],
) -> Picture:
    """Costs over a size, both axes logarithmic, with the exact places where they cross.

    `formulas` are the costs by the names that the legend shows, `span` the first and the last
    value of the size; the others are those of the preset, or of the preset of each name, as far
    as `sizes` does not change them. A formula takes those of `sizes` that it knows. Needs
    closedform[plot], and in Chinese an installed font.

    >>> file = zoo("attention")
    >>> plot_over({"global": file["GlobalAttention"].macs, "local": file["WindowedAttention"].macs},
    ...           "n", (16, 4096), d=96, heads=3, window=7).save("attention.svg")  # doctest: +SKIP
    """
    from closedform.render.pictures.curves import curve_of, points_of
    from closedform.render.pictures.plots import curves_picture

    if not formulas:
        raise fail("argument", "there is no formula to draw", None, 'give {"ViT": vit.macs}')
    known = {name: set(size_table(form._closed.derivation)) for name, form in formulas.items()}
    shared = {key for key in sizes if any(key in names for names in known.values())}
    curves = []
    for name, form in formulas.items():
        given = {k: v for k, v in sizes.items() if k in known[name] or k not in shared}
        chosen = preset.get(name) if isinstance(preset, Mapping) else preset
        curves.append(curve_of(name, form._at(chosen), size, form._values(chosen, given)))
    words = language(lang)
    counted = (form._closed.measure for form in formulas.values())
    units = dict.fromkeys(  # a unit that names a formula is a name, and others are words
        what.unit if what.unit == what.label else words.tr(what.unit) for what in counted
    )
    return curves_picture(curves, size, words.tr(", ").join(units), points_of(*span), lang)


def load(path: str | Path) -> Architecture:
    """The architecture of an .arch file.

    Raises FileError when it cannot be read, and ClosedformError when it is wrong.
    """
    path = Path(path)
    return Architecture(Project(Loader(read_text, path.parent).file(path)))


def loads(text: str, folder: str | Path | None = None) -> Architecture:
    """The architecture of a text; `folder` is where it may import from.

    >>> file = loads("block Two(x: [n, d]):\\n    return x -> linear(d) -> linear(d)")
    >>> print(file["Two"].macs)
    2 n d^2
    """
    root = Path(folder) if folder is not None else None
    return Architecture(Project(Loader(read_text, root).text(text, "<text>")))


def zoo(name: str) -> Architecture:
    """A model of the zoo."""
    return load(zoo_path(name))
