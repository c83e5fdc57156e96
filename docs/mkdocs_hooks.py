"""What MkDocs adds to docs/: the README as the first page, the gallery in HTML, and KaTeX."""

from __future__ import annotations

import logging
import re
from functools import cache
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pygments.formatters import HtmlFormatter

from closedform.documents import zoo_families
from closedform.projects import open_project, zoo_names
from closedform.render.site import site

ROOT = Path(__file__).parent.parent
KATEX = ROOT / "tests" / "katex" / "node_modules" / "katex" / "dist"  # there after npm install
LOG = logging.getLogger("mkdocs.hooks")  # with --strict a warning ends the build
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
OUTSIDE = ("CHANGELOG.md", *(f"notebooks/{name}" for name in NOTEBOOKS))


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add what stands outside docs/, and what is made while the site is built."""
    readme = (ROOT / "README.md").read_text("utf-8").replace("](docs/", "](")
    files.append(File.generated(config, "index.md", content=readme))
    for path, page in gallery().items():
        files.append(File.generated(config, f"zoo/{path}", content=page))
    for name in OUTSIDE:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    if not KATEX.is_dir():
        LOG.warning(
            "KaTeX is missing and formulas would stay raw: run `npm install` in tests/katex"
        )
    files.append(File.generated(config, "colours.css", content=colours()))
    for path in [*KATEX.glob("katex.min.*s"), *KATEX.glob("fonts/*.woff2")]:
        name = path.relative_to(KATEX).as_posix()
        files.append(File.generated(config, f"katex/{name}", abs_src_path=str(path)))


def on_page_markdown(markdown: str, **_: object) -> str:
    """What a reader of the repository is shown in another way than a reader of the site."""
    markdown = re.sub(r"\]\((zoo/[^)]*)\.md\)", r"](\1.html)", markdown)
    return re.sub(r"^\|.*", _row, markdown, flags=re.M)


def _row(row: re.Match[str]) -> str:
    """A row of a table: GitHub wants a backslash before a bar in code, Python-Markdown none."""
    return re.sub(r"`[^`]*`", lambda code: code[0].replace(r"\|", "|"), row[0])


def colours() -> str:
    """The colours of code, light and dark."""
    light, dark = (
        HtmlFormatter(style=name, nobackground=True) for name in ("xcode", "github-dark")
    )
    both = light.get_style_defs(".codehilite"), dark.get_style_defs(".codehilite")
    return "{}\n@media (prefers-color-scheme: dark) {{\n{}\n}}\n".format(*both)


@cache
def gallery() -> dict[str, str]:
    projects = {name: open_project(name) for name in zoo_names()}
    families = zoo_families("en")
    return site(projects, families=families, title="The zoo of closedform", home="../index.html")
