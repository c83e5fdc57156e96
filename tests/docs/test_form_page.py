"""docs/forms.md: the forms of the zoo beside those in papers; `pytest --update` writes it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from helpers import ROOT, TESTS, Golden

PRINTED: dict[str, list[dict[str, str]]] = tomllib.loads(
    (TESTS / "truth" / "printed.toml").read_text("utf-8")
)
MODEL = re.compile(r"^## \[(?P<name>.+?)\]\((?P<page>.+?)\.md\)\n", re.MULTILINE)
HEAD = """\
<!-- made by tests/docs/test_form_page.py: change tests/truth/printed.toml, run pytest --update -->

# Printed forms

What closedform prints for each model of the zoo, and below it what the paper of the model prints,
where it prints a form at all. The papers count a part, or leave something out, which is said beside
them. The abbreviations of a form stand on the [page of its model](zoo/index.md).
"""


def models() -> Iterator[tuple[str, str, list[str]]]:
    """The name, the page and the forms of every model, as `closedform docs` wrote them."""
    text = (ROOT / "docs" / "zoo" / "closed-forms.md").read_text("utf-8")
    _, *parts = MODEL.split(text)
    for name, page, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        yield name, page, re.findall(r"```math\n.*?\n```", body, re.DOTALL)


def test_the_page_has_every_model(golden: Golden) -> None:
    sections = [HEAD]
    for name, page, formulas in models():
        lines = [f"## [{name}](zoo/{page}.md)", *formulas]
        for row in PRINTED.get(page, []):
            lines.append(f"In the paper ({row['paper']}), {row['with']}:")
            lines.append(f"```math\n{row['formula']}\n```")
        sections.append("\n\n".join(lines) + "\n")
    golden.compare(ROOT / "docs" / "forms.md", "\n".join(sections))


def test_every_printed_form_is_of_a_model() -> None:
    assert PRINTED.keys() <= {page for _, page, _ in models()}
