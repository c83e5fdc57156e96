"""Steps of a derivation as aligned equations, each with its reason beside or below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from closedform import formula as w
from closedform.render.formulas.latex import INDENT, STEP, broken, latex
from closedform.render.formulas.widths import ROOM, width

Reason: TypeAlias = Sequence[str | w.Written]
Line: TypeAlias = tuple[w.Written | None, w.Written, Reason]

GAP = 22.0  # between an equation and its reason
COMMAS = (", ", "，")  # between reasons
WORD = re.compile(r"\s*\S+\s*")
SAFE = re.compile(r"[^\w ,.;:()/=，。：；、（）-]|_")


def math_text(text: str) -> str:
    r"""Text inside a formula, with what not every renderer takes left out.

    >>> math_text("a_b {c}")
    '\\text{a-b -c-}'
    """
    return f"\\text{{{SAFE.sub('-', text)}}}" if text else ""


def reason_text(reason: Reason) -> str:
    """A reason as it stands beside an equation."""
    return "".join(math_text(p) if isinstance(p, str) else latex(p) for p in reason)


def reason_rows(reason: Reason, room: float) -> list[str]:
    """A reason that is too wide for a line, broken after commas, and where it must in its parts."""
    rows = [""]
    for part in reason:
        text = math_text(part) if isinstance(part, str) else latex(part)
        if rows[-1] and part not in COMMAS and width(rows[-1] + text) > room:
            rows.append("")
        first, *rest = [text] if width(text) <= room else _broken_part(part, room)
        rows[-1] += first
        rows += rest
    return rows


def _broken_part(part: str | w.Written, room: float) -> list[str]:
    """A part of a reason that has no room on a line."""
    if not isinstance(part, str):
        return broken(part, room)
    rows = [""]
    for word in WORD.findall(part):
        if rows[-1] and width(math_text(rows[-1] + word)) > room:
            rows.append("")
        rows[-1] += word
    return [math_text(row) for row in rows]


def aligned(lines: Sequence[Line], room: float = ROOM) -> str:
    """Lines as one display: the subject, what it equals, and why.

    Where a subject leaves too little room beside it, what it equals stands below it.
    """
    subjects = [latex(subject) if subject is not None else "" for subject, _, _ in lines]
    left = max(map(width, subjects))
    free = room - left - width("=") - GAP / 2
    rows = [broken(right, free) for _, right, _ in lines]
    used = max(width(row) for found in rows for row in found)
    below = used > free
    if below:
        free = room - STEP - width("=") - GAP / 2
        rows = [broken(right, free) for _, right, _ in lines]
        used = max(width(row) for found in rows for row in found)
    reasons = [reason_text(reason) for _, _, reason in lines]
    beside = all(used + GAP + width(reason) <= free for reason in reasons if reason)
    found: list[str] = []
    for subject, parts, reason, (_, _, why) in zip(subjects, rows, reasons, lines, strict=True):
        if below and subject:
            found.append(f"&{subject}")
        head = f"&{INDENT}" if below else f"{subject} &"
        after = f"&{INDENT}" if below else "&"
        if reason and not beside and width(parts[0]) + GAP + width(reason) <= free:
            parts = [f"{parts[0]} \\qquad {reason}", *parts[1:]]
        elif reason and not beside:
            found.append(f"{head}= {parts[0]}")
            found.extend(f"{after}{part}" for part in parts[1:])
            found.extend(f"&\\qquad {row}" for row in reason_rows(why, free - GAP))
            continue
        end = f" && {reason}" if reason and beside else ""
        found.append(f"{head}= {parts[0]}{end}")
        found.extend(f"{after}{part}" for part in parts[1:])
    body = " \\\\\n".join(found)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def stacked(node: w.Written, room: float) -> str:
    """A formula as a block of lines no wider than the room, for a cell of a table."""
    rows = broken(node, room)
    if len(rows) == 1:
        return rows[0]
    return "\\begin{aligned}[t]" + " \\\\ ".join(f"&{row}" for row in rows) + "\\end{aligned}"


def plain_lines(lines: Sequence[Line]) -> str:
    """Lines as text, indented."""
    found = []
    for subject, right, reason in lines:
        left = f"{w.plain(subject)} = " if subject is not None else "  = "
        why = "".join(p if isinstance(p, str) else w.plain(p) for p in reason)
        found.append(f"    {left}{w.plain(right)}" + (f"    ({why})" if why else ""))
    return "\n".join(found)
