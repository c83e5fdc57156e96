"""The parts of a model, each in the sizes of the model."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar

from sympy import Integer

from closedform.checked import all_checked
from closedform.data import dataclass
from closedform.derive.cost.tree import Operation
from closedform.derive.cost.uses import Use, uses
from closedform.derive.measures.lookup import is_measured
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.made import Made, nameless
from closedform.errors import ClosedformError, fail, suggestion
from closedform.explore import show
from closedform.explore.formula import Formula
from closedform.explore.kept import Kept
from closedform.explore.table import Table, series


def elsewhere(entity: Entity, name: str) -> str | None:
    """Where there is what a model or a part of it is asked for as an attribute."""
    if is_measured(name, entity.module):
        return f'write `.measure("{name}")`'
    return f"a formula has it: `.macs.{name}`" if hasattr(Formula, name) else None


@all_checked
class ModelPart(Kept):
    """A block, a stage or an operation where a model uses it: what one of it costs, in the sizes
    of the model.

    >>> from closedform.api import zoo
    >>> mlp = zoo("vit").part("EncoderLayer.MLP")
    >>> print(mlp.macs, "|", mlp.times, "|", mlp.all("macs"))
    2 T D F | L | 2 L T D F
    """

    _kind: ClassVar[str] = "a part"

    def __init__(self, project: Project, entity: Entity, found: Sequence[Use]):
        self._project, self._entity, self._found = project, entity, found

    def _elsewhere(self, name: str) -> str | None:
        return elsewhere(self._entity, name)

    @property
    def name(self) -> str:
        """Its path of names from the model."""
        return self._found[0].path

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines of the file where it is used."""
        return tuple(use.line for use in self._found)

    @property
    def times(self) -> Formula:
        """How often it is at work."""
        form = self._project.closed(self._entity, self._project.measure("params"))
        times = sum((form.rewritten(use.times) for use in self._found), Integer(0))
        made = Made(nameless(""), form.derivation, value=times, arranged=form.order)
        return Formula(self._project, self._entity, made)

    def measure(self, name: str, convention: str | None = None) -> Formula:
        """What one of it costs under a measure."""
        return self._of(self._project.measure(name, convention), whole=False)

    def all(self, name: str, convention: str | None = None) -> Formula:
        """What all of it costs, as often as the model uses it."""
        return self._of(self._project.measure(name, convention), whole=True)

    def _of(self, what: Measure, whole: bool) -> Formula:
        form = self._project.closed(self._entity, what)
        value = form.of(self._found[0].node)
        if whole and what.whole is not None:
            message = f"`{what.title}` is no sum over parts, and a part has no share of it"
            raise fail("measure", message, None, "ask for what one of the part costs: `.measure`")
        if whole:
            counted = [use for use in self._found if all(map(what.scaling.counts, use.modes))]
            times = sum((use.counted(what.scaling) for use in counted), Integer(0))
            value = form.rewritten(times * value)
        made = Made(what, form.derivation, value=value, arranged=form.order)
        whose = f"{self._entity.name}.{self.name}"
        return Formula(self._project, self._entity, made, name=whose)

    @property
    def params(self) -> Formula:
        """Parameters of one."""
        return self.measure("params")

    @property
    def macs(self) -> Formula:
        """Multiply-accumulates of one."""
        return self.measure("macs")

    @property
    def flops(self) -> Formula:
        """Twice the multiply-accumulates of one."""
        return self.measure("flops")

    def part(self, path: str, line: int | None = None) -> ModelPart:
        """A part of this part, by its path from here, in the sizes of the model.

        >>> from closedform.api import zoo
        >>> zoo("vit").part("EncoderLayer").part("MLP").name
        'EncoderLayer.MLP'
        """
        return part(self._project, self._entity, f"{self.name}.{path}", line)

    def __eq__(self, other: object) -> bool:
        """Whether both are the same part of the same model."""
        if not isinstance(other, ModelPart):
            return NotImplemented
        mine, others = self._found[0], other._found[0]
        return mine.path == others.path and mine.node is others.node

    def __hash__(self) -> int:
        return hash((self._entity.name, self.name))

    def __repr__(self) -> str:
        return f"<{self._entity.name}.{self.name}: params = {self.params}, macs = {self.macs}>"

    def _repr_html_(self) -> str:
        return show.html([self.params._shown, self.macs._shown], self._title)

    def _repr_markdown_(self) -> str:
        return show.markdown([self.params._shown, self.macs._shown], self._title)

    def _repr_latex_(self) -> str:
        return show.latex([self.params._shown, self.macs._shown], self._title)

    @property
    def _title(self) -> str:
        return f"{self._entity.name}.{self.name}, {self.times} times"


@all_checked
class Parts(Table[ModelPart]):
    """The blocks of a model and the operations beside them, with what one of each costs.

    >>> from closedform.api import zoo
    >>> [part.name for part in zoo("vit").parts][-4:]
    ['EncoderLayer.SelfAttention', 'EncoderLayer.MLP', 'layernorm', 'linear']
    """

    columns = ("part", "times", "params of one", "macs of one")

    def __getitem__(self, key: Any) -> Any:
        """A part by its place, or by its path where that is of one part alone."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        found = [part for part in self if part.name == key]
        if len(found) == 1:
            return found[0]
        if found:
            message = f"there are {len(found)} parts `{key}`"
            place = [part.name for part in self].index(key)
            raise fail("name", message, None, f"take one by its place, such as {place}")
        names = [part.name for part in self]
        near = suggestion(key, names) or f"there are {', '.join(dict.fromkeys(names))}"
        raise fail("name", f"there is no part `{key}`", None, near)

    def cells(self, row: ModelPart) -> tuple[object, ...]:
        return row.name, row.times, row.params, row.macs

    def frame(self) -> Any:
        """A pandas DataFrame, with the part around each, and how many there are around it."""
        return with_parents(super().frame())

    def at(
        self,
        preset: str | None = None,
        measure: str = "macs",
        convention: str | None = None,
        **sizes: int | Fraction | Sequence[int],
    ) -> Shares:
        """What each part costs at a preset or at given sizes, and its share of the whole.

        >>> from closedform.api import zoo
        >>> zoo("vit").parts.at("ViT-B/16").largest.name
        'EncoderLayer'
        """
        found = []
        for part in self:
            project, entity = part._project, part._entity
            closed = project.closed(entity, project.measure(measure, convention))
            whole = Formula(project, entity, closed).at(preset, **sizes)
            forms = part.times, part.measure(measure, convention), part.all(measure, convention)
            times, one, every = (form.at(preset, **sizes) for form in forms)
            found.append(Share(part.name, times, one, every, share(every, whole)))
        return Shares(found)


@dataclass(frozen=True)
class Share:
    """What a part costs at a preset: one of it, all of it, and its share of the whole.

    Parts of a part are in its share.
    """

    name: str
    times: int | Fraction
    one: int | Fraction
    all: int | Fraction
    share: Fraction


def share(every: int | Fraction, whole: int | Fraction) -> Fraction:
    """A share of the whole; of nothing, nothing."""
    return Fraction(every, whole) if whole else Fraction(0)


class Shares(Table[Share]):
    """The parts of a model at a preset."""

    columns = ("part", "times", "one", "all", "share")

    def frame(self) -> Any:
        """A pandas DataFrame, with the part around each, and how many there are around it; shares
        are fractions, exact."""
        return with_parents(super().frame())

    def cells(self, row: Share) -> tuple[object, ...]:
        return row.name, row.times, row.one, row.all, row.share

    @property
    def largest(self) -> Share:
        """The part with the largest share; of two with one share the inner one, but for a part
        that is all there is."""
        return max(self, key=lambda row: row.share)


def with_parents(frame: Any) -> Any:
    """A table of parts with two columns more: `parent`, the part around each among them, and
    `depth`, how many are around it."""
    names = [*frame["part"]]
    around = [[other for other in names if name.startswith(f"{other}.")] for name in names]
    frame["parent"] = series(tuple(max(others, key=len, default=None) for others in around))
    frame["depth"] = [len(set(others)) for others in around]
    return frame


def parts(project: Project, entity: Entity) -> Parts:
    """The parts of a model that cost something: its blocks, and the operations beside them."""
    found = []
    for uses_ in _by_path(project, entity).values():
        for same in _alike(uses_):
            part = ModelPart(project, entity, same)
            if not _in_block(same[0]) and (part.params.expr != 0 or part.macs.expr != 0):
                found.append(part)
    return Parts(found)


def _in_block(use: Use) -> bool:
    """Whether it is an operation of a block, which speaks for itself."""
    around = use.path.split(".")[:-1]
    return isinstance(use.node, Operation) and any("=" not in name for name in around)


def part(project: Project, entity: Entity, path: str, line: int | None = None) -> ModelPart:
    """The part of a path. Raises ClosedformError where there is none, or more than one."""
    if not isinstance(path, str):
        raise fail("type", f"a part is named by a text such as 'MLP', and this is {path!r}")
    places = _by_path(project, entity)
    if path not in places:
        raise _no_part(entity, path, places)
    found = _alike(places[path])
    if line is not None:
        found = [same for same in found if line in [use.line for use in same]]
    if len(found) == 1:
        return ModelPart(project, entity, found[0])
    there = [use.line for same in _alike(places[path]) for use in same]
    lines = ", ".join(map(str, there))
    advice = f"say which: `.part({path!r}, line={there[0]})`"
    if len(set(there)) == 1:
        advice = "put each on a line of its own, or ask for the block"
    raise fail(
        "name",
        f"`{entity.name}` has several parts `{path}` that differ, on lines {lines}"
        if line is None
        else f"`{entity.name}` has no one part `{path}` on line {line}",
        None,
        advice,
    )


def _no_part(entity: Entity, path: str, places: dict[str, list[Use]]) -> ClosedformError:
    inner = [known for known in places if known.split(".")[-1] == path]
    near = f"did you mean `{inner[0]}`?" if inner else suggestion(path, places)
    top = [known for known in places if "." not in known]
    there = near or f"there are {', '.join(top)}"
    return fail("name", f"`{entity.name}` has no part `{path}`", None, there)


def names(project: Project, entity: Entity) -> list[str]:
    """The paths of all parts, for completion."""
    return list(_by_path(project, entity))


def _by_path(project: Project, entity: Entity) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for use in uses(project.derivation(entity).root):
        found.setdefault(use.path, []).append(use)
    return found


def _alike(found: list[Use]) -> list[list[Use]]:
    """Uses of one part together: those of one node of the tree."""
    nodes: dict[int, list[Use]] = {}
    for use in found:
        nodes.setdefault(id(use.node), []).append(use)
    return list(nodes.values())
