"""Markdown for the cells of Jupyter."""

from __future__ import annotations

from closedform.render.markup.markdown import Flavour, markdown

FORMAT = markdown(Flavour(("$", "$"), ("$$\n", "\n$$")))
