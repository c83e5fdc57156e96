"""Pages as axe sees them in a browser: names, contrast, order of headings, use by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from axe import asked, violations
from chromium import found_in
from closedform.choices import LANGUAGES
from closedform.projects import open_project
from closedform.render.site import site

pytestmark = pytest.mark.slow

SHOWN = ("index.html", "closed-forms.html", "pvt.html", "pvt.derivation.html")


def pages_of(lang: str) -> Iterator[tuple[str, str]]:
    names = ("convolutions", "pvt", "vit")
    pages = site({name: open_project(name) for name in names}, lang=lang, home="../")
    for path in SHOWN:
        yield f"{path} {lang}", pages[path].replace("<details>", '<details open="open">', 1)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return dict(page for lang in LANGUAGES for page in pages_of(lang))


@pytest.mark.parametrize(
    ("width", "dark", "lang"), [(400, False, "en"), (1280, True, "zh")], ids=["phone", "desk"]
)
def test_axe_has_no_findings(
    pages: dict[str, str], width: int, dark: bool, lang: str, tmp_path: Path
) -> None:
    """Fails when somebody who uses no mouse, no eyes, or little light has less of a page."""
    asked_of = {name: page for name, page in pages.items() if name.endswith(lang)}
    told = found_in(asked_of, asked(), tmp_path, dark, width)
    assert all(shown["passes"] > 15 for shown in told.values())
    assert violations(told) == {}


def test_axe_is_asked(pages: dict[str, str], tmp_path: Path) -> None:
    """Fails when a picture without a text passes."""
    page = pages["index.html en"].replace("<h1>", '<img src="data:,"/><h1>')
    told = violations(found_in({"index": page}, asked(), tmp_path))
    assert [rule for rule, *_ in told["index"]] == ["image-alt"]
