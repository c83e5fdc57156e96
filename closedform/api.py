"""What a notebook uses: load an architecture, look at its measures and its blocks.

>>> vit = zoo("vit")
>>> print(vit.part("EncoderLayer.MLP").macs)
2 T D F
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from closedform.checked import checked
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.shipped import zoo_names, zoo_path
from closedform.errors import fail
from closedform.explore.answer import Answer
from closedform.explore.changes import Changes
from closedform.explore.comparison import Comparison
from closedform.explore.formula import Formula
from closedform.explore.model import Architecture, Part
from closedform.explore.parts import ModelPart, Parts
from closedform.files import read_text
from closedform.projects import open_project
from closedform.reason.changes import changes

if TYPE_CHECKING:
    from closedform.render.pictures.figures import Picture

__all__ = [
    "Answer",
    "Architecture",
    "Formula",
    "ModelPart",
    "Part",
    "Parts",
    "compare",
    "diff",
    "load",
    "loads",
    "plot_over",
    "zoo",
]


@checked
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
    from closedform.explore.pictures import over_size

    return over_size(formulas, size, span, preset, lang, sizes)


@checked
def compare(
    *models: Part,
    names: Sequence[str] = (),
    measures: Sequence[str] = (),
    convention: str | None = None,
    presets: Sequence[str] = (),
    when: str | None = None,
    defaults: bool = False,
) -> Comparison:
    """Models or blocks side by side in the named sizes: formulas, by parts and at presets; of each
    and the first the difference, the ratio with its limits, and which is larger where.

    Symbols of one name are one symbol, and where the files mean two things by it, that is told.
    Conditions of `when` are put where their sizes are; with `defaults` the sizes that are not named
    take those of their files.

    >>> file = zoo("attention")
    >>> models = file["GlobalAttention"], file["SlidingAttention"]
    >>> compare(*models, names=["n"], measures=["macs"])  # doctest: +ELLIPSIS
    MACs
      GlobalAttention   2 n d (2 d + n)
      SlidingAttention  2 n d (2 d + window)
      Not expressed in n, and held fixed: d, window.
    <BLANKLINE>
    Parts
      part    GlobalAttention  SlidingAttention
      Heads   3 n d^2          3 n d^2
      Attend  2 n^2 d
      Join    n d^2            n d^2
      einsum                   2 n d window
    <BLANKLINE>
    GlobalAttention against SlidingAttention
      difference: 2 n d (n - window)
      ratio: (2 d + n)/(2 d + window)
      as n grows, ...; GlobalAttention costs more where n > window, else SlidingAttention
    <BLANKLINE>
    Derived from ...
    """
    return Comparison(models, names, measures, convention, presets, when, defaults)


@checked
def diff(
    old: Architecture,
    new: Architecture,
    measures: Sequence[str] = (),
    convention: str | None = None,
) -> Changes:
    """What a change of a file does to its formulas, to the numbers of its presets, and to what is
    assumed, by the names of models, blocks and presets.

    >>> old = loads("block Two(x: [n, d]):\\n    return x -> linear(d) -> linear(d)")
    >>> new = loads("block Two(x: [n, d]):\\n    return x -> linear(d)")
    >>> found = diff(old, new, ["macs"])
    >>> found.formulas
    part  measure  before   after  difference
    Two   macs     2 n d^2  n d^2  -n d^2
    >>> bool(diff(old, old))
    False
    """
    for file in (old, new):
        if not isinstance(file, Architecture):
            message = f"files are compared as `load` gives them, and this is {file!r}"
            raise fail("type", message, None, "compare models and blocks with `compare`")
    return Changes(changes(old._project, new._project, measures, convention))


@checked
def load(path: str | Path, ignore: Sequence[str] = ()) -> Architecture:
    """The architecture of an .arch file, or of a `config.json`, which is its only preset, without
    the keys to `ignore`, which its family does not cover.

    Raises FileError when it cannot be read, and ClosedformError when it is wrong.
    """
    path = Path(path)
    if path.suffix == ".json" or ignore:
        return Architecture(open_project(str(path), ignore))
    return Architecture(Project(Loader(read_text, path.parent).file(path)))


@checked
def loads(text: str, folder: str | Path | None = None, name: str = "<text>") -> Architecture:
    """The architecture of a text; `folder` is where it may import from, `name` is for errors.

    >>> file = loads("block Two(x: [n, d]):\\n    return x -> linear(d) -> linear(d)")
    >>> print(file["Two"].macs)
    2 n d^2
    """
    root = Path(folder) if folder is not None else None
    return Architecture(Project(Loader(read_text, root).text(text, name)))


@overload
def zoo(name: str) -> Architecture: ...


@overload
def zoo() -> tuple[str, ...]: ...


@checked
def zoo(name: str | None = None) -> Architecture | tuple[str, ...]:
    """A model of the zoo; without a name, the names of all.

    >>> "vit" in zoo()
    True
    """
    return tuple(zoo_names()) if name is None else load(zoo_path(name))
