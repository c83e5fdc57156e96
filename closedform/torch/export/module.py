"""The text of a module of Python that a file becomes."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Rational

from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity, is_model
from closedform.errors import fail
from closedform.grammar import tree
from closedform.torch.export.exporter import Exporter, OfFile
from closedform.torch.export.operations import HELPERS
from closedform.torch.export.python import INDENT, docstring, identifier, quoted, wrapped
from closedform.torch.export.values import Family

IMPORTS = (
    ("Fraction(", "from fractions import Fraction"),
    ("gcd(", "from math import gcd"),
    ("torch.", "import torch"),
    ("rearrange(", "rearrange"),
    ("reduce(", "reduce"),
    ("nn.", "from torch import nn"),
    ("functional.", "from torch.nn import functional"),
)


def torch_module(project: Project, part: str | None = None) -> str:
    """A file as modules of PyTorch: its models with their presets, or its blocks where it has none.

    >>> from closedform.projects import open_project
    >>> text = torch_module(open_project("vit"), "MLP")
    >>> print(text.partition("super().__init__()")[2].strip())
    self.linear = nn.Linear(d, hidden)
            self.linear2 = nn.Linear(hidden, d)
    <BLANKLINE>
        def forward(self, x):
            return self.linear2(functional.gelu(self.linear(x)))
    """
    parts = (
        [project.part(part)] if part is not None else project.models() or project.module.blocks()
    )
    parts = [p for p in parts if _takes_tensors(p)]
    if not parts:
        raise fail("export", f"`{project.module.title}` has no model or block", None, "declare one")
    asked: set[tuple[str, str]] = set()
    while True:
        exporter = Exporter(project, asked=asked)
        for entity in parts:
            exporter.block(entity)
        used = exporter.used()
        if used <= asked:
            break
        asked |= used
    body = _classes(exporter)
    presets = _presets(exporter, project, parts)
    text = "\n".join([*body, *presets]) + "\n"
    head = docstring(
        project.module.file.doc or f"{project.module.title}, as modules of PyTorch.", ""
    )
    return "\n".join([*head, "", *_imports(text), "", "", ""]) + text


def _takes_tensors(entity: Entity) -> bool:
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    return any(p.shape is not None for p in declaration.parameters)


def _imports(text: str) -> list[str]:
    standard = [line for sign, line in IMPORTS[:2] if sign in text]
    einops = [line for sign, line in IMPORTS[3:5] if sign in text]
    others = ["import torch"] if "torch." in text else []
    if einops:
        others.append(f"from einops import {', '.join(einops)}")
    others += [line for sign, line in IMPORTS[5:] if sign in text]
    return [*standard, *([""] if standard else []), *others]


def _classes(exporter: Exporter) -> list[str]:
    """Functions, and then classes, each behind those that it needs."""
    made: list[str] = []
    for helper in sorted(exporter.helpers):
        made += [*HELPERS[helper].rstrip().split("\n"), "", ""]
    for _, lines in exporter.functions.values():
        made += [*lines, "", ""]
    for one in reversed(exporter.classes):
        made += [*one.lines(), "", ""]
    return made[:-2]


def _presets(exporter: Exporter, project: Project, parts: Iterable[Entity]) -> list[str]:
    """The sizes of the presets, and a function that builds the model of one."""
    models = {p.name: p for p in parts if is_model(p)}
    rows: list[tuple[str, str, list[str]]] = []
    for preset in project.module.presets():
        entity = project.model_of(preset)
        if entity.name not in models:
            continue
        made = exporter.models[entity.name]
        reader = OfFile(exporter, entity.module)
        items = []
        for binding in preset.bindings:
            name = identifier(binding.name.name)
            if name not in made.signature:
                continue
            value = reader.value(binding.value)
            of = exporter.globals.get(name)
            sized = of and of.declaration
            length = sized.length if isinstance(sized, tree.Dim | tree.Let) else None
            if length is not None and isinstance(value, Rational):
                value = (value,) * int(reader.size(length))
            if isinstance(value, tuple):
                texts = [exporter.sizes.quotient(v) for v in value]
                text = f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
            elif isinstance(value, Family | bool | str):
                text = (
                    str(value)
                    if isinstance(value, bool)
                    else quoted(value)
                    if isinstance(value, str)
                    else value.name
                )
            else:
                text = exporter.sizes.quotient(value)
            items.append(f"{quoted(name)}: {text}")
        rows.append((preset.title, made.name, items))
    if not rows:
        return []
    several = len(models) > 1
    lines = ["", "", "PRESETS = {"]
    for title, name, items in rows:
        sizes = f"{{{', '.join(items)}}}"
        value = f"({name}, {sizes})" if several else sizes
        lines += wrapped(f"{quoted(title)}: {value}", INDENT, last=True)
    lines += ["}", "", "", "def build(preset, **sizes):"]
    example = (
        quoted(rows[0][0])
        if '"""' not in rows[0][0] and "\\" not in quoted(rows[0][0])
        else '"..."'
    )
    lines += docstring(
        f"The model of a preset, build({example}), with other sizes where they are given.", INDENT
    )
    if several:
        lines.append(f"{INDENT}model, given = PRESETS[preset]")
        lines.append(f"{INDENT}return model(**given | sizes)")
    else:
        lines.append(f"{INDENT}return {rows[0][1]}(**PRESETS[preset] | sizes)")
    return lines
