"""What a file says reaches no terminal as control sequences, and no page as markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from closedform.errors import Diagnostic, Source, Span, visible
from closedform.render.formats import own_names
from closedform.render.markup.latex_text import escape_latex
from closedform.render.markup.markdown import escape_markdown
from helpers import call

pytestmark = pytest.mark.robust

HOSTILE = "\x1b[2J\x1b]0;pwned\x07\u202esafe\u2066\x9b31m"
FILE = f'''"""{HOSTILE}"""
dim N "{HOSTILE}"
dim D
model M(x: [N, D]):
    """{HOSTILE} text."""
    return x -> linear(D)
preset "{HOSTILE}": N=2, D=3
'''
CONTROLS = {chr(n) for n in (*range(32), *range(127, 160), *range(0x202A, 0x202F))} - {"\n", "\t"}
CONTROLS |= {chr(n) for n in range(0x2066, 0x206A)}


@pytest.mark.parametrize("to", own_names())
def test_no_format_controls_a_terminal(to: str, tmp_path: Path) -> None:
    """Fails when a sign of a file that a terminal obeys is written, or `-o f` is not `> f`."""
    (tmp_path / "m.arch").write_text(FILE)
    result = call("derive", "m.arch", "--to", to, folder=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert not CONTROLS & set(result.out)
    call("derive", "m.arch", "--to", to, "-o", "out", folder=tmp_path)
    assert (tmp_path / "out").read_text("utf-8") == result.out


@pytest.mark.parametrize("command", ["check", "derive", "fmt"])
def test_no_error_controls_a_terminal(command: str, tmp_path: Path) -> None:
    """Fails when an error shows a name, a title or a text as it is."""
    name = "a\x1b[2Jb\u202e.arch"
    (tmp_path / name).write_text(FILE + f'preset "{HOSTILE}": Q\x1b=2\n')
    result = call(command, name, folder=tmp_path)
    assert result.code == 1
    assert result.err.startswith("a\ufffd[2Jb\ufffd.arch:8:")
    assert not CONTROLS & set(result.err + result.out)


def test_a_diagnostic_is_visible_wherever_it_is_shown() -> None:
    """Fails when what Python shows of an error controls a terminal."""
    span = Span(Source("\x1b.arch", "dim \x1b"), 4, 5)
    shown = str(Diagnostic("name", f"`{HOSTILE}`", span, HOSTILE, (HOSTILE,)))
    assert not CONTROLS & set(shown)


def test_other_signs_stay() -> None:
    """Fails when letters of some script, joiners or wide spaces are taken for control signs."""
    text = "a\tb\nβ ж 中 \u05d0 \u200d \u00a0 \u2009 \U0001f600 \u0301"
    assert visible(text) == text


LIVE = """\
one
===
---
- list
+ plus
1. one
2) two
    code
!!! note
::: module
/// html
--8<-- "/etc/passwd"
% comment
:   definition
@octocat :smile: www.a.example http://b.example
"""


def test_texts_are_no_blocks_of_markdown() -> None:
    """Fails when a line of a docstring is a heading, a list, code, a note, a link or a user."""
    markdown = pytest.importorskip("markdown")
    found = escape_markdown(LIVE)
    extensions = ["admonition", "def_list", "tables", "fenced_code", "pymdownx.snippets"]
    page = markdown.markdown(found, extensions=[*extensions, "pymdownx.magiclink"])
    for tag in ("<h1", "<h2", "<ul", "<ol", "<pre", "<code", "<div", "<dl", "<a ", "<hr"):
        assert tag not in page
    import html
    import re

    words = html.unescape(re.sub(r"<[^>]+>", "", page)).split()
    assert words == LIVE.split()
    assert escape_markdown("- one") == "&#45; one"


def test_latex_sets_every_text() -> None:
    """Fails when a control sign or a lone Greek letter reaches LaTeX as it is."""
    assert escape_latex("\x1b[β") == r"{?}{[}\ensuremath{\beta}"
    assert escape_latex("λόγος") == "λόγος"  # a word, for which a font is taken


def test_answers_show_no_control_signs(tmp_path: Path) -> None:
    """Fails when a question repeats a title as it stands in the file."""
    text = 'dim D\nmodel M(x: [D]):\n    return x -> linear(D)\npreset "a\u202eb": D=4\n'
    (tmp_path / "m.arch").write_text(text, "utf-8")
    result = call("explain", "m.arch", "16", "--preset", "a\u202eb", folder=tmp_path)
    assert result.out.splitlines()[0] == "16 of a\ufffdb"
