"""An imported file, tried: it is derived, its numbers are those that were counted, and every shape
is the one that was seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sympy import Expr, Integer, Symbol

from closedform.derive.check.check import check
from closedform.derive.cost.tree import (
    Choose,
    Operation,
    Repeat,
    Sequence,
    Site,
    Stages,
    Steps,
    Weights,
)
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.errors import ClosedformError, Diagnostic, fail
from closedform.files import read_text
from closedform.grammar import format_file, parse
from closedform.torch.acts import Act, Round
from closedform.torch.steps.rows import Step

ASSUMED = re.compile(r"state it: `assume ([^`]+)`")
STATED = re.compile(r"^assume .*(?:\n +.*)*\n", re.MULTILINE)
MOST = 20  # assumptions that are added one after the other

Shapes = Counter[tuple[str, tuple[int, ...]]]


def opened(text: str, folder: Path) -> Project:
    """A file that is not written yet."""
    return Project(Loader(read_text, folder).text(text, "model.arch"))


def settled(text: str, folder: Path) -> str:
    """A file that `check` has nothing against, with what it asks to assume."""
    for _ in range(MOST):
        wrong = check(opened(text, folder)).wrong
        if not wrong:
            return format_file(parse(text, "model.arch"))
        fact = next(
            (m[1] for d in wrong if d.kind == "divides" and (m := ASSUMED.search(d.help or ""))),
            None,
        )
        if fact is None:
            break
        stated = STATED.search(text)
        if stated:
            text = f"{text[: stated.end() - 1]}, {fact}{text[stated.end() - 1 :]}"
        else:
            start = re.search(r"^(block|model) ", text, re.MULTILINE)
            assert start is not None
            text = f"{text[: start.start()]}assume {fact}\n\n{text[start.start() :]}"
    raise _mistaken(wrong)


def confirmed(text: str, folder: Path) -> str:
    """The same file; raises ClosedformError where an expectation does not hold."""
    wrong = check(opened(text, folder)).wrong
    if wrong:
        raise _mistaken(wrong)
    return text


def _mistaken(wrong: list[Diagnostic]) -> ClosedformError:
    first = wrong[0]
    return fail(
        "import",
        f"what was made of the trace does not hold: {first.message}",
        None,
        "import the first trace alone, or declare an `op` for the part and name its file by --ops",
        *(
            [f"in the line: {first.span.source.line(first.span.line).strip()}"]
            if first.span
            else []
        ),
    )


def compare_shapes(text: str, folder: Path, titles: list[str], seen: list[Shapes]) -> None:
    """Raise ClosedformError where an operation gives other shapes than it was seen to give."""
    project = opened(text, folder)
    for title, expected in zip(titles, seen, strict=True):
        preset = project.preset(title)
        tree = project.derivation(project.at_preset(preset)).root
        values = project.bindings(preset)
        found: Shapes = Counter()
        _collect(tree.body, values, 1, found)
        for key in sorted({*expected, *found}):
            if expected[key] != found[key]:
                name, shape = key
                raise fail(
                    "import",
                    f"`{name}` gives the shape {list(shape)} {found[key]} times, "
                    f"and was seen to give it {expected[key]} times",
                    None,
                    "declare an `op` for the part and name its file by --ops",
                    f"at the preset {title!r}",
                )


def _collect(
    sites: Iterable[Site], values: Mapping[Symbol, Expr], times: int, found: Shapes
) -> None:
    for site in sites:
        node = site.node
        if isinstance(node, Operation):
            for shape in node.outputs[:1]:
                if _is_compared(node.name):
                    found[node.name, tuple(int(n.subs(values)) for n in shape)] += times
        elif isinstance(node, Sequence | Weights):
            _collect(node.body, values, times, found)
        elif isinstance(node, Repeat):
            _collect(node.body, values, times * int(node.times.subs(values)), found)
        elif isinstance(node, Stages):
            for body in node.bodies:
                _collect(body, values, times, found)
        elif isinstance(node, Steps):
            first, last = (int(n.subs(values)) for n in (node.first, node.last))
            for at in range(first, last + 1):
                _collect(node.body, {**values, node.index: Integer(at)}, times, found)
        elif isinstance(node, Choose):
            _collect(node.body, values, times * int(node.count.subs(values)), found)


SIGNS = {"+": "addition", "-": "addition", "*": "product", "/": "quotient", "neg": "product"}
PARTS = ("part", "unbind", "select", "cut")


def _is_compared(name: str) -> bool:
    return name not in ("param", "zeros", "split", "slice", "take") and name.isidentifier()


def shapes_of(acts: Iterable[Act], trace: int) -> Shapes:
    """The shapes that operations were seen to give in one of the traces."""
    found: Shapes = Counter()
    for name, shape, times in _seen(acts, trace, 1, {}):
        found[name, shape] += times
    return found


def _seen(
    acts: Iterable[Act], trace: int, times: int, more: Mapping[str, Iterable[int]]
) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """The shapes, each with how often it is given; `more` are what has grown in a loop."""
    for act in acts:
        if isinstance(act, Step):
            if act.op in SIGNS or (_is_compared(act.op) and act.op not in PARTS):
                shape = tuple(v[trace] for v in act.shape)
                if act.name in more:
                    shape = tuple(a + b for a, b in zip(shape, more[act.name], strict=True))
                yield SIGNS.get(act.op, act.op), shape, times
        elif isinstance(act, Round) and act.growth:
            for n in range(act.counts[trace]):
                grown = {k: [n * a for a in v[trace]] for k, v in act.growth.items() if v[trace]}
                yield from _seen(act.acts, trace, times, {**more, **grown})
        elif isinstance(act, Round):
            count = 1 if act.choice else act.counts[trace]
            yield from _seen(act.acts, trace, times * count, more)
        else:
            for instance in act.instances:
                yield from _seen(act.group.instances[instance].acts, trace, times, more)
