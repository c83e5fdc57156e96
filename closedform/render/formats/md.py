"""Markdown for GitHub and GitLab."""

from __future__ import annotations

from closedform.render.markup.markdown import Flavour, markdown

FORMAT = markdown(
    Flavour(("$`", "`$"), ("```math\n", "\n```")), suffixes=(".md", ".markdown"), pages=True
)
