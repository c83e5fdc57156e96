"""Builds the syntax tree while the parser reduces its rules, so that nothing recurses.

Each method is called with what its rule matched, tokens included, and is named after the rule in
`arch.lark`.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import replace
from fractions import Fraction
from inspect import cleandoc
from itertools import pairwise
from typing import Any, cast

from closedform.data import dataclass
from closedform.errors import Diagnostic, LimitError, Source, Span, fail
from closedform.formula.signs import printed_name
from closedform.grammar import tree
from closedform.grammar.reader import Token

MAX_DIGITS = 1000

LAYOUT = ("_NL", "_INDENT", "_DEDENT")

current_source: ContextVar[Source] = ContextVar("current_source")


def span_of(kids: list[Any]) -> Span:
    """From the first to the last part that has a place in the text."""
    source = current_source.get()
    starts = [s for s in map(_start, kids) if s is not None]
    ends = [e for e in map(_end, kids) if e is not None]
    return Span(source, starts[0], ends[-1]) if starts else Span(source, 0, 0)


def _start(part: Any) -> int | None:
    if isinstance(part, list | tuple):
        return next((s for s in map(_start, part) if s is not None), None)
    if isinstance(part, Token):
        return None if part.type in LAYOUT else part.start_pos
    return part.span.start if isinstance(part, tree.Node) else None


def _end(part: Any) -> int | None:
    if isinstance(part, list | tuple):
        return next((e for e in map(_end, reversed(part)) if e is not None), None)
    if isinstance(part, Token):
        return None if part.type in LAYOUT else part.end_pos
    return part.span.end if isinstance(part, tree.Node) else None


def _nodes(kids: list[Any]) -> list[Any]:
    return [kid for kid in kids if not isinstance(kid, Token)]


def _has(kids: list[Any], text: str) -> bool:
    return any(isinstance(kid, Token) and kid == text for kid in kids)


def _after(kids: list[Any], *texts: str) -> list[Any]:
    """The parts that directly follow one of the given tokens."""
    return [b for a, b in pairwise(kids) if isinstance(a, Token) and a in texts]


def _string(kids: list[Any]) -> str | None:
    found = [kid for kid in kids if isinstance(kid, Token) and kid.type == "STRING"]
    return unescape(found[-1]) if found else None


def _sign(kids: list[Any]) -> str | None:
    """The sign that a declaration gives its size, which must be one."""
    for token in (kid for kid in kids if isinstance(kid, Token) and kid.type == "SIGN"):
        _, sign = token.split(maxsplit=1)
        if printed_name(sign) is None:
            end = token.end_pos
            raise fail(
                "sign",
                f"`{sign}` is no sign that a size can be printed with",
                Span(current_source.get(), end - len(sign), end),
                "a sign is a letter or a word, Greek too, with an index: "
                r"`H`, `\alpha`, `H_{kv}`, `\mathrm{heads}_{1,q}`",
            )
        return sign
    return None


def unescape(token: str) -> str:
    """The text of a string literal; `\\"` and `\\\\` are the only escapes."""
    return re.sub(r'\\(["\\])', r"\1", token[1:-1])


def _flat(kids: list[Any]) -> tuple[Any, ...]:
    out: list[Any] = []
    for kid in _nodes(kids):
        out.extend(kid if isinstance(kid, list) else [kid])
    return tuple(out)


@dataclass(frozen=True)
class Growth(tree.Node):
    """`as N, D[1] grow`, until its claim takes the sizes."""

    sizes: tuple[tree.Grown, ...]


class Doc(str):
    """The text of a docstring."""


class Builder:
    """A method for each rule, with what it matched."""

    def start(self, kids: list[Any]) -> tree.File:
        doc = next((str(kid) for kid in kids if isinstance(kid, Doc)), None)
        declarations = tuple(kid for kid in kids if isinstance(kid, tree.Declaration))
        return tree.File(doc, declarations, span=span_of(kids))

    def doc(self, kids: list[Any]) -> Doc:
        lines = cleandoc(kids[0][3:-3]).split("\n")
        return Doc("\n".join(line.rstrip() for line in lines))

    # Declarations --------------------------------------------------------------------------

    def dim(self, kids: list[Any]) -> tree.Dim:
        dim: tree.Dim = kids[1]
        return replace(
            dim,
            meaning=_string(kids),
            sign=_sign(kids),
            keyword=str(kids[0]),
            span=span_of(kids),
        )

    def dims(self, kids: list[Any]) -> tree.Dims:
        dims = tuple(replace(dim, keyword=str(kids[0])) for dim in _nodes(kids))
        return tree.Dims(dims, span=span_of(kids))

    def table(self, kids: list[Any]) -> tree.Table:
        parts = _nodes(kids)
        columns = [replace(p, keyword=str(kids[0])) for p in parts if isinstance(p, tree.Dim)]
        rows = [part for part in parts if isinstance(part, tree.Row)]
        for column in columns:
            if column.length or column.default:
                message = "the lists of a table have no length and no value but those of its rows"
                raise fail("syntax", message, column.span, f"write `{column.name.name}`")
        for row in rows:
            if len(row.values) != len(columns):
                message = (
                    f"values in this row: {len(row.values)}; lists in the table: {len(columns)}"
                )
                raise fail("syntax", message, row.span)
        header = kids[: kids.index(":")]
        return tree.Table(tuple(columns), tuple(rows), span=span_of(header))

    def row(self, kids: list[Any]) -> tree.Row:
        return tree.Row(tuple(_nodes(kids)), span=span_of(kids))

    def one_dim(self, kids: list[Any]) -> tree.Dim:
        length, least, default = (next(iter(_after(kids, m)), None) for m in ("[", ">=", "="))
        name = kids[0]
        if least is not None and least != "0":
            raise fail(
                "syntax",
                "only 0 stands here: a size that may be 0",
                span_of([least]),
                f"`assume {name.name} >= {least}` says that it is larger",
            )
        zero = least is not None
        return tree.Dim(name, length, default, None, maybe_zero=zero, span=span_of(kids))

    def let(self, kids: list[Any]) -> tree.Let:
        length = next(iter(_after(kids, "[")), None)
        value = next(iter(_after(kids, "=")))
        return tree.Let(kids[1], length, value, _string(kids), _sign(kids), span=span_of(kids))

    def assume(self, kids: list[Any]) -> tree.Assume:
        return tree.Assume(tuple(kids[1]), span=span_of(kids))

    def count(self, kids: list[Any]) -> tree.Count:
        return tree.Count(kids[1], _string(kids), span=span_of(kids))

    def width(self, kids: list[Any]) -> tree.Width:
        *of, kind = _nodes(kids)
        return tree.Width(of[0] if of else None, kind, span=span_of(kids))

    def dtype(self, kids: list[Any]) -> tree.Dtype:
        return tree.Dtype(tuple(_nodes(kids)), span=span_of(kids))

    def convention(self, kids: list[Any]) -> tree.Convention:
        unit, base = (next(iter(_after(kids, word)), None) for word in ("in", "on"))
        says = _string(kids) or ""
        body = tuple(kid for kid in _flat(kids) if isinstance(kid, tree.Weigh | tree.OfKind))
        return tree.Convention(kids[1], unit, base, says, body, span=span_of(kids[:2]))

    def rule(self, kids: list[Any]) -> list[Any]:
        return _nodes(kids)

    def weigh(self, kids: list[Any]) -> tree.Weigh:
        *counts, weight = _nodes(kids)
        return tree.Weigh(tuple(counts), weight, span=span_of(kids))

    def of_kind(self, kids: list[Any]) -> tree.OfKind:
        colon = next(i for i, kid in enumerate(kids) if isinstance(kid, Token) and kid == ":")
        kinds, rule = (tuple(_nodes(part)) for part in (kids[:colon], kids[colon:]))
        if isinstance(rule[0], tree.Weigh):
            return tree.OfKind(kinds, rule, span=span_of(kids[: colon + 1]))
        return tree.OfKind(kinds, rule[0], span=span_of(kids))

    def import_(self, kids: list[Any]) -> tree.Import:
        at = next(i for i, kid in enumerate(kids) if isinstance(kid, Token) and kid == "import")
        module = tuple(name.name for name in _nodes(kids[2:at]))
        names = tuple(_nodes(kids[at:]))
        return tree.Import(kids[1], module, names, span=span_of([kids[0], *kids[2:]]))

    def dots(self, kids: list[Any]) -> int:
        return sum(map(len, kids))

    def op(self, kids: list[Any]) -> tree.Op:
        doc, body = _doc_and_body(kids)
        outputs = tuple(kid for kid in kids if isinstance(kid, tree.Output))
        return tree.Op(kids[1], kids[3], outputs, doc, body, span=span_of(kids[:2]))

    def op_line(self, kids: list[Any]) -> list[Any]:
        return _nodes(kids)

    def gradient(self, kids: list[Any]) -> tree.Gradient:
        counts = tuple(kid for kid in _flat(kids) if isinstance(kid, tree.Binding))
        if not counts and kids[3] not in ("0", "none"):
            raise fail(
                "syntax",
                "only 0 stands here: a gradient that takes no work",
                span_of([kids[3]]),
                "the work of a gradient is stated by its counts: `mac = size(y)`",
            )
        none = not counts and kids[3] == "none"
        return tree.Gradient(kids[1], None if none else counts, span=span_of(kids))

    def keep(self, kids: list[Any]) -> tree.Keep:
        unit = next((str(k) for k in kids if isinstance(k, Token) and k.type == "UNIT"), None)
        conditions = tuple(kids[-1]) if isinstance(kids[-1], list) else ()
        needed = tuple(kid for kid in kids[2:] if isinstance(kid, tree.Name))
        return tree.Keep(kids[1], unit, needed, conditions, span=span_of(kids))

    def does(self, kids: list[Any]) -> tree.As:
        return tree.As(kids[1], span=span_of(kids))

    def view(self, kids: list[Any]) -> tree.View:
        return tree.View(kids[1], span=span_of(kids))

    def output(self, kids: list[Any]) -> tree.Output:
        return tree.Output(kids[0], kids[2], span=span_of(kids))

    def block(self, kids: list[Any]) -> tree.Block:
        doc, body = _doc_and_body(kids)
        return tree.Block(kids[1], kids[3], doc, body, keyword=str(kids[0]), span=span_of(kids[:2]))

    def parameters(self, kids: list[Any]) -> tuple[tree.Parameter, ...]:
        return tuple(_nodes(kids))

    def parameter(self, kids: list[Any]) -> tree.Parameter:
        shape, length, default = (next(iter(_after(kids, mark)), None) for mark in ":[=")
        ratio = _has(kids, "ratio")
        return tree.Parameter(kids[ratio], shape, length, default, ratio, span=span_of(kids))

    def preset(self, kids: list[Any]) -> tree.Preset:
        of = next(iter(_after(kids, "of")), None)
        parts = _flat(kids[2:])
        bindings = tuple(part for part in parts if isinstance(part, tree.Binding))
        expects = tuple(part for part in parts if isinstance(part, tree.Expect))
        return tree.Preset(unescape(kids[1]), of, bindings, expects, span=span_of(kids[:2]))

    def preset_line(self, kids: list[Any]) -> list[Any]:
        return list(_flat(kids))

    def config(self, kids: list[Any]) -> tree.Config:
        of = next(iter(_after(kids, "of")), None)
        lines = tuple(k for k in kids if isinstance(k, tree.Given | tree.Only | tree.Ignore))
        return tree.Config(unescape(kids[1]), of, lines, span=span_of(kids[:2]))

    def config_line(self, kids: list[Any]) -> Any:
        return kids[0]

    def given(self, kids: list[Any]) -> tree.Given:
        return tree.Given(tuple(kids[0]), span=span_of(kids[0]))

    def only(self, kids: list[Any]) -> tree.Only:
        return tree.Only(tuple(kids[1]), span=span_of([kids[0], *kids[1]]))

    def ignore(self, kids: list[Any]) -> tree.Ignore:
        return tree.Ignore(tuple(_nodes(kids)), span=span_of(kids))

    def bindings(self, kids: list[Any]) -> list[Any]:
        return _nodes(kids)

    def binding(self, kids: list[Any]) -> tree.Binding:
        return tree.Binding(kids[0], kids[2], span=span_of(kids))

    def expect(self, kids: list[Any]) -> tree.Expect:
        return tree.Expect(tuple(_nodes(kids)), _string(kids), span=span_of(kids))

    def expectation(self, kids: list[Any]) -> tree.Expectation:
        return tree.Expectation(kids[0], str(kids[1]), kids[2], span=span_of(kids))

    def quantity(self, kids: list[Any]) -> tree.Quantity:
        return tree.Quantity(str(kids[0]), span=span_of(kids))

    def measure(self, kids: list[Any]) -> tree.Measure:
        convention = kids[2].name if len(kids) > 1 else None
        return tree.Measure(kids[0].name, convention, span=span_of(kids))

    def measured(self, kids: list[Any]) -> tree.Measured:
        return tree.Measured(kids[0].name, kids[2].name, span=span_of(kids))

    # Statements ----------------------------------------------------------------------------

    def simple_line(self, kids: list[Any]) -> list[Any]:
        return _nodes(kids)

    def body(self, kids: list[Any]) -> list[Any]:
        return list(_flat(kids))

    def assign(self, kids: list[Any]) -> tree.Assign:
        *targets, value = _nodes(kids)
        return tree.Assign(tuple(targets), value, span=span_of(kids))

    def ascribe(self, kids: list[Any]) -> tree.Ascribe:
        return tree.Ascribe(kids[0], kids[2], span=span_of(kids))

    def require(self, kids: list[Any]) -> tree.Require:
        return tree.Require(tuple(kids[1]), span=span_of(kids))

    def return_(self, kids: list[Any]) -> tree.Return:
        return tree.Return(tuple(_nodes(kids)), span=span_of(kids))

    def repeat(self, kids: list[Any]) -> tree.Repeat:
        return tree.Repeat(kids[1], _has(kids, "shared"), tuple(kids[-1]), span=span_of(kids[:-1]))

    def for_(self, kids: list[Any]) -> tree.For:
        return tree.For(kids[1], kids[3], kids[5], tuple(kids[-1]), span=span_of(kids[:-1]))

    def for_each(self, kids: list[Any]) -> tree.ForEach:
        return tree.ForEach(kids[1], kids[3], tuple(kids[-1]), span=span_of(kids[:-1]))

    def choose(self, kids: list[Any]) -> tree.Choose:
        return tree.Choose(kids[1], kids[3], tuple(kids[-1]), span=span_of(kids[:-1]))

    def if_(self, kids: list[Any]) -> tree.If:
        parts = _nodes(kids)
        otherwise = tuple(parts.pop()) if len(parts) % 2 else ()
        branches = tuple(
            (condition, tuple(body))
            for condition, body in zip(parts[::2], parts[1::2], strict=True)
        )
        return tree.If(branches, otherwise, span=span_of(kids[:2]))

    def comparison_claim(self, kids: list[Any]) -> tree.ComparisonClaim:
        _, left, operator, right, *rest = kids
        conditions = tuple(rest[-1]) if rest and isinstance(rest[-1], list) else ()
        return tree.ComparisonClaim(
            left, operator[0], right, _string(rest), conditions, span=span_of(kids)
        )

    def limit_claim(self, kids: list[Any]) -> tree.ComparisonClaim:
        _, left, operator, right, *rest = kids
        conditions = tuple(rest[-1]) if rest and isinstance(rest[-1], list) else ()
        growing = next((kid.sizes for kid in rest if isinstance(kid, Growth)), ())
        return tree.ComparisonClaim(
            left, str(operator), right, _string(rest), conditions, growing, span=span_of(kids)
        )

    def compared(self, kids: list[Any]) -> list[str]:
        return [str(kids[0])]

    def order_claim(self, kids: list[Any]) -> tree.OrderClaim:
        conditions = tuple(kids[-1]) if isinstance(kids[-1], list) else ()
        growing = next((kid.sizes for kid in kids if isinstance(kid, Growth)), ())
        return tree.OrderClaim(
            kids[1], str(kids[3]), kids[5], growing, _string(kids), conditions, span=span_of(kids)
        )

    def one_claim(self, kids: list[Any]) -> tree.Claim:
        return cast(tree.Claim, kids[0])

    def growth(self, kids: list[Any]) -> Growth:
        return Growth(tuple(_nodes(kids)), span=span_of(kids))

    def conditions(self, kids: list[Any]) -> list[Any]:
        return _nodes(kids)

    def shape(self, kids: list[Any]) -> tree.Shape:
        return tree.Shape(tuple(_nodes(kids)), span=span_of(kids))

    def map_shape(self, kids: list[Any]) -> tree.Shape:
        *axes, sides = _nodes(kids)
        return tree.Shape((*axes, *sides), len(sides), span=span_of(kids))

    def sides(self, kids: list[Any]) -> list[Any]:
        return _nodes(kids)

    def rest(self, kids: list[Any]) -> tree.Rest:
        return tree.Rest(span=span_of(kids))

    # Expressions ---------------------------------------------------------------------------

    def choice(self, kids: list[Any]) -> tree.Choice:
        *cases, otherwise = _nodes(kids)
        pairs = tuple(zip(cases[::2], cases[1::2], strict=True))
        return tree.Choice(pairs, otherwise, span=span_of(kids))

    def any_of(self, kids: list[Any]) -> tree.AnyOf:
        return tree.AnyOf(tuple(_nodes(kids)), span=span_of(kids))

    def all_of(self, kids: list[Any]) -> tree.AllOf:
        return tree.AllOf(tuple(_nodes(kids)), span=span_of(kids))

    def not_(self, kids: list[Any]) -> tree.Not:
        return tree.Not(kids[1], span=span_of(kids))

    def comparison(self, kids: list[Any]) -> tree.Comparison:
        left, operator, right = kids
        return tree.Comparison(left, operator[0], right, span=span_of([left, right]))

    def comparator(self, kids: list[Any]) -> list[str]:
        return [str(kids[0])]

    def pipe(self, kids: list[Any]) -> tree.Pipe:
        source, *stages = _nodes(kids)
        return tree.Pipe(source, tuple(stages), span=span_of(kids))

    def sum(self, kids: list[Any]) -> tree.Sum:
        return tree.Sum(kids[0], _operations(kids), span=span_of(kids))

    def product(self, kids: list[Any]) -> tree.Product:
        return tree.Product(kids[0], _operations(kids), span=span_of(kids))

    def sum_over(self, kids: list[Any]) -> tree.Call:
        """`sum_(s=1..4) term`, as reports print it, is `sum(s, 1, 4, term)`."""
        word = span_of(kids[:1])
        function = tree.Name("sum", span=Span(word.source, word.start, word.end - len("_")))
        arguments = (tree.Argument(None, part, span=part.span) for part in _nodes(kids))
        return tree.Call(function, tuple(arguments), span=span_of(kids))

    def negative(self, kids: list[Any]) -> tree.Negative:
        return tree.Negative(kids[1], span=span_of(kids))

    def power(self, kids: list[Any]) -> tree.Power:
        return tree.Power(kids[0], kids[2], span=span_of(kids))

    def parenthesis(self, kids: list[Any]) -> Any:
        return replace(kids[1], span=span_of(kids))

    def call(self, kids: list[Any]) -> tree.Call:
        return tree.Call(kids[0], tuple(_nodes(kids[1:])), span=span_of(kids))

    def argument(self, kids: list[Any]) -> tree.Argument:
        name = kids[0].name if len(kids) > 1 else None
        return tree.Argument(name, kids[-1], span=span_of(kids))

    def index(self, kids: list[Any]) -> tree.Index:
        return tree.Index(kids[0], tuple(_nodes(kids[1:])), span=span_of(kids))

    def slice(self, kids: list[Any]) -> tree.Slice:
        colon = next(i for i, kid in enumerate(kids) if isinstance(kid, Token) and kid == ":")
        start = kids[0] if colon else None
        stop = kids[colon + 1] if colon + 1 < len(kids) else None
        return tree.Slice(start, stop, span=span_of(kids))

    def list_(self, kids: list[Any]) -> tree.ListOf:
        return tree.ListOf(tuple(_nodes(kids)), span=span_of(kids))

    def number(self, kids: list[Any]) -> tree.Number:
        span = span_of(kids)
        if len(kids[0]) > MAX_DIGITS:
            raise LimitError(
                Diagnostic(
                    "limit",
                    f"a number has more than {MAX_DIGITS} digits",
                    span,
                    "write it as a product of powers, such as 3*10^9",
                )
            )
        return tree.Number(Fraction(kids[0].replace("_", "")), span=span)

    def text(self, kids: list[Any]) -> tree.Text:
        return tree.Text(unescape(kids[0]), span=span_of(kids))

    def boolean(self, kids: list[Any]) -> tree.Boolean:
        return tree.Boolean(kids[0] == "true", span=span_of(kids))

    def name(self, kids: list[Any]) -> tree.Name:
        return tree.Name(str(kids[0]), span=span_of(kids))


def _operations(kids: list[Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (str(operator), operand) for operator, operand in zip(kids[1::2], kids[2::2], strict=True)
    )


def _doc_and_body(kids: list[Any]) -> tuple[str | None, tuple[Any, ...]]:
    """Docstring and statements of an indented declaration: all that follows its colon."""
    colon = max(i for i, kid in enumerate(kids) if isinstance(kid, Token) and kid == ":")
    doc = next((str(kid) for kid in kids[colon:] if isinstance(kid, Doc)), None)
    return doc, tuple(k for k in _flat(kids[colon + 1 :]) if isinstance(k, tree.Node))
