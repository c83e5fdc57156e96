"""Markdown for MkDocs, with the extension pymdownx.arithmatex."""

from __future__ import annotations

from closedform.render.markup.markdown import Flavour, markdown

FORMAT = markdown(Flavour((r"\(", r"\)"), ("\\[\n", "\n\\]")), pages=True)
