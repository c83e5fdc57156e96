"""The pages of a project: an index, the closed forms side by side, and two pages for each model."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from closedform.data import dataclass
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.errors import ClosedformError, fail
from closedform.render.formats import derivation_in, format_named, site_in
from closedform.render.language import Language, language
from closedform.render.report.derivation import DerivationView, derivation_view
from closedform.render.report.overview import Entry, Family, Overview
from closedform.render.report.view import Link, Report, Wish
from closedform.render.report.view import report as view

RENAME = "rename one of the files"


@dataclass(frozen=True)
class Page:
    """What is told about a model or block, and where it stands below the folder of the site."""

    path: str
    derivation_path: str
    source: str
    headings: tuple[str, ...]
    report: Report
    derivation: DerivationView

    @property
    def name(self) -> str:
        """The key of its file among the projects."""
        return self.source.removesuffix(".arch")

    @property
    def entry(self) -> Entry:
        told = self.report
        about = told.about.strip().split("\n")[0]
        href, derivation = quote(self.path), quote(self.derivation_path)
        return Entry(told.title, href, derivation, about, told.formulas, told.where, told.presets)


def site(
    projects: Mapping[str, Project],
    to: str = "html",
    lang: str = "en",
    measures: Sequence[str] = (),
    convention: str | None = None,
    families: Mapping[str, str] | None = None,
    title: str | None = None,
    home: str | None = None,
    failed: Callable[[Exception], None] | None = None,
) -> dict[str, str]:
    """The text of every page by its path; the same projects give the same texts.

    The pages show the measures, under the convention, and derive the last of them. `families` is
    under which heading the index has a file, that of its folder where it has none; `title` is the
    name of the index, and `home` the address of a page above it, to which every page links.

    A key of `projects` is the path of a file below the folder of models, with `/` and without
    the suffix. A file with models has a page for each of them, a file without has one for each
    of its blocks. Raises ClosedformError when a file is wrong, when two pages would have one
    path, on a file system that knows no case too, and where the format has no such pages. With
    `failed`, that is told of a file whose pages cannot be made, and those of the others are.
    """
    written, derived_in, words = site_in(to), derivation_in(to), language(lang)
    suffix = written.suffix
    index, forms = index_of(to), f"closed-forms{suffix}"

    def chosen(project: Project) -> tuple[Measure, ...]:
        known = (other.conventions.get(convention or "") for other in projects.values())
        having = (PurePath(row.span.source.name).name for row in known if row)
        return _chosen(project, measures, convention, next(having, None))

    found: list[Page] = []
    for name, project in sorted(projects.items()):
        if not _parts(project):
            continue
        shown = chosen(project)
        try:
            found += list(_pages(name, project, shown, suffix, lang))
        except Exception as error:
            if failed is None:
                raise
            failed(error)
    pages = sorted(found, key=lambda page: page.report.keyword != "model")
    _refuse_one_path_for_two(pages, index, forms)
    models, blocks = (
        tuple(page.entry for page in pages if page.report.keyword == keyword)
        for keyword in ("model", "block")
    )
    up = (Link(words.tr("Start"), home),) if home is not None else ()
    all_models = Link(title or words.tr("All models"), index, finds=True)
    headings = next((page.headings for page in found), ())
    remarks = (page.report.closing.convention for page in pages)
    counted = tuple(dict.fromkeys(remark.sentence for remark in remarks if remark))
    derived = headings[-1] if headings else ""
    named = title or words.tr("Models")
    overview = Overview(named, models, blocks, headings, derived, forms, counted, up, lang)
    side_by_side = written.closed_forms(replace(overview, links=(*up, all_models)))
    grouped = tuple(_families(pages, families or {}, words))
    texts = {index: written.index(replace(overview, families=grouped)), forms: side_by_side}
    for at, page in enumerate(pages):
        before, after = pages[max(at - 1, 0) : at], pages[at + 1 : at + 2]
        top = (*_above(page, up), _to(page, all_models.href, all_models.text, finds=True))
        links = (*top, *_links(page, before, after, derived, words))
        told = replace(page.report, links=links)
        texts[page.path] = format_named(to).report(told)
        around = (*top, _to(page, page.path, page.report.title))
        texts[page.derivation_path] = derived_in(replace(page.derivation, links=around))
    return {path: written.mark + text for path, text in texts.items()}


def index_of(to: str) -> str:
    """The path of the index."""
    return f"index{site_in(to).suffix}"


def is_ours(page: str, to: str) -> bool:
    """Whether a text is a page that `site` made."""
    return page.startswith(site_in(to).mark)


def former_pages(index: str, to: str) -> set[str]:
    """The pages that an index made by `site` links to; none for any other text."""
    if not is_ours(index, to):
        return set()
    found = {unquote(address) for address in site_in(to).addresses(index)}
    return {
        path
        for path in found
        if ".." not in PurePosixPath(path).parts and not PurePosixPath(path).is_absolute()
    }


def _parts(project: Project) -> list[Entity]:
    """What has a page: the models of a file, or where it has none its blocks."""
    return list(project.models() or project.module.blocks())


def _chosen(
    project: Project, names: Sequence[str], convention: str | None, having: str | None
) -> tuple[Measure, ...]:
    """The measures of a file. An error names it, and a file that has the convention."""
    try:
        return project.measures(names, convention)
    except ClosedformError as error:
        first, *others = error.diagnostics
        where = f"`{project.module.title}` is one of the files that have pages"
        help = f"import `{convention}` in it from `{having}`" if having else first.help
        raise type(error)(replace(first, help=help, notes=(*first.notes, where)), *others) from None


def _pages(
    name: str, project: Project, measures: tuple[Measure, ...], suffix: str, lang: str
) -> Iterator[Page]:
    parts = _parts(project)
    wish = Wish(measures, lang=lang)
    for entity in parts:
        path = name if len(parts) == 1 else f"{name}-{entity.name}"
        yield Page(
            f"{path}{suffix}",
            f"{path}.derivation{suffix}",
            f"{name}.arch",
            tuple(row.heading for row in measures),
            view(project, entity, wish),
            derivation_view(project, entity, measures[-1], lang=lang),
        )


def _refuse_one_path_for_two(pages: list[Page], index: str, forms: str) -> None:
    taken = {index: "the index", forms: "the page of closed forms"}
    for page in pages:
        for path in (page.path, page.derivation_path):
            if path.lower() in taken:
                both = f"`{page.source}` and {taken[path.lower()]}"
                raise fail("file", f"{both} have one page, `{path}`", None, RENAME)
            taken[path.lower()] = f"`{page.source}`"


def _families(
    pages: Sequence[Page], families: Mapping[str, str], words: Language
) -> Iterator[Family]:
    """The models by their families: those that are named in their order, then folders."""
    found: dict[str, list[Entry]] = {title: [] for title in families.values()}
    places = {name: place for place, name in enumerate(families)}
    for page in sorted(pages, key=lambda page: places.get(page.name, len(places))):
        if page.report.keyword == "model":
            title = families.get(page.name) or posixpath.dirname(page.name)
            found.setdefault(title or words.tr("All models"), []).append(page.entry)
    for title, entries in found.items():
        values = zip(*(row.values for entry in entries for row in entry.presets), strict=True)
        largest = tuple(max((v for v in column if v is not None), default=0) for column in values)
        if entries:
            yield Family(title, tuple(entries), largest)


def _above(page: Page, links: tuple[Link, ...]) -> Iterator[Link]:
    """Links of the index as they are on a page, which may stand in a folder below it."""
    for link in links:
        outside = urlsplit(link.href).netloc or link.href.startswith("/")
        yield link if outside else _to(page, unquote(link.href), link.text)


def _links(
    page: Page, before: list[Page], after: list[Page], derived: str, words: Language
) -> Iterator[Link]:
    """The ways from the page of a model: to those beside it, to its derivation."""
    for other in before:
        yield _to(page, other.path, words.tr("previous: {name}", name=other.report.title))
    for other in after:
        yield _to(page, other.path, words.tr("next: {name}", name=other.report.title))
    text = words.tr("derivation of {measure}", measure=derived)
    yield _to(page, page.derivation_path, text)


def _to(page: Page, path: str, text: str, finds: bool = False) -> Link:
    """A link from a page to a path of the site."""
    return Link(text, quote(posixpath.relpath(path, posixpath.dirname(page.path) or ".")), finds)
