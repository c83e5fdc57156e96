"""The table of formats: each module here is one, with its row `FORMAT`; other packages add theirs
as entry points of the group `closedform.formats`.

A format is imported when it is asked for. Other packages are looked at only for a name or a suffix
that is not ours, and where all formats are listed.

>>> format_of_file(PurePath("paper/vit.macros.tex"))
'macros'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import PurePath
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeVar

from closedform.errors import fail, suggestion

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from closedform.render.markup.format import Format, Site
    from closedform.render.markup.templating import Markup
    from closedform.render.report.compared.changes import ChangesView
    from closedform.render.report.compared.comparison import Comparison
    from closedform.render.report.derivation import DerivationView

DEFAULT = "md"
GROUP = "closedform.formats"

Found = TypeVar("Found")


@cache
def own_names() -> tuple[str, ...]:
    """The names of the formats of this package, the default first."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(sorted(names, key=lambda name: name != DEFAULT))


def all_names() -> tuple[str, ...]:
    """The names of all formats, those of other packages last."""
    return (*own_names(), *_others())


def is_format(name: str) -> bool:
    """Whether a name is that of a format."""
    return name in own_names() or name in _others()


def own_sites() -> tuple[str, ...]:
    """The names of the formats of this package that have pages of a project."""
    return names_with(lambda row: row.site, own_names())


def _others() -> dict[str, EntryPoint]:
    """The formats of other packages, which cannot take the place of ours."""
    from importlib.metadata import entry_points  # half of the time that `--help` takes

    found = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    return {entry.name: entry for entry in found if entry.name not in own_names()}


@cache
def format_named(name: str) -> Format:
    """The row of a format. Raises ClosedformError where there is none."""
    if name in own_names():
        row: Format = import_module(f"{__name__}.{name}").FORMAT
        return row
    others = _others()
    if name in others:
        return _loaded(others[name])
    names = all_names()
    near = suggestion(name, names) or "there are " + ", ".join(names)
    raise fail("format", f"there is no format `{name}`", None, near)


def _loaded(entry: EntryPoint) -> Format:
    """The row of a format of another package, whose mistakes are told as its own."""
    from closedform.outside import Guarded, loaded, whose_is
    from closedform.render.markup.format import Format

    row = loaded("format", entry, Format)

    def guarded(function: Callable[..., str]) -> Guarded:
        def is_text(found: object, *_: object) -> bool:
            return isinstance(found, str)

        return Guarded("format", whose_is("format", entry), function, is_text, "a text")

    site = row.site and replace(
        row.site, index=guarded(row.site.index), closed_forms=guarded(row.site.closed_forms)
    )
    derivation = row.derivation and guarded(row.derivation)
    comparison = row.comparison and guarded(row.comparison)
    changes = row.changes and guarded(row.changes)
    report = guarded(row.report)
    return replace(
        row,
        report=report,
        derivation=derivation,
        site=site,
        comparison=comparison,
        changes=changes,
    )


def format_of_file(path: PurePath) -> str:
    """The format that the name of a file chooses; the longest suffix wins, of ours before others.

    Raises ClosedformError where it chooses none.
    """
    chosen = _chosen(path, own_names()) or _chosen(path, _others())
    if chosen is None:
        known = ", ".join(suffix for name in all_names() for suffix in format_named(name).suffixes)
        raise fail(
            "format",
            f"`{path.name}` names no known format",
            None,
            f"end the name in one of {known}, or give --to",
        )
    return chosen


def _chosen(path: PurePath, names: Iterable[str]) -> str | None:
    found = [
        (len(suffix), name)
        for name in names
        for suffix in format_named(name).suffixes
        if path.name.endswith(suffix)
    ]
    return max(found)[1] if found else None


# What not every format has -----------------------------------------------------------------


def derivation_in(name: str) -> Callable[[DerivationView], str]:
    """What writes a derivation in a format. Raises ClosedformError where nothing does."""
    return _of(name, lambda row: row.derivation, "a way to write derivations")


def template_in(name: str) -> Markup:
    """What fills in a template in a format. Raises ClosedformError where nothing does."""
    return _of(name, lambda row: row.template, "a way to fill in templates")


def site_in(name: str) -> Site:
    """What writes the pages of a project in a format. Raises ClosedformError where nothing does."""
    return _of(name, lambda row: row.site, "a way to write the pages of a project")


def comparison_in(name: str) -> Callable[[Comparison], str]:
    """What sets models side by side in a format. Raises ClosedformError where nothing does."""
    return _of(name, lambda row: row.comparison, "a table of models")


def changes_in(name: str) -> Callable[[ChangesView], str]:
    """What tells in a format what a change of a file does. Raises ClosedformError where nothing
    does."""
    return _of(name, lambda row: row.changes, "a way to tell changes")


def width_in(name: str, width: str) -> float:
    """How wide a line is in a format. Raises ClosedformError where the format breaks no lines."""
    return _of(name, lambda row: row.width, "lines of a width")(width)


def names_with(part: Callable[[Format], object | None], names: Iterable[str]) -> tuple[str, ...]:
    """Those of the formats that have a part."""
    return tuple(name for name in names if part(format_named(name)) is not None)


def _of(name: str, part: Callable[[Format], Found | None], words: str) -> Found:
    found = part(format_named(name))
    if found is None:
        having = ", ".join(names_with(part, all_names()))
        raise fail("format", f"the format `{name}` lacks {words}", None, f"choose one of {having}")
    return found
