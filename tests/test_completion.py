"""What a shell offers: names of files, and of what is in them, read without SymPy."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from closedform.choices import COLUMNS, COUNTED, IN_BYTES
from closedform.cli import run
from closedform.derive.measures import rows
from closedform.derive.measures.rows import ROWS
from closedform.derive.resolve.shipped import zoo_names

OWN = """\
dim D  "width"
let E = 2*D  "twice"

count tick "ticks"

convention ticks in Ticks "ticks":
    mac: 1

block B(x: [n, d]):
    return x -> linear(d)

model M(x: [D, D]):
    return x -> B

preset "a small one": D=2
"""


def offered(typed: str, folder: Path, shell: str = "fish") -> list[str]:
    """What is offered after a command line, whose last word is not whole."""
    *words, last = typed.split(" ")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("_CLOSEDFORM_COMPLETE", f"{shell}_complete")
        patched.setenv("COMP_WORDS", " ".join(words))
        patched.setenv("COMP_CWORD", last)
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with chdir(folder), redirect_stdout(out), redirect_stderr(err):
            code = run([])
    assert (code, err.getvalue()) == (0, "")
    out.seek(0)
    return [line.split(",", 1)[1] for line in out.read().splitlines() if line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.arch").write_text(OWN, "utf-8")
    (tmp_path / "wrong.arch").write_text("dim", "utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "in.arch").write_text(OWN, "utf-8")
    (tmp_path / "notes.txt").write_text("", "utf-8")
    return tmp_path


COUNTERS = ["causal", "hooks", "torch", "fvcore", "thop", "ptflops", "full"]

OFFERS = [
    ("closedform derive ", ["own.arch", "wrong.arch", *zoo_names(), "models/"]),
    ("closedform derive vi", ["vit", "vit_features"]),
    ("closedform check models/", ["models/in.arch"]),
    ("closedform derive nowhere/", []),
    ("closedform derive own.arch --of ", ["B", "M"]),
    ("closedform derive own.arch --preset ", ["a small one"]),
    ("closedform compare vit own.arch --preset a", ["a small one"]),
    ("closedform derive vit --preset ViT-L/16", ["ViT-L/16", "ViT-L/16 at 384"]),
    ("closedform derive own.arch --in ", ["D", "E"]),
    ("closedform derive own.arch --in D,", ["D,E"]),
    (
        "closedform derive own.arch --measure ",
        [*COUNTED, *IN_BYTES, "ticks", "macs", "flops", "tick"],
    ),
    ("closedform derive own.arch --convention ", ["ticks", "macs", "flops", *COUNTERS]),
    ("closedform derive wrong.arch --of ", []),
    ("closedform derive missing.arch --of ", []),
    ("closedform derive own.arch --to t", ["tex", "text", "tikz", "typst"]),
    ("closedform derive own.arch --width ", list(COLUMNS)),
    ("closedform zoo show vgg", ["vgg", "vgg_bn"]),
    ("closedform std show conv", ["conventions"]),
]


@pytest.mark.parametrize(("typed", "names"), OFFERS, ids=[typed for typed, _ in OFFERS])
def test_what_is_offered(typed: str, names: list[str], folder: Path) -> None:
    assert offered(typed, folder) == names


def test_nothing_heavy_is_imported(folder: Path) -> None:
    """Fails when somebody who presses a key waits for SymPy, or for Lark."""
    code = (
        "import sys, os\n"
        "os.environ |= {'_CLOSEDFORM_COMPLETE': 'fish_complete', 'COMP_CWORD': '',\n"
        "    'COMP_WORDS': 'closedform derive own.arch --measure'}\n"
        "from closedform.cli import run\n"
        "run([])\n"
        "print(*sorted({'sympy', 'lark', 'jinja2', 'rich'} & sys.modules.keys()),\n"
        "      file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True
    )
    assert "plain,tick" in done.stdout
    assert done.stderr == "\n"


def test_every_measure_is_offered() -> None:
    """Fails when a row is added that no shell knows."""
    assert set(COUNTED) == set(ROWS)
    assert set(IN_BYTES) == set(rows.IN_BYTES)


def test_bash_inserts_names_with_spaces(folder: Path) -> None:
    """Fails when a title becomes several words of the command line."""
    program = Path(sys.executable).parent / "closedform"
    script = (
        f'eval "$(_CLOSEDFORM_COMPLETE=bash_source {program})"\n'
        f"COMP_WORDS=({program} derive own.arch --preset a)\n"
        "COMP_CWORD=4\n"
        f"_closedform_completion {program}\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
        'eval "words=(${COMPREPLY[0]})"\n'
        'echo "${#words[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=folder, check=True, timeout=120
    )
    assert done.stdout == "a\\ small\\ one\n1\n"


def in_a_shell(program: list[str], script: str, folder: Path) -> str:
    """What a shell prints that has the program on its path."""
    bin_folder = str(Path(sys.executable).parent)
    done = subprocess.run(
        [*program, "-c", script],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        timeout=120,
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes(folder: Path) -> None:
    """Fails when a list with commas or a name with spaces is cut."""
    typed = ["--in D,", "--preset ", "--of "]
    asked = "; ".join(f'complete -C "closedform derive own.arch {words}"' for words in typed)
    script = f"_CLOSEDFORM_COMPLETE=fish_source closedform | source; {asked}"
    assert in_a_shell(["fish", "--no-config"], script, folder).splitlines() == [
        "D,E",
        "a small one",
        "B",
        "M",
    ]


# A terminal in which somebody types, presses the tabulator, and then Control-X: it shows the line.
IN_ZSH = """
zmodload zsh/zpty
zpty typing zsh -f -i
zpty -w typing 'autoload -Uz compinit; compinit -u -D
eval "$(_CLOSEDFORM_COMPLETE=zsh_source closedform)"
show() { print -r -- "<$BUFFER>" }; zle -N show; bindkey "^X" show; print -r RE""ADY'
zpty -r typing out '*READY*'
zpty -w -n typing "closedform derive own.arch TYPED"$'\t\x18'
zpty -r typing out '*<*>*'
print -r -- "${out[(R)<,-1]}"
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
@pytest.mark.parametrize(
    ("typed", "whole"), [("--preset a", "--preset a\\ small\\ one"), ("--in D,", "--in D,E")]
)
def test_zsh_completes(typed: str, whole: str, folder: Path) -> None:
    printed = in_a_shell(["zsh", "-f"], IN_ZSH.replace("TYPED", typed), folder)
    assert printed.strip() == f"<closedform derive own.arch {whole} >"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_told_how(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "closedform"],
        capture_output=True,
        text=True,
        env={**os.environ, "_CLOSEDFORM_COMPLETE": f"{shell}_source"},
        check=True,
    )
    assert f"_CLOSEDFORM_COMPLETE={shell}_complete" in done.stdout
