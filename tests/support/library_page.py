"""docs/library.md, made from the files of the standard library."""

from __future__ import annotations

from pathlib import Path

from closedform.derive.resolve.folders import library_folder
from closedform.grammar import parse, tree
from closedform.grammar.expressions import show

HEAD = """\
# The standard library

Operations need no import; blocks do: `from std.attention import SelfAttention`. Each is written in
[the language](language.md#operations), and a file can define others, or the same names anew.

This page is made from those files. It says what each operation takes and gives, what it requires,
and its counts as they are declared, all others being zero; and what each block claims. A shape with
a `;` is that of a [map](language.md#maps). `closedform std list` names them all, and
`closedform std show attention` prints a file, `closedform std show MLP` what one declares.
"""


def library_page() -> str:
    """The page, from every file of the library."""
    return HEAD + "".join(_file(path) for path in sorted(library_folder("std").glob("*.arch")))


def _file(path: Path) -> str:
    file = parse(path.read_text("utf-8"))
    parts = [f"\n## {path.stem.capitalize()}\n\n{_line(file.doc)}\n"]
    counts = [node for node in file.declarations if isinstance(node, tree.Count)]
    if counts:
        rows = "".join(f"| `{node.name.name}` | {node.meaning} |\n" for node in counts)
        parts.append(f"\n| count | of |\n|---|---|\n{rows}")
    conventions = [node for node in file.declarations if isinstance(node, tree.Convention)]
    if conventions:
        rows = "".join(
            f"| `{node.name.name}` | {_unit(node)} | {node.says} |\n" for node in conventions
        )
        parts.append(f"\n| convention | in | counts |\n|---|---|---|\n{rows}")
    for node in file.declarations:
        if isinstance(node, tree.Op | tree.Block):
            parts.append(_entry(node))
    return "".join(parts)


def _unit(node: tree.Convention) -> str:
    return node.unit.name if node.unit else ""


def _entry(node: tree.Op | tree.Block) -> str:
    """The heading, the docstring and the shapes and counts of one operation or block."""
    sizes = ", ".join(_parameter(p) for p in node.parameters if p.shape is None)
    call = f"{node.name.name}({sizes})" if sizes else node.name.name
    paragraphs = [" ".join(text.split()) for text in (node.doc or "").split("\n\n")]
    said = "".join(f"\n{text}\n" for text in paragraphs if text)
    lines = "".join(f"- {line}\n" for line in [_shapes(node), *_stated(node)])
    return f"\n### `{call}`\n{said}\n{lines}"


def _shapes(node: tree.Op | tree.Block) -> str:
    taken = ", ".join(f"{p.name.name}: {show(p.shape)}" for p in node.parameters if p.shape)
    if isinstance(node, tree.Block):
        return f"of `{taken}`"
    given = ", ".join(f"{o.name.name}: {show(o.shape)}" for o in node.outputs)
    return f"of `{taken}` gives `{given}`"


def _stated(node: tree.Op | tree.Block) -> list[str]:
    """What an operation requires and counts, or what a block claims."""
    found = []
    for line in node.body:
        match line:
            case tree.Require():
                found += [f"requires `{show(condition)}`" for condition in line.conditions]
            case tree.Assign() if isinstance(node, tree.Op):
                found.append(f"`{line.targets[0].name} = {show(line.value)}`")
            case tree.ComparisonClaim():
                found.append(f"`{show(line.left)} {line.operator} {show(line.right)}`")
    return found


def _parameter(node: tree.Parameter) -> str:
    length = f"[{show(node.length)}]" if node.length else ""
    default = f"={show(node.default)}" if node.default is not None else ""
    return ("ratio " if node.ratio else "") + node.name.name + length + default


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
