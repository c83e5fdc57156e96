"""The pages of a project: an index with the numbers of all presets, and a page for each model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from closedform.derive.measures import measure
from closedform.derive.modules import Entity
from closedform.derive.project import Project
from closedform.errors import fail
from closedform.render.formats import format_named, number
from closedform.render.language import Language, language
from closedform.render.markdown import escape_markdown
from closedform.render.view import Report, Wish
from closedform.render.view import report as view

MARK = "<!-- made by closedform docs: change the .arch files and run it again -->\n"
INDEX = "index.md"
MEASURES = ("params", "macs")
LINK = re.compile(r"\]\(([^()\s]+\.md)\)")


@dataclass(frozen=True)
class Page:
    """The report on a model or block, and where it stands below the folder of the site."""

    path: PurePosixPath
    source: str
    report: Report


def site(projects: Mapping[str, Project], lang: str = "en") -> dict[str, str]:
    """The text of every page by its path; the same projects give the same texts.

    A key of `projects` is the path of a file below the folder of models, with `/` and without
    the suffix. A file with models has a page for each of them, a file without has one for each
    of its blocks. Raises ClosedformError when a file is wrong, and when two pages would have one
    path, on a file system that knows no case too.
    """
    words = language(lang)
    pages = [page for name in sorted(projects) for page in _pages(name, projects[name], lang)]
    texts = {INDEX: MARK + "\n" + _index(pages, words)}
    taken = {INDEX: "the index"}
    for page in pages:
        path = str(page.path)
        if path.lower() in taken:
            raise fail("file", f"`{page.source}` and {taken[path.lower()]} have one page, `{path}`",
                       None, "rename one of the files")  # fmt: skip
        taken[path.lower()] = f"`{page.source}`"
        home = "../" * (len(page.path.parts) - 1) + INDEX
        report = format_named("md").write(page.report)
        texts[path] = f"{MARK}\n[{words.tr('All models')}]({home})\n\n{report}"
    return texts


def former_pages(index: str) -> set[str]:
    """The pages that an index made by `site` links to; none for any other text."""
    if not index.startswith(MARK):
        return set()
    found = {unquote(link) for link in LINK.findall(index)}
    return {
        path
        for path in found
        if ".." not in PurePosixPath(path).parts and not PurePosixPath(path).is_absolute()
    }


def _pages(name: str, project: Project, lang: str) -> Iterator[Page]:
    parts: list[Entity] = project.module.models() or project.module.blocks()
    for entity in parts:
        path = f"{name}.md" if len(parts) == 1 else f"{name}-{entity.name}.md"
        wish = Wish(tuple(map(measure, MEASURES)), lang=lang)
        yield Page(PurePosixPath(path), f"{name}.arch", view(project, entity, wish))


def _index(pages: list[Page], words: Language) -> str:
    models = [page for page in pages if page.report.keyword == "model"]
    blocks = [page for page in pages if page.report.keyword == "block"]
    text = f"# {words.tr('Models')}\n"
    if any(page.report.presets for page in models):
        text += "\n" + _presets(models, words)
    for title, rows in (("All models", models), ("Blocks", blocks)):
        if rows:
            text += f"\n## {words.tr(title)}\n\n"
            text += "".join(_line(page, words) for page in rows)
    return text


def _presets(pages: list[Page], words: Language) -> str:
    """A table of all presets: model, preset, and the number of each measure."""
    rows = [
        f"| {_to(page)} | {escape_markdown(row.title)} | "
        + " ".join(f"{number(value, words.name)} |" for value in row.values)
        for page in pages
        for row in page.report.presets
    ]
    titles = " | ".join((words.tr("model"), words.tr("preset"), *MEASURES))
    head = f"| {titles} |"
    return "\n".join([head, "|---|---|" + "---:|" * len(MEASURES), *rows]) + "\n"


def _line(page: Page, words: Language) -> str:
    about = escape_markdown(page.report.about.strip().split("\n")[0])
    return f"- {_to(page)}{words.tr(': ') if about else ''}{about}\n"


def _to(page: Page) -> str:
    return f"[{escape_markdown(page.report.title)}]({quote(str(page.path))})"
