"""A format is one file: as an entry point of another package, and in the folder of the formats."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from closedform.render.formats import format_named
from helpers import PACKAGE, TESTS, Golden, Ran, call, spawn

FILE = Path(__file__).with_name("asciidoc.py")
GOLDEN = TESTS / "golden"
MODEL = """\
\"\"\"Two layers | `linear`, *twice*.\"\"\"

dim N  "tokens"
dim D  "width"
let F = 4*D  "[hidden]"

model Two(x: [N, D]):
    return x -> linear(F) -> relu -> linear(D)

preset "small": N=128, D=256
"""
TEMPLATE = """\
<< report.symbols[0].meaning >>_: << inline(report.formulas[1].formula.text) >>
<< typed(report.title) >> << number(report.presets[0]["values"][1]) >>
"""
OURS = (
    "'md', 'fragment', 'html', 'json', 'macros', 'mkdocs', 'notebook', 'svg', 'tex', 'text', "
    "'tikz', 'typst'"
)
SUFFIXES = (
    ".md, .markdown, .inc, .fragment.tex, .html, .htm, .json, .macros.tex, .svg, .tex, .txt, "
    ".tikz, .typ"
)


@dataclass(frozen=True)
class Installed:
    """A folder with a model in which the format is there."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> Ran:
        done = spawn(*arguments, folder=self.folder, environment=self.environment)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def python(self, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            cwd=self.folder,
            env=dict(self.environment),
            timeout=120,
            check=True,
        )
        return done.stdout.decode()


def package(folder: Path, name: str, value: str) -> None:
    """What pip leaves of a package with an entry point."""
    info = folder / f"closedform_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: closedform-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[closedform.formats]\n{name} = {value}\n")


def as_package(folder: Path) -> None:
    package(folder, "asciidoc", "closedform_asciidoc:FORMAT")
    shutil.copy(FILE, folder / "closedform_asciidoc.py")


def as_own(folder: Path) -> None:
    kept = shutil.ignore_patterns("*.pyc.*")  # being written by others
    shutil.copytree(PACKAGE, folder / "closedform", ignore=kept)
    shutil.copy(FILE, folder / "closedform" / "render" / "formats")


@pytest.fixture(scope="module", params=[as_package, pytest.param(as_own, marks=pytest.mark.slow)])
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """The format in another package, and in a copy of closedform that nothing else changes."""
    folder, path = tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("path")
    request.param(path)
    (folder / "two.arch").write_text(MODEL)
    (folder / "own.j2").write_text(TEMPLATE)
    return Installed(folder, {"PYTHONPATH": str(path), "NO_COLOR": "1"})


def kept(name: str) -> str:
    return (GOLDEN / f"asciidoc_{name}.txt").read_text("utf-8")


# Every command -----------------------------------------------------------------------------


def test_a_report(installed: Installed, golden: Golden) -> None:
    ran = installed.run("derive", "two.arch", "--to", "asciidoc")
    assert (ran.code, ran.err) == (0, "")
    golden.compare(GOLDEN / "asciidoc_report.txt", ran.out)
    assert installed.run("derive", "two.arch", "-o", "out.adoc") == Ran(0, "", "")
    assert (installed.folder / "out.adoc").read_text("utf-8") == ran.out


def test_a_derivation(installed: Installed, golden: Golden) -> None:
    asked = ("derive", "two.arch", "--steps", "--preset", "small", "--lang", "zh")
    ran = installed.run(*asked, "--to", "asciidoc")
    assert (ran.code, ran.err) == (0, "")
    golden.compare(GOLDEN / "asciidoc_derivation.txt", ran.out)


def test_a_template(installed: Installed) -> None:
    asked = ("derive", "two.arch", "--template", "own.j2")
    filled = "tokens_: stem:[\\frac{F^{2}\\, N}{2}]\n`Two` 67,108,864\n"
    assert installed.run(*asked, "--to", "asciidoc") == Ran(0, filled, "")
    assert installed.run(*asked, "-o", "own.asciidoc") == Ran(0, "", "")
    assert (installed.folder / "own.asciidoc").read_text("utf-8") == filled


@pytest.mark.slow
def test_a_site(installed: Installed, golden: Golden) -> None:
    """Fails when pages are missing, never fresh, or stay when their model is gone."""
    (installed.folder / "one.arch").write_text(MODEL.replace("Two", "One"))
    asked = ("docs", "two.arch", "-o", "site", "--to", "asciidoc")
    names = ("index", "closed-forms", "one", "one.derivation", "two", "two.derivation")
    pages = [f"site/{name}.adoc" for name in names]
    written = "".join(f"{page} written\n" for page in pages)
    assert installed.run(*asked, "one.arch") == Ran(0, written, "")
    assert installed.run(*asked, "one.arch", "--check") == Ran(0, "", "")
    told = "".join(
        f"==> {page}\n{(installed.folder / page).read_text('utf-8')}\n" for page in pages
    )
    golden.compare(GOLDEN / "asciidoc_site.txt", told)
    index, forms, one, steps, two, _ = pages
    stale = "".join(f"{page} is stale\n" for page in sorted((index, forms, one, steps, two)))
    assert installed.run(*asked, "--check") == Ran(1, stale, "")
    changed = [f"{page} written\n" for page in (index, forms, two)]
    gone = [f"{page} removed\n" for page in sorted((one, steps))]
    assert installed.run(*asked) == Ran(0, "".join([*changed, *gone]), "")
    assert installed.run(*asked, "--check") == Ran(0, "", "")
    shutil.rmtree(installed.folder / "site")


def test_it_is_listed(installed: Installed) -> None:
    ran = installed.run("derive", "two.arch", "--to", "asciidocs")
    assert ran.code == 2
    assert "'asciidoc'" in ran.err
    ran = installed.run("docs", "two.arch", "-o", "site", "--to", "tex")
    assert (ran.code, ran.out) == (2, "")
    assert "asciidoc" in ran.err


def test_from_python(installed: Installed) -> None:
    load = "import closedform as cf; part = cf.load('two.arch')['Two']\n"
    assert installed.python(f"{load}print(part.report('asciidoc'), end='')") == kept("report")
    asked = "part.derivation(preset='small', to='asciidoc', lang='zh')"
    assert installed.python(f"{load}print({asked}, end='')") == kept("derivation")


# In the folder, and in another package -----------------------------------------------------


def test_what_is_in_the_folder_is_a_format(tmp_path: Path) -> None:
    """Fails when a file in the folder is not a format by itself, or the help does not name it."""
    as_own(tmp_path)
    (tmp_path / "two.arch").write_text(MODEL)
    environment = {"PYTHONPATH": str(tmp_path), "COLUMNS": "200"}
    for command, names in (
        ("derive", "md|asciidoc|fragment|html|json|macros|mkdocs|notebook|svg|tex|text|tikz|typst"),
        ("docs", "md|asciidoc|html|mkdocs"),
    ):
        done = spawn(command, "--help", folder=tmp_path, environment=environment)
        assert f"--to [{names}]" in done.stdout.decode()
    done = spawn("derive", "two.arch", "-o", "a.adoc", folder=tmp_path, environment=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "a.adoc").read_text("utf-8") == kept("report")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which packages are found, and another one that commands are run in."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (tmp_path / "two.arch").write_text(MODEL)
    monkeypatch.syspath_prepend(packages)
    monkeypatch.chdir(tmp_path)
    return packages


def test_unknown_names_are_answered_with_all(path: Path) -> None:
    """Fails when the formats of other packages are left out of an error."""
    package(path, "rst", "closedform_rst:FORMAT")
    ran = call("derive", "two.arch", "--to", "docx")
    usage = "Usage: closedform derive [OPTIONS] FILE\nTry 'closedform derive --help' for help.\n"
    message = f"Invalid value for '--to': 'docx' is not one of {OURS}, 'rst'."
    assert ran == Ran(2, "", f"{usage}\nError: {message}\n")


def test_an_unknown_suffix_is_answered_with_all(path: Path) -> None:
    package(path, "asciidoc", "closedform_asciidoc:FORMAT")
    shutil.copy(FILE, path / "closedform_asciidoc.py")
    ran = call("derive", "two.arch", "-o", "out.docx")
    known = f"{SUFFIXES}, .adoc, .asciidoc"
    assert ran == Ran(
        2,
        "",
        "error[format]: `out.docx` names no known format\n"
        f"     = help: end the name in one of {known}, or give --to\n",
    )


def test_a_package_that_cannot_be_loaded(path: Path) -> None:
    """Fails when a mistake of another package is told as one of ours."""
    package(path, "rst", "closedform_rst:FORMAT")
    ran = call("derive", "two.arch", "--to", "rst")
    assert ran == Ran(
        1,
        "",
        "error[format]: the format `rst` of closedform-rst cannot be loaded: "
        "ModuleNotFoundError(\"No module named 'closedform_rst'\")\n",
    )


def test_a_package_with_something_else(path: Path) -> None:
    package(path, "rst", "closedform_other:FORMAT")
    (path / "closedform_other.py").write_text("FORMAT = str\n")
    ran = call("derive", "two.arch", "--to", "rst")
    message = "the format `rst` of closedform-rst is <class 'str'>, and not a Format"
    assert ran == Ran(1, "", f"error[format]: {message}\n")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return report.nothing", "failed: AttributeError(\"'Report' object has no attribute "),
        ("return 7", "gives 7, and not a text"),
    ],
)
def test_a_package_that_fails(path: Path, body: str, message: str) -> None:
    """Fails when the mistake of a function of another package is told as one of ours."""
    package(path, "rst", "closedform_failing:FORMAT")
    (path / "closedform_failing.py").write_text(
        "from closedform.render.markup.format import Format\n\n"
        f"def write(report):\n    {body}\n\nFORMAT = Format(write)\n"
    )
    sys.modules.pop("closedform_failing", None)
    format_named.cache_clear()
    ran = call("derive", "two.arch", "--to", "rst")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"error[format]: the format `rst` of closedform-rst {message}")


def test_our_names_are_ours(path: Path) -> None:
    """Fails when another package is looked at for a name or a suffix of ours, or takes one."""
    before = call("derive", "two.arch")
    package(path, "md", "closedform_wrong:FORMAT")
    (path / "closedform_wrong.py").write_text("raise SystemExit\n")
    assert call("derive", "two.arch", "--to", "md") == before
    assert call("derive", "two.arch", "-o", "out.md") == Ran(0, "", "")
    assert (path.parent / "out.md").read_text("utf-8") == before.out
