"""Models and blocks: their measures, their parts, their presets, and reports of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from closedform.checked import all_checked
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.errors import ClosedformError, Diagnostic, MissingError
from closedform.explore import show
from closedform.explore.claim import Claim
from closedform.explore.formula import Formula
from closedform.explore.kept import Kept
from closedform.explore.kinds import Kinds, kinds
from closedform.explore.machines.memory import ROWS, Memory, held
from closedform.explore.machines.roofline import Roofline, bounded
from closedform.explore.parts import ModelPart, Parts, elsewhere, part, parts
from closedform.explore.presets import Presets
from closedform.projects import open_project
from closedform.reason.claims import ask
from closedform.render.formats import derivation_in, format_named
from closedform.render.report.derivation import derivation_view
from closedform.render.report.view import Wish, report

if TYPE_CHECKING:
    from closedform.explore.panel import Panel
    from closedform.reason.explain import Explanation
    from closedform.render.pictures.figures import Picture


@all_checked
class Part(Kept):
    """A model or a block: its measures, and a report of it."""

    _kind: ClassVar[str] = "a model"
    _instead: ClassVar[str] = "send its file, and load it there with `load` or `loads`"

    def __init__(self, project: Project, entity: Entity):
        self._project, self._entity = project, entity

    def _elsewhere(self, name: str) -> str | None:
        return elsewhere(self._entity, name)

    @property
    def name(self) -> str:
        return self._entity.name

    def measure(
        self,
        name: str,
        convention: str | None = None,
        when: str | None = None,
        dtype: str | None = None,
    ) -> Formula:
        """The closed form of a measure, under conditions if there are any; `dtype` is the type of
        elements where bytes are counted.

        >>> from closedform.api import zoo
        >>> zoo("vit").measure("macs", "hooks").at("ViT-B/16")
        16848500736
        >>> print(zoo("pvt")["SRA"].measure("macs", when="r > 1, n == side^2, r | side"))
        n d (3 d + 2 (d + n)/r^2)
        """
        project, entity = self._project.typed(dtype).under(self._entity, when), self._entity
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

    def check(
        self,
        claim: str,
        measure: str | None = None,
        where: str = "",
        *,
        when: str = "",
        convention: str | None = None,
    ) -> Claim:
        r"""Whether a claim holds: `macs == 2*n*d^2` as a file has it, or with a measure a formula
        in LaTeX, in which `where` says what the paper's symbols are; `when` is what is assumed.

        >>> from closedform.api import zoo
        >>> attention = zoo("vit")["SelfAttention"]
        >>> attention.check("macs == 4*n*d^2 + 2*n^2*d")
        proved, where heads | d
        >>> attention.check(r"4hwC^2 + 2(hw)^2C", measure="macs", where="h w = n, C = d").word
        'proved'
        """
        return Claim(ask(self._project, self._entity, claim, measure, where, when, convention))

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
        dtype: str | None = None,
        rules: Sequence[str] = (),
        uncounted: bool = False,
        kinds: bool = False,
    ) -> str:
        """The report of `closedform derive` as text, in the format `to`, in English or Chinese.

        `names` are the symbols of `--in`, `measures` those of `--measure`, `when` the conditions
        of `--when` in one text, the others as on the command line: `form` is "shortest",
        "expanded", "factored", "grouped" or "parts", `stages` "sum" or "each", `rules` the sizes of
        which it is told what rules as they grow; `uncounted` tells how much is left out, `kinds`
        what the operations of each kind cost.

        >>> from closedform.api import zoo
        >>> text = zoo("vit").report("text", names=["N", "D"], measures=["macs"], preset="ViT-B/16")
        """
        write = format_named(to).report
        project = self._project.typed(dtype)
        chosen = project.measures(measures, convention)
        wish = Wish(
            chosen,
            tuple(names),
            form,
            stages,
            preset,
            defaults,
            lang=lang,
            claims=claims,
            rules=tuple(rules),
            uncounted=uncounted,
            kinds=kinds,
        )
        return write(report(project.under(self._entity, when), self._entity, wish))

    def derivation(
        self,
        measure: str = "macs",
        preset: str | None = None,
        to: str = "md",
        lang: str = "en",
        *,
        convention: str | None = None,
        when: str | None = None,
        dtype: str | None = None,
    ) -> str:
        """The walk from the shapes to a closed form, with the numbers of a preset if one is named.

        >>> from closedform.api import zoo
        >>> print(zoo("vit")["MLP"].derivation(to="text").splitlines()[0])
        MLP: MACs, step by step
        """
        write = derivation_in(to)
        project = self._project.typed(dtype).under(self._entity, when)
        what = project.measure(measure, convention)
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

    def sweep(
        self,
        *,
        preset: str | Iterable[str] | None = None,
        measures: Sequence[str] | Mapping[str, Formula] = ("params", "macs"),
        rows: Any = None,
        to: str = "pandas",
        broken: str = "raise",
        progress: Callable[[int, int], object] | None = None,
        **sizes: Any,
    ) -> Any:
        """Measures over a grid of sizes, or over given rows, as a table with exact numbers.

        Each size is a number or the numbers that it goes through; the grid has all combinations.
        With `rows`, a DataFrame or a dict of lists, every row is one configuration, and sizes are
        numbers. Other sizes are of the preset, or of each of some presets, or the defaults of the
        file. `measures` may name abbreviations of the file too, or be formulas by names of your
        own, such as those of parts; `to` is "pandas", "polars", "xarray" or "numpy". A row that
        breaks an assumption raises, or with broken="mark" has no values and False in a column
        `holds`. A long sweep shows how far it is; `progress` is called instead, with the
        number of rows that are done, and of all rows.
        Needs closedform[frames].

        >>> from closedform.api import zoo
        >>> table = zoo("vit").sweep(D=[192, 768], L=12, H=3, measures=["macs"])
        >>> table.macs.tolist()
        [1253683200, 17563828224]
        """
        from closedform.sweeps import swept

        asked: Sequence[str] | Mapping[str, Closed] = (
            {name: formula._closed for name, formula in measures.items()}
            if isinstance(measures, Mapping)
            else measures
        )
        return swept(
            self._project, self._entity, measures=asked, preset=preset, rows=rows, to=to,
            broken=broken, progress=progress, sizes=sizes,
        )  # fmt: skip

    def explore(
        self,
        preset: str | None = None,
        *,
        measures: Sequence[str] = (),
        convention: str | None = None,
        **sizes: int | Fraction | Sequence[int],
    ) -> Panel:
        """Sizes as sliders in a notebook; formulas, numbers and shares of the parts follow them.

        They begin at a preset, or at given sizes and the defaults of the file, or at the first
        preset. Needs closedform[explore].
        """
        from closedform.explore.panel import Panel

        chosen = self._project.measures(measures, convention)
        return Panel(self._project, self._entity, chosen, preset, sizes)

    def roofline(
        self,
        machine: str,
        dtype: str | None = None,
        preset: str | None = None,
        **sizes: int | Fraction | Sequence[int],
    ) -> Roofline:
        """The least time that its operations need on a machine, one after another.

        `machine` is a name such as "H100" or "A100", or `file.toml:name` for a row of your own;
        `dtype` stands for that of the file.

        >>> from closedform.api import zoo
        >>> print(zoo("llama")["Llama"].roofline("A100", "bf16", preset="Llama-3-8B", S=1).ridge)
        312000/2039
        """
        return bounded(self._project.typed(dtype), self._entity, machine, preset, sizes)

    def memory(
        self,
        optimizer: str,
        dtype: str | None = None,
        preset: str | None = None,
        *,
        tensor: int | str = 1,
        pipeline: int | str = 1,
        data: int | str = 1,
        zero: int = 0,
        **sizes: int | Fraction | Sequence[int],
    ) -> Memory:
        """What each device holds in a training step: parameters, gradients, the states of the
        optimizer, and what is kept for the backward pass.

        `tensor`, `pipeline` and `data` say over how many devices each is spread, in numbers or by
        a letter, `zero` is the stage of ZeRO by which those with other data share.

        >>> from closedform.api import zoo
        >>> print(zoo("gpt2").memory("adam_mixed", "bf16", data="d", zero=2)[1].divided)
        ('d',)
        """
        under = {"optimizer_bytes": optimizer}
        formulas = [self.measure(name, under.get(name), dtype=dtype) for _, name, *_ in ROWS]
        chosen = self._project.preset_or_configured(self._entity, preset)
        told = chosen is not None or sizes
        leaves_open = preset is None and chosen is not None
        values = [
            _number(formula, chosen, sizes, leaves_open) if told else None for formula in formulas
        ]
        ways = {"tensor": tensor, "pipeline": pipeline, "data": data}
        return held(formulas, values, ways, zero)

    @property
    def parts(self) -> Parts:
        """The blocks that it uses and the operations beside them, in its own sizes.

        >>> from closedform.api import zoo
        >>> zoo("vit").parts[3].name
        'EncoderLayer'
        """
        return parts(self._project, self._entity)

    def kinds(
        self, measure: str = "macs", convention: str | None = None, dtype: str | None = None
    ) -> Kinds:
        """What the operations of each kind cost by a measure that is a sum over operations.

        >>> from closedform.api import zoo
        >>> [row.name for row in zoo("vit").kinds("macs").at("ViT-B/16") if row.share > 0.5]
        ['linear']
        """
        project = self._project.typed(dtype)
        return kinds(project, self._entity, project.measure(measure, convention))

    def part(self, path: str, line: int | None = None) -> ModelPart:
        """A part by its path of names, where it is used, in the sizes of this model.

        Stages are named by their index, as in `s=2.SRA`; `line` tells apart parts of one path.

        >>> from closedform.api import zoo
        >>> zoo("vit").part("EncoderLayer.MLP").macs.at("ViT-B/16") == 2 * 197 * 768 * 3072
        True
        """
        return part(self._project, self._entity, path, line)

    def __repr__(self) -> str:
        return f"<{self.name}: params = {self.params}, macs = {self.macs}>"

    def _repr_html_(self) -> str:
        shown = show.html([self.params._shown, self.macs._shown], self.name)
        rows = self._rows()
        if not rows:
            return shown
        told = report(self._project, self._entity, Wish(self._project.measures((), None)))
        drawing = show.folded("Drawing", show.html_drawing(told))
        return shown + drawing + show.folded("Parts", show.html_table(Parts.columns, rows))

    def _repr_markdown_(self) -> str:
        shown = show.markdown([self.params._shown, self.macs._shown], self.name)
        rows = self._rows()
        if not rows:
            return shown
        table = show.markdown_table(Parts.columns, rows)
        apart = f"\n\n{table}\n\n"  # between empty lines it is Markdown still
        return f"{shown}\n{show.folded('Parts', apart)}\n"

    def _repr_latex_(self) -> str:
        shown = show.latex([self.params._shown, self.macs._shown], self.name)
        rows = self._rows()
        return f"{shown}\n{show.latex_table(Parts.columns, rows)}\n" if rows else shown

    def _rows(self) -> list[tuple[object, ...]]:
        """Its parts, as they are shown below its formulas."""
        found = self.parts
        return [found.cells(part) for part in found]


@all_checked
class Architecture(Part):
    """A file: its blocks and models by name; with a single model, that model itself."""

    def __init__(self, project: Project):
        self._project = project

    @property
    def _entity(self) -> Entity:  # type: ignore[override]  # found when it is first needed
        return self._project.part(None)

    def __getitem__(self, name: str) -> Part:
        """A model or block of the file.

        >>> from closedform.api import zoo
        >>> print(zoo("vit")["SelfAttention"].macs)
        2 n d (2 d + n)
        """
        try:
            return Part(self._project, self._project.part(name))
        except ClosedformError as error:
            found = error.diagnostics
            if "." in name:
                advice = f"a part in the sizes of a model is `.part({name!r})` of it"
                found = (Diagnostic(found[0].kind, found[0].message, None, advice),)
            raise MissingError(*found) from None

    def __iter__(self) -> Iterator[str]:
        return iter([entity.name for entity in self._project.parts()])

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def explain(self, numbers: str | Mapping[str, str], preset: str | None = None) -> Explanation:
        """What a printed number counts, or several at once by measures and presets.

        >>> from closedform.api import zoo
        >>> answer = zoo("vit").explain("16.85G", preset="ViT-B/16")
        >>> answer.found[0].reading.words, str(answer.found[0].values[0])
        ('macs under hooks', '16848500736')
        """
        from closedform.reason.explain import entries_of, explain

        asked = [*numbers.items()] if isinstance(numbers, Mapping) else [(None, numbers)]
        return explain(entries_of(self._project, asked, preset, open_project))

    @property
    def presets(self) -> Presets:
        """The titles of the presets, which a notebook shows with what they cost.

        >>> from closedform.api import zoo
        >>> "ViT-B/16" in zoo("vit").presets
        True
        """
        return Presets(self._project)

    def __repr__(self) -> str:
        names = ", ".join(entity.name for entity in self._project.parts())
        return f"<architecture {self._project.module.title}: {names}>"

    def _shown(self) -> list[Part]:
        """What is shown of a file: its models, or where it has none its blocks."""
        entities = self._project.models() or self._project.parts()
        return [Part(self._project, entity) for entity in entities]

    def _repr_html_(self) -> str:
        try:
            return "\n".join(part._repr_html_() for part in self._shown())
        except ClosedformError as error:
            return show.html_error(error)

    def _repr_markdown_(self) -> str | None:  # type: ignore[override]  # a wrong file has none
        try:
            return "\n\n".join(part._repr_markdown_() for part in self._shown())
        except ClosedformError:
            return None

    def _repr_latex_(self) -> str | None:  # type: ignore[override]
        try:
            return "\n\n".join(part._repr_latex_() for part in self._shown())
        except ClosedformError:
            return None


def _number(
    formula: Formula,
    preset: str | None,
    sizes: Mapping[str, int | Fraction | Sequence[int]],
    leaves_open: bool,
) -> int | Fraction | None:
    """A formula at sizes; None where a configuration leaves one open, such as the number of
    tokens."""
    try:
        return formula.at(preset, **sizes)
    except ClosedformError as error:
        if not leaves_open or error.diagnostics[0].kind != "unbound":
            raise
    return None
