"""Make the pictures in docs/pictures: `python scripts/pictures.py paper site notebook`, or some.

Needs Chromium, LaTeX with IEEEtran, pdftoppm (poppler), and `pip install '.[test]'`; for the site
`npm install` in tests/katex.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import closedform as cf

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
PAGES = {"start": "index", "gallery": "zoo/index", "vit": "zoo/vit", "pvt": "zoo/pvt"}
PHONE, DESK = (400, 1700), (1280, 900)


def run(*command: str, folder: Path = ROOT) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)


def chromium(folder: Path, *options: str) -> None:
    profile = f"--user-data-dir={folder / 'profile'}"
    plain = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", profile)
    run("chromium", *plain, "--disable-background-networking", "--no-first-run", *options)


def shown(page: Path, picture: str, size: tuple[int, int], dark: bool, folder: Path) -> None:
    """A picture of a page, in a frame: a window is never as narrow as a phone."""
    width, height = size
    frame = folder / "frame.html"
    frame.write_text(
        "<!DOCTYPE html><style>body { margin: 0; } iframe { border: 0; display: block; }</style>"
        f'<iframe src="{page.as_uri()}" width="{width}" height="{height}"></iframe>',
        "utf-8",
    )
    wide = max(width, 520)
    chromium(
        folder,
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        f"--window-size={wide},{height}",
        f"--screenshot={folder / 'shown.png'}",
        frame.as_uri(),
    )
    cropped(folder / "shown.png", PICTURES / picture, size)


def cropped(source: Path, target: Path, size: tuple[int, int]) -> None:
    from PIL import Image

    with Image.open(source) as image:
        few = image.crop((0, 0, *size)).convert("RGB").quantize(128)
        few.save(target, optimize=True)


def site(folder: Path) -> None:
    """The start, the gallery and two models, on a phone and a desk, light and dark."""
    run(sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder / "site"))
    for name, path in PAGES.items():
        for size in (PHONE, DESK):
            for dark in (False, True):
                picture = f"{name}-{size[0]}-{'dark' if dark else 'light'}.png"
                shown(folder / "site" / f"{path}.html", picture, size, dark, folder)


def notebook(folder: Path) -> None:
    """The first notebook, as it is in the repository."""
    name = ROOT / "notebooks" / "first-steps.ipynb"
    run(
        sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(folder), str(name)
    )  # fmt: skip
    shown(folder / "first-steps.html", "notebook.png", (1000, 1800), False, folder)


PAPER = r"""\documentclass[10pt,twocolumn]{IEEEtran}
\usepackage{amsmath,array,booktabs,graphicx}
\input{vit.macros}
\input{pvt.macros}
\input{related.macros}
\input{steps.macros}
\title{What a vision transformer costs}
\author{Derived by closedform}
\begin{document}
\maketitle
\section{One scale}
A Vision Transformer cuts an image into $N$ patches, where $\VitLetN$, and passes
$\VitLetT$ tokens of width $D$ through $L$ layers, each with attention of $H$ heads and an MLP
of width $F$. Figure~\ref{vit} shows it. Its weights are
\begin{equation}\VitParamsEquation\end{equation}
and a forward pass takes
\begin{equation}\VitMacsEquation\end{equation}
multiply-accumulates, attention included. The heads cancel. For ViT-B/16 these are
$\VitParamsRounded$
and $\VitMacsRounded$, which is what the sums of all operations give; no term is left out, and none
is estimated. Of the terms of a layer only one is quadratic in the tokens.
\begin{figure}[t]
\includegraphics[width=\linewidth]{vit.pdf}
\caption{The Vision Transformer: shapes on arrows, what one of each part costs, and bars of what all
of it costs at ViT-B/16.}
\label{vit}
\end{figure}
\section{A pyramid}
A pyramid halves the side of the map from stage to stage, and lets keys and values come from a
smaller one. Its weights are
\begin{equation}\PvtParamsEquation\end{equation}
and a forward pass takes
\begin{equation}\PvtMacsEquation\end{equation}
multiply-accumulates. Here $\PvtLetDZero$, and a stage $s$ has maps of side $m_s$. A condition in
square brackets is one where it holds and zero elsewhere: the last stage reduces nothing.
Table~\ref{related} sets both beside a residual network.
\begin{table}[t]
\caption{Related models, all derived from their descriptions.}
\label{related}
\RelatedModels
\end{table}
\section{How it was made}
Each formula is a macro that the derivation has written, broken for the column of this class; so are
the numbers and the table. When the description of a model changes, its formulas are derived again,
and the paper follows. The drawing is the same file that a page in a browser shows.
\newpage
\section{Where each product comes from}
The derivation adds what each operation counts, block by block, from the shapes to the total.
\VitMacsDerivation
\end{document}
"""


def paper(folder: Path) -> None:
    """A paper of two columns with four formulas, a table and a drawing, as two pages."""
    derive = (sys.executable, "-m", "closedform")
    narrow = ("--width", "ieee", "-o")
    run(*derive, "derive", "vit", "--preset", "ViT-B/16", *narrow, "vit.macros.tex", folder=folder)
    run(*derive, "derive", "vit", "--steps", *narrow, "steps.macros.tex", folder=folder)
    run(*derive, "derive", "pvt", *narrow, "pvt.macros.tex", folder=folder)
    models = ("vit", "pvt", "resnet", "--preset", "ViT-B/16", "--preset", "PVT-Small")
    run(
        *derive, "compare", *models, "--preset", "ResNet-50", *narrow, "related.macros.tex",
        folder=folder,
    )  # fmt: skip
    drawn(cf.zoo("vit").report("svg", preset="ViT-B/16"), folder / "vit.pdf", folder)
    (folder / "paper.tex").write_text(PAPER, "utf-8")
    for _ in range(2):
        run("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex", folder=folder)
    log = (folder / "paper.log").read_text("latin-1")
    assert "Overfull" not in log, re.findall(r"Overfull.*", log)
    run("pdftoppm", "-r", "110", "-png", "-l", "2", "paper.pdf", "paper", folder=folder)
    for page in sorted(folder.glob("paper-*.png")):
        shutil.copy(page, PICTURES / page.name)


def drawn(picture: str, path: Path, folder: Path) -> None:
    """A drawing as a page of its own size, in the colours of paper."""
    box = re.search(r'width="([\d.]+)" height="([\d.]+)"', picture)
    assert box
    width, height = box.groups()
    page = folder / "drawing.html"
    size = f"@page {{ size: {width}px {height}px; margin: 0; }} body {{ margin: 0; }}"
    page.write_text(f"<!DOCTYPE html><style>{size}</style>{picture}", "utf-8")
    chromium(folder, "--no-pdf-header-footer", f"--print-to-pdf={path}", page.as_uri())


MAKERS = {"paper": paper, "site": site, "notebook": notebook}

if __name__ == "__main__":
    for what in sys.argv[1:] or MAKERS:
        with TemporaryDirectory() as made:
            MAKERS[what](Path(made))
