"""The drawing as a TikZ picture: its text, and that LaTeX sets it within its line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from closedform.api import loads, zoo

SOURCE = """\
dim D
dim L

block Layer_1(x: [d]):
    return x -> layernorm -> linear(d)

model M(x: [D]):
    repeat L:
        x = x -> Layer_1
    return x -> linear(D)
"""

DRAWN = r"""% M, MACs; needs \usepackage{tikz}
\begingroup\footnotesize
\def\closedformRow#1#2#3{\setbox0\hbox{#2\quad#3}%
  \ifdim\wd0>#1\resizebox{#1}{!}{\box0}\else\hbox to #1{#2\hfill#3}\fi}
\begin{tikzpicture}[x=1pt,y=1pt,rounded corners=2pt]
"""


def test_text() -> None:
    drawn = loads(SOURCE).report("tikz")
    assert drawn.startswith(DRAWN)
    assert drawn.endswith("\\end{tikzpicture}\n\\endgroup\n")
    rows = [
        line.partition("\\relax}")[2] for line in drawn.splitlines() if "closedformRow{" in line
    ]
    assert rows == [
        r"{Layer\_1}{$D^{2}$\quad $\times\, L$}};",
        r"{linear}{$D^{2}$}};",
    ]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_it_fits_a_column(tmp_path: Path) -> None:
    """Fails when a box or a formula is wider than the column of a paper."""
    lines = ["\\documentclass{IEEEtran}\\usepackage{amsmath,tikz}\\begin{document}"]
    for name in ("vit", "pvt", "efficientnet"):
        (tmp_path / f"{name}.tikz").write_text(zoo(name).report("tikz"), "utf-8")
        lines.append(f"\\begin{{figure}}\\input{{{name}.tikz}}\\caption{{{name}}}\\end{{figure}}")
    (tmp_path / "paper.tex").write_text("\n".join([*lines, "\\end{document}"]), "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Overfull \\hbox" not in done.stdout
