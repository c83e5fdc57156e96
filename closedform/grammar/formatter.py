"""Syntax tree to canonical text; the inverse of `parse`, which keeps comments and blank lines.

>>> from closedform.grammar.parser import parse
>>> print(format_file(parse('let  N=( I/P )^2 "patches" # tokens')), end="")
let N = (I/P)^2  "patches"  # tokens
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatchmethod
from typing import Any

from closedform.grammar import tree
from closedform.grammar.expressions import SUM, quote, show

WIDTH = 100
INDENT = "    "

SIMPLE = (
    tree.Assign,
    tree.Ascribe,
    tree.Require,
    tree.Gradient,
    tree.Keep,
    tree.View,
    tree.As,
    tree.Return,
    tree.Given,
    tree.Only,
    tree.Ignore,
    tree.ComparisonClaim,
    tree.OrderClaim,
    tree.Expect,
    tree.Weigh,
    tree.Row,
)
MULTILINE = (tree.Convention, tree.Op, tree.Block, tree.Table)


def format_file(file: tree.File) -> str:
    """The canonical text of a tree. Formatting it again changes nothing."""
    printer = _Printer(file.comments)
    if file.doc is not None:
        printer.doc(file.doc)
    printer.declarations(file.declarations)
    printer.comments_before(None)
    return "\n".join(line.rstrip() for line in printer.lines).strip("\n") + "\n"


class _Printer:
    def __init__(self, comments: Sequence[tree.Comment]) -> None:
        self.lines: list[str] = []
        self.indent = ""
        self.pending = list(comments)
        self.widths: list[int] = []  # of the columns of the open table
        self.following: int | None = None  # where the code after the open block begins

    # Layout --------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        self.lines.extend(self.indent + line if line else "" for line in text.split("\n"))

    def blank(self) -> None:
        if self.lines and self.lines[-1] != "" and not self.lines[-1].endswith(":"):
            self.lines.append("")

    def comments_before(self, offset: int | None) -> None:
        """Write the comments that stand before an offset."""
        while self.pending:
            comment = self.pending[0]
            if offset is not None and comment.span.start >= offset:
                return
            del self.pending[0]
            if _blank_above(comment):
                self.blank()
            self.write(comment.text)

    def trailing(self, node: tree.Node) -> None:
        """Append the comments that end the line on which a node ends."""
        if not self.pending or node.span is tree.NOWHERE:
            return
        source = node.span.source
        line = source.position(node.span.end)[0]
        found = []
        while self.pending and self.pending[0].span.line <= line:
            found.append(self.pending.pop(0).text)
        if found:
            self.lines[-1] += "  " + "  ".join(found)

    def open(self, node: tree.Node, header: str) -> None:
        self.write(header)
        self.trailing(node)
        self.indent += INDENT

    def close(self) -> None:
        self.indent = self.indent[: -len(INDENT)]

    def doc(self, text: str) -> None:
        lines = text.split("\n")
        if len(lines) == 1:
            self.write(f'"""{text}"""')
        else:
            self.write('"""' + "\n".join([*lines, '"""']))

    def body(self, statements: Sequence[tree.Node]) -> None:
        """Write the statements of an open block and close it."""
        column, after = 1, self.following
        for at, statement in enumerate(statements):
            column = statement.span.column
            self.following = statements[at + 1].span.start if at + 1 < len(statements) else after
            self.comments_before(statement.span.start)
            if _blank_above(statement):
                self.blank()
            self.statement(statement)
            if isinstance(statement, SIMPLE):
                self.trailing(statement)
        self.following = after
        while self.pending and _alone(self.pending[0]) and self._within(column):
            self.comments_before(self.pending[0].span.end)
        self.close()

    def _within(self, column: int) -> bool:
        """Whether the next comment belongs to a body whose statements begin at a column."""
        span = self.pending[0].span
        return span.column >= column and (self.following is None or span.start < self.following)

    # Declarations --------------------------------------------------------------------------

    def declarations(self, nodes: Sequence[tree.Declaration]) -> None:
        previous: tree.Declaration | None = None
        for at, node in enumerate(nodes):
            following = nodes[at + 1] if at + 1 < len(nodes) else None
            self.following = following.span.start if following and following.span.end else None
            spaced = self._spaced(previous, node)
            if spaced:
                self.blank()
            self.comments_before(node.span.start if node.span.end else None)
            if not spaced and _blank_above(node):
                self.blank()
            column = self._meaning_column(nodes, at)
            if isinstance(node, tree.Dim | tree.Let | tree.Count):
                self.line_with_meaning(declared(node), node.meaning, column, _sign(node))
                self.trailing(node)
            else:
                self.statement(node)
            previous = node

    def _spaced(self, previous: Any, node: Any) -> bool:
        """Whether a blank line always stands between two declarations."""
        if previous is None:
            return bool(self.lines)
        if isinstance(node, MULTILINE) or isinstance(previous, MULTILINE):
            return True
        return type(previous) is not type(node) and node.span is tree.NOWHERE

    def _meaning_column(self, nodes: Sequence[tree.Declaration], at: int) -> int:
        """The column of the meanings in the run of declarations around `at`."""
        first = at
        while first > 0 and _same_run(nodes[first - 1], nodes[first]):
            first -= 1
        last = at
        while last + 1 < len(nodes) and _same_run(nodes[last], nodes[last + 1]):
            last += 1
        run = nodes[first : last + 1]
        return max(
            (len(declared(n)) for n in run if isinstance(n, tree.Dim | tree.Let | tree.Count)),
            default=0,
        )

    def line_with_meaning(
        self, text: str, meaning: str | None, column: int, sign: str = ""
    ) -> None:
        if meaning is None:
            self.write(text + sign)
        else:
            self.write(f"{text.ljust(column)}  {quote(meaning)}{sign}")

    # Statements ----------------------------------------------------------------------------

    @singledispatchmethod
    def statement(self, node: Any) -> None:
        raise TypeError(f"no text for {type(node).__name__}")

    @statement.register
    def _(self, node: tree.Assume) -> None:
        self.write("assume " + ", ".join(map(show, node.conditions)))
        self.trailing(node)

    @statement.register
    def _(self, node: tree.Dtype) -> None:
        self.write("dtype " + ", ".join(map(_width, node.widths)))
        self.trailing(node)

    @statement.register
    def _(self, node: tree.Dims) -> None:
        self.write(several(node.dims))
        self.trailing(node)

    @statement.register
    def _(self, node: tree.Table) -> None:
        self.open(node, f"{several(node.columns)}:")
        columns = zip(*(row.values for row in node.rows), strict=True)
        self.widths = [max(len(show(value)) for value in column) for column in columns]
        self.body(node.rows)

    @statement.register
    def _(self, node: tree.Row) -> None:
        texts = [show(value) for value in node.values]
        ends = [","] * (len(texts) - 1) + [""]
        cells = zip(texts, ends, self.widths, strict=True)
        self.write(" ".join((text + end).ljust(width + 1) for text, end, width in cells).rstrip())

    @statement.register
    def _(self, node: tree.Import) -> None:
        module = "." * node.dots + ".".join(node.module)
        names = ", ".join(name.name for name in node.names)
        self.write(f"from {module} import {names}")
        self.trailing(node)

    @statement.register
    def _(self, node: tree.Convention) -> None:
        unit = f" in {node.unit.name}" if node.unit else ""
        base = f" on {node.base.name}" if node.base else ""
        start, says = f"convention {node.name.name}{unit}{base}", f"{quote(node.says)}:"
        fits = len(start) + 2 + len(says) <= WIDTH
        self.open(node, f"{start}  {says}" if fits else f"{start}\n{INDENT * 2}{says}")
        self.body(node.body)

    @statement.register
    def _(self, node: tree.Weigh) -> None:
        counts = ", ".join(name.name for name in node.counts) or "others"
        self.write(f"{counts}: {show(node.weight, SUM)}")

    @statement.register
    def _(self, node: tree.OfKind) -> None:
        start = f"kind {', '.join(map(show, node.kinds))}:"
        if not isinstance(node.rule, tuple):
            self.write(f"{start} {show(node.rule)}")
            self.trailing(node)
            return
        self.open(node, start)
        self.body(node.rule)

    @statement.register
    def _(self, node: tree.Op) -> None:
        self.header(node, f"op {node.name.name}(", node.parameters, node.outputs)
        if node.doc is not None:
            self.doc(node.doc)
        self.body(node.body)

    @statement.register
    def _(self, node: tree.Block) -> None:
        self.header(node, f"{node.keyword} {node.name.name}(", node.parameters)
        if node.doc is not None:
            self.doc(node.doc)
        self.body(node.body)

    def header(
        self,
        node: tree.Node,
        start: str,
        parameters: Sequence[tree.Parameter],
        outputs: Sequence[tree.Output] = (),
    ) -> None:
        texts = [_parameter(parameter) for parameter in parameters]
        results = ", ".join(f"{out.name.name}: {show(out.shape)}" for out in outputs)
        line = f"{start}{', '.join(texts)})" + (f" -> {results}:" if outputs else ":")
        if len(line) > WIDTH:
            margin = " " * len(start)
            line = start + f",\n{margin}".join(_rows(texts, WIDTH - len(start))) + ")"
            line += f"\n{_results(outputs, results)}:" if outputs else ":"
        self.open(node, line)

    @statement.register
    def _(self, node: tree.Preset) -> None:
        of = f" of {node.of.name}" if node.of else ""
        start = f"preset {quote(node.title)}{of}:"
        texts = [f"{b.name.name}={show(b.value)}" for b in node.bindings]
        line = f"{start} {', '.join(texts)}".rstrip()
        if len(line) <= WIDTH:
            self.open(node, line)
        else:
            self.open(node, start)
            for row in _rows(texts, WIDTH - len(INDENT)):
                self.write(row)
        self.body(node.expects)

    @statement.register
    def _(self, node: tree.Config) -> None:
        of = f" of {node.of.name}" if node.of else ""
        self.open(node, f"config {quote(node.family)}{of}:")
        self.body(node.lines)

    @statement.register
    def _(self, node: tree.Given) -> None:
        texts = [f"{b.name.name} = {show(b.value)}" for b in node.bindings]
        for row in _rows(texts, WIDTH - len(INDENT)):
            self.write(row)

    @statement.register
    def _(self, node: tree.Only) -> None:
        self.write("only " + ", ".join(map(show, node.conditions)))

    @statement.register
    def _(self, node: tree.Ignore) -> None:
        for row in _rows([key.name for key in node.keys], WIDTH - len(INDENT) - len("ignore ")):
            self.write(f"ignore {row}")

    @statement.register
    def _(self, node: tree.Expect) -> None:
        items = ", ".join(_expectation(item) for item in node.items)
        self.line_with_meaning("expect " + items, node.source, 0)

    @statement.register
    def _(self, node: tree.Assign) -> None:
        self.long(", ".join(target.name for target in node.targets) + " = ", [node.value])

    @statement.register
    def _(self, node: tree.Return) -> None:
        self.long("return ", node.values)

    def long(self, start: str, values: Sequence[tree.Expression]) -> None:
        line = start + ", ".join(map(show, values))
        only = values[0]
        if len(self.indent + line) <= WIDTH or len(values) > 1 or not isinstance(only, tree.Pipe):
            self.write(line)
            return
        stages = "".join(f"\n{INDENT}-> {show(stage)}" for stage in only.stages)
        self.write(start + show(only.source, SUM) + stages)

    @statement.register
    def _(self, node: tree.Ascribe) -> None:
        self.write(f"{node.tensor.name}: {show(node.shape)}")

    @statement.register
    def _(self, node: tree.Require) -> None:
        self.write("require " + ", ".join(map(show, node.conditions)))

    @statement.register
    def _(self, node: tree.Gradient) -> None:
        counts = (f"{count.name.name} = {show(count.value)}" for count in node.counts or ())
        work = "none" if node.counts is None else ", ".join(counts) or "0"
        self.write(f"gradient {node.by.name}: {work}")

    @statement.register
    def _(self, node: tree.Keep) -> None:
        unit = f" {node.unit}" if node.unit else ""
        needed = " for " + ", ".join(name.name for name in node.needed) if node.needed else ""
        conditions = " when " + ", ".join(map(show, node.conditions)) if node.conditions else ""
        self.write(f"keep {show(node.what, SUM)}{unit}{needed}{conditions}")

    @statement.register
    def _(self, node: tree.View) -> None:
        self.write(f"view {node.of.name}")

    @statement.register
    def _(self, node: tree.As) -> None:
        self.long("as ", [node.value])

    @statement.register
    def _(self, node: tree.Repeat) -> None:
        self.open(node, f"repeat {show(node.count, SUM)}{' shared' * node.shared}:")
        self.body(node.body)

    @statement.register
    def _(self, node: tree.For) -> None:
        bounds = f"{show(node.first, SUM)}..{show(node.last, SUM)}"
        self.open(node, f"for {node.index.name} in {bounds}:")
        self.body(node.body)

    @statement.register
    def _(self, node: tree.ForEach) -> None:
        self.open(node, f"for {node.element.name} in {show(node.values, SUM)}:")
        self.body(node.body)

    @statement.register
    def _(self, node: tree.Choose) -> None:
        self.open(node, f"choose {show(node.count, SUM)} of {show(node.of, SUM)}:")
        self.body(node.body)

    @statement.register
    def _(self, node: tree.If) -> None:
        word, after = "if", self.following
        starts = [condition.span.start for condition, _ in node.branches[1:]]
        if node.otherwise:
            starts.append(_else_before(node.otherwise[0]))
        for (condition, body), start in zip(node.branches, [*starts, after], strict=False):
            self.write(f"{word} {show(condition)}:")
            self.trailing(condition)
            self.indent += INDENT
            self.following = start
            self.body(body)
            word = "elif"
        self.following = after
        if node.otherwise:
            self.write("else:")
            while self.pending and self.pending[0].span.start < node.otherwise[0].span.start:
                if _alone(self.pending[0]):
                    break
                self.lines[-1] += "  " + self.pending.pop(0).text
            self.indent += INDENT
            self.body(node.otherwise)

    @statement.register
    def _(self, node: tree.ComparisonClaim) -> None:
        claim = f"claim {show(node.left, SUM)} {node.operator} {show(node.right, SUM)}"
        self.claim(claim + _as_grow(node.growing), node.source, node.conditions)

    @statement.register
    def _(self, node: tree.OrderClaim) -> None:
        claim = f"claim {_measure(node.measure)} in {node.order}({show(node.bound, SUM)})"
        self.claim(claim + _as_grow(node.growing), node.source, node.conditions)

    def claim(self, text: str, source: str | None, conditions: Sequence[tree.Expression]) -> None:
        when = f" when {', '.join(map(show, conditions))}" if conditions else ""
        if source is None:
            self.write(text + when)
            return
        room = WIDTH - len(self.indent) - len(text) - len(when)
        gap = "  " if len(quote(source)) + 2 <= room else "\n" + INDENT
        self.write(text + gap + quote(source) + when)


def declared(node: tree.Dim | tree.Let | tree.Count) -> str:
    """The text of a declaration on one line, without its meaning."""
    if isinstance(node, tree.Count):
        return f"count {node.name.name}"
    length = f"[{show(node.length, SUM)}]" if node.length else ""
    if isinstance(node, tree.Let):
        return f"let {node.name.name}{length} = {show(node.value)}"
    least = " >= 0" if node.maybe_zero else ""
    default = f" = {show(node.default)}" if node.default else ""
    return f"{node.keyword} {node.name.name}{length}{least}{default}"


def several(dims: Sequence[tree.Dim]) -> str:
    """The text of declarations on one line."""
    texts = [declared(dim).removeprefix(f"{dim.keyword} ") for dim in dims]
    return f"{dims[0].keyword} {', '.join(texts)}"


def _sign(node: tree.Dim | tree.Let | tree.Count) -> str:
    return f" as {node.sign}" if not isinstance(node, tree.Count) and node.sign else ""


def _width(node: tree.Width) -> str:
    return f"{node.of.name} = {node.type.name}" if node.of else node.type.name


def _parameter(node: tree.Parameter) -> str:
    shape = f": {show(node.shape)}" if node.shape else ""
    length = f"[{show(node.length, SUM)}]" if node.length else ""
    default = f"={show(node.default)}" if node.default else ""
    keyword = "ratio " if node.ratio else ""
    return keyword + node.name.name + shape + length + default


def _as_grow(sizes: Sequence[tree.Grown]) -> str:
    return f" as {', '.join(map(show, sizes))} grow" if sizes else ""


def _measure(node: tree.Measure) -> str:
    return node.name + (f" under {node.convention}" if node.convention else "")


def _expectation(node: tree.Expectation) -> str:
    value = node.value.text if isinstance(node.value, tree.Quantity) else show(node.value, SUM)
    return f"{_measure(node.measure)} {node.operator} {value}"


def _results(outputs: Sequence[tree.Output], in_line: str) -> str:
    """The results of an operation, their axes on lines of their own where they are long."""
    text = f"{INDENT * 2}-> "
    if len(text) + len(in_line) < WIDTH:
        return text + in_line
    for at, out in enumerate(outputs):
        text += f"{', ' * (at > 0)}{out.name.name}: "
        if isinstance(out.shape, tree.Call):
            text += show(out.shape)
            continue
        margin = " " * (len(text) - text.rfind("\n"))
        text += "[" + f"\n{margin}".join(_axes(out.shape)) + "]"
    return text


def _axes(shape: tree.Shape) -> list[str]:
    """The axes of a shape, each with the comma or the `;` after it."""
    ends = [","] * (len(shape.axes) - 1) + [""]
    if shape.sides is not None:
        ends[-1 - shape.sides] = ";"
    return [show(axis, SUM) + end for axis, end in zip(shape.axes, ends, strict=False)]


def _rows(items: Sequence[str], width: int) -> list[str]:
    rows: list[str] = []
    for item in items:
        if rows and len(rows[-1]) + 2 + len(item) < width:
            rows[-1] += ", " + item
        else:
            rows.append(item)
    return rows


def _else_before(statement: tree.Node) -> int:
    """Where the `else` stands that opens the body which begins with a statement."""
    return statement.span.source.text.rfind("else", 0, statement.span.start)


def _alone(comment: tree.Comment) -> bool:
    """Whether a comment has its line to itself."""
    return comment.span.source.line(comment.span.line).lstrip().startswith("#")


def _blank_above(node: tree.Node) -> bool:
    if node.span is tree.NOWHERE or node.span.line < 2:
        return False
    return not node.span.source.line(node.span.line - 1).strip()


def _same_run(first: tree.Declaration, second: tree.Declaration) -> bool:
    """Whether two declarations stand on neighbouring lines and align their meanings."""
    kinds = tree.Dim | tree.Let | tree.Count
    if not (isinstance(first, kinds) and isinstance(second, kinds)):
        return False
    if first.span is tree.NOWHERE or second.span is tree.NOWHERE:
        return type(first) is type(second)
    between = range(first.span.line + 1, second.span.line)  # comments may stand there
    blank = any(not second.span.source.line(number).strip() for number in between)
    return type(first) is type(second) and not blank
