"""What the README and the documents say is true: every snippet in them is run."""

from __future__ import annotations

import doctest
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from claims_page import claims_page
from closedform import __version__, cli
from closedform.api import loads
from closedform.derive.check.check import check
from closedform.derive.resolve.folders import library_folder
from closedform.derive.resolve.library import standard_library
from closedform.grammar import format_file, parse, tree
from helpers import ROOT, TESTS, Golden
from library_page import library_page

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def fences(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S)


SNIPPETS = [
    pytest.param(text, id=f"{path.name}-{number}")
    for path in PAGES
    for number, text in enumerate(fences(path, "arch"), 1)
]


@pytest.mark.parametrize("text", SNIPPETS)
def test_every_snippet_checks(text: str) -> None:
    """A snippet with a wrong shape, number or claim fails."""
    outcome = check(loads(text)._project)
    assert [str(diagnostic) for diagnostic in outcome.wrong] == []
    assert outcome.holding >= text.count("claim ") - text.count("claim formula")


@pytest.mark.parametrize("text", SNIPPETS)
def test_snippets_are_canonical(text: str) -> None:
    assert format_file(parse(text)) == text


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) >= 8


def test_readme_shows_what_the_first_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    command = fences(ROOT / "README.md", "sh")[0].split("closedform ", 1)[1]
    assert cli.run(command.split()) == 0
    assert capsys.readouterr().out == fences(ROOT / "README.md", "text")[0]


def test_readme_commands_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line of the third shell block works beside the snippet, saved as encoder.arch."""
    for name in ("encoder", "old", "new"):
        (tmp_path / f"{name}.arch").write_text(fences(ROOT / "README.md", "arch")[0])
    monkeypatch.chdir(tmp_path)
    for line in fences(ROOT / "README.md", "sh")[2].splitlines():
        arguments = shlex.split(line, comments=True)[1:]
        assert cli.run(arguments) == 0, capsys.readouterr().err
    assert (tmp_path / "encoder.tex").read_text().startswith("\\documentclass")


def test_readme_python_runs() -> None:
    """The values in the comments are those that the code gives."""
    space: dict[str, object] = {}
    for line in fences(ROOT / "README.md", "python")[0].splitlines():
        code, _, comment = line.partition("#")
        if comment.strip().isdigit():
            assert eval(code, space) == int(comment)  # our own README, not a user's text
        else:
            exec(code, space)


@pytest.mark.slow
def test_what_the_page_for_papers_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands and its code run, and the macros that it names are there."""
    page = ROOT / "docs" / "papers.md"
    monkeypatch.chdir(tmp_path)
    for block in fences(page, "sh"):
        for line in block.splitlines():
            assert cli.run(line.split()[1:]) == 0, capsys.readouterr().err
    macros = "".join(path.read_text() for path in tmp_path.glob("*.macros.tex"))
    named = set(re.findall(r"\\(?:Vit|Related)\w+", page.read_text())) - {r"\VitMacsUnderHooks"}
    assert len(named) == 10
    assert not [name for name in named if f"\\newcommand{{{name}}}" not in macros]
    exec(fences(page, "python")[0], {})  # our own page, not a user's text
    written = {path.name for path in tmp_path.iterdir()}
    assert {"pvt-parts.svg", "attention.svg", "models.png", "vit-steps.tex"} <= written


def test_commands_of_the_page_on_reasoning(capsys: pytest.CaptureFixture[str]) -> None:
    """Its commands run, and the first prints what the page says."""
    page = ROOT / "docs" / "reasoning.md"
    lines = [line for block in fences(page, "sh") for line in block.splitlines()]
    printed = []
    for line in lines:
        assert cli.run(shlex.split(line)[1:]) == 0, capsys.readouterr().err
        printed.append(capsys.readouterr().out)
    assert printed[0] == fences(page, "text")[0]


def test_what_the_page_of_sweeps_says() -> None:
    """Fails when a line of it gives something else."""
    pytest.importorskip("pandas", reason="pandas is not installed: the page shows data frames")
    page = ROOT / "docs" / "sweeps.md"
    text = "\n".join(fences(page, "python"))
    lines = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    told: list[str] = []
    results = doctest.DocTestRunner(verbose=False).run(lines, out=told.append)
    assert (results.failed, results.attempted > 7) == (0, True), "".join(told)


def test_the_citation_is_of_this_version() -> None:
    """Fails when CITATION.cff is no YAML, or lags behind the package."""
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert told["cff-version"] == "1.2.0"
    assert str(told["version"]) == project["version"] == __version__
    assert (told["title"], told["license"]) == (project["name"], project["license"])
    assert told["abstract"] == project["description"]
    assert told["authors"]
    assert told["message"]


def test_first_two_shell_blocks_make_their_own_environment() -> None:
    for block in fences(ROOT / "README.md", "sh")[:2]:
        assert block.startswith("python3 -m venv .venv && .venv/bin/pip install ")


def test_language_page_shows_what_is_held_fixed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when `check` prints something else about a default that grows."""
    page = ROOT / "docs" / "language.md"
    monkeypatch.chdir(tmp_path)
    (snippet,) = (text for text in fences(page, "arch") if "dim F = 4*D\n\nmodel MLP" in text)
    Path("mlp.arch").write_text(snippet, "utf-8")
    assert cli.run(["check", "mlp.arch"]) == 0
    assert capsys.readouterr().out in fences(page, "text")


def test_library_page_is_what_the_library_says(golden: Golden) -> None:
    """The page lists every operation and block, from the files of the standard library."""
    page = library_page()
    for path in sorted(library_folder("std").glob("*.arch")):
        for node in parse(path.read_text("utf-8")).declarations:
            if isinstance(node, tree.Op | tree.Block):
                assert re.search(rf"^### `{node.name.name}\b", page, re.M), node.name.name
    golden.compare(ROOT / "docs" / "library.md", page)


def test_the_page_of_checked_claims_is_what_the_tests_ask(golden: Golden) -> None:
    """Every published formula stands there with its verdict, from the tables of the tests."""
    page = claims_page()
    assert page.count("\n## ") == len((TESTS / "truth" / "formulas.jsonl").read_text().splitlines())
    golden.compare(ROOT / "docs" / "checked-claims.md", page)


def test_language_page_names_every_operation() -> None:
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    listed = page[page.index("## Operations") : page.index("A line `name = formula`")]
    named = set(re.findall(r"`(\w+)`", listed))
    assert named >= set(standard_library().names)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """A link to a file that is not there fails."""
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("page", ["notebook.md", "reasoning.md", "costs.md"])
def test_sessions_show_what_they_give(page: str) -> None:
    """Fails when a line of a page does not run, or gives something else than the page says."""
    session = "\n".join(fences(ROOT / "docs" / page, "python"))
    told = doctest.DocTestParser().get_doctest(session, {}, page, None, 0)
    assert told.examples
    runner = doctest.DocTestRunner(verbose=False)
    failures: list[str] = []
    runner.run(told, out=failures.append)
    assert "".join(failures) == ""
