"""Hypothesis strategies for syntax trees, for broken texts, and for texts with comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from inspect import cleandoc
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.formatter import format_file

Strategy = SearchStrategy[Any]

RESERVED = frozenset(
    [
        "dim", "ratio", "let", "assume", "count", "dtype", "from", "import", "op", "block", "model",
        "preset", "expect", "claim", "repeat", "for", "in", "choose", "of", "if", "elif", "else",
        "require", "return", "when", "under", "as", "grow", "and", "or", "not", "true", "false",
        "shared",
    ]
)  # fmt: skip

# Leaves ------------------------------------------------------------------------------------

WORDS = ["x", "y", "d", "n", "D", "N", "O", "Omega", "Theta", "I", "E", "k_1", "_", "_a", "größe"]
WORDS += [
    "β",
    "名",
    "size",
    "convention",
    "others",
    "kind",
    "on",
]

words: SearchStrategy[str] = st.sampled_from(WORDS) | st.from_regex(
    r"[a-zA-Z_][a-zA-Z0-9_]{0,12}", fullmatch=True
).filter(lambda word: word not in RESERVED)

name = st.builds(tree.Name, words)


def decimal(digits: int, places: int) -> Fraction:
    return Fraction(digits, 10**places)


number = st.builds(
    tree.Number,
    st.integers(0, 12).map(Fraction)
    | st.integers(0, 10**40).map(Fraction)
    | st.builds(decimal, st.integers(0, 10**9), st.integers(1, 8)),
)

# Any characters that can stand in a text on one line.
line_text: SearchStrategy[str] = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\n"), max_size=12
) | st.text('"\\n# a', max_size=8)

text = st.builds(tree.Text, line_text)

boolean = st.builds(tree.Boolean, st.booleans())


def is_doc(content: str) -> bool:
    """Whether a parser can give this text of a docstring."""
    return '"""' not in content and not content.endswith('"') and cleandoc(content) == content


doc: SearchStrategy[str | None] = st.none() | st.text('ab #"\\ \n->', max_size=30).map(
    lambda content: "\n".join(map(str.rstrip, cleandoc(content).split("\n")))
).filter(is_doc)


# Expressions -------------------------------------------------------------------------------


def lists_of(items: Strategy, least: int = 0, most: int = 3) -> Strategy:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


def grown(inner: Strategy) -> Strategy:
    """Every node that has expressions in it, made of smaller ones."""
    arguments = lists_of(st.builds(tree.Argument, st.none() | words, inner))
    call = st.builds(tree.Call, name, arguments)
    slices = st.builds(tree.Slice, st.none() | inner, st.none() | inner)
    items = inner | slices | st.builds(tree.Rest)
    comparators = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "|"])
    return st.one_of(
        call,
        st.builds(tree.ListOf, lists_of(inner)),
        st.builds(tree.Index, name, lists_of(items, 1)),
        st.builds(tree.Negative, inner),
        st.builds(tree.Power, inner, inner),
        st.builds(tree.Product, inner, lists_of(st.tuples(st.sampled_from("*/"), inner), 1)),
        st.builds(tree.Sum, inner, lists_of(st.tuples(st.sampled_from("+-"), inner), 1)),
        st.builds(tree.Pipe, inner, lists_of(name | call, 1, 5)),
        st.builds(tree.Comparison, inner, comparators, inner),
        st.builds(tree.Not, inner),
        st.builds(tree.AllOf, lists_of(inner, 2)),
        st.builds(tree.AnyOf, lists_of(inner, 2)),
        st.builds(tree.Measured, words, words),
        st.builds(tree.Choice, lists_of(st.tuples(inner, inner), 1, 2), inner),
    )


expression: Strategy = st.recursive(name | number | text | boolean, grown, max_leaves=8)

axes = lists_of(expression | st.builds(tree.Rest), 0, 4)
shape = st.builds(tree.Shape, axes) | axes.filter(bool).flatmap(
    lambda found: st.builds(tree.Shape, st.just(found), st.integers(0, len(found) - 1))
)

# Statements --------------------------------------------------------------------------------

conditions = lists_of(expression, 1, 2)
measure = st.builds(tree.Measure, words, st.none() | words)

assign = st.builds(tree.Assign, lists_of(name, 1), expression)
require = st.builds(tree.Require, conditions)
claims = st.builds(
    tree.ComparisonClaim,
    expression,
    st.sampled_from(["==", "<=", ">=", "<", ">"]),
    expression,
    st.none() | line_text,
    st.just(()) | conditions,
) | st.builds(
    tree.OrderClaim,
    measure,
    st.sampled_from(["O", "Omega", "Theta"]),
    expression,
    lists_of(name),
    st.none() | line_text,
    st.just(()) | conditions,
)
simple: Strategy = st.one_of(
    assign,
    require,
    claims,
    st.builds(tree.Ascribe, name, shape),
    st.builds(tree.Return, lists_of(expression, 1)),
)


def bodies(inner: Strategy) -> Strategy:
    """Every statement that has a body, made of smaller statements."""
    body = lists_of(inner, 1)
    return st.one_of(
        st.builds(tree.Repeat, expression, st.booleans(), body),
        st.builds(tree.For, name, expression, expression, body),
        st.builds(tree.ForEach, name, name | st.builds(tree.ListOf, lists_of(expression)), body),
        st.builds(tree.Choose, expression, expression, body),
        st.builds(tree.If, lists_of(st.tuples(expression, body), 1), st.just(()) | body),
    )


statement: Strategy = st.recursive(simple, bodies, max_leaves=5)

# Declarations ------------------------------------------------------------------------------

maybe = st.none() | expression
parameter = st.builds(tree.Parameter, name, st.none() | shape, maybe, maybe, st.booleans())
output = st.builds(
    tree.Output,
    name,
    shape | st.builds(tree.Call, name, lists_of(st.builds(tree.Argument, st.none(), expression))),
)
figures = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,3})?[kKMBGTPE]?", fullmatch=True)
quantity = st.builds(tree.Quantity, figures)
expectation = st.builds(tree.Expectation, measure, st.just("="), expression) | st.builds(
    tree.Expectation, measure, st.just("~"), quantity
)


signs = st.sampled_from(["H", "H_kv", "H_{kv}", r"\alpha", r"\mathrm{in}_{1,\beta}"])
counted = st.builds(tree.Name, words.filter(lambda word: word not in ("others", "kind")))
weigh = st.builds(tree.Weigh, lists_of(counted), expression)
of_kind = st.builds(tree.OfKind, lists_of(name | text, 1), expression | lists_of(weigh, 1))


bindings = lists_of(st.builds(tree.Binding, name, expression), 1)
training = st.one_of(
    st.builds(tree.Gradient, name, st.none() | bindings),
    st.builds(
        tree.Keep,
        expression,
        st.sampled_from([None, "elements", "bytes"]),
        lists_of(name),
        st.just(()) | conditions,
    ),
    st.builds(tree.View, name),
    st.builds(tree.As, name),
)


def in_a_row(line: tree.Given | tree.Ignore) -> bool:
    """The formatter makes two lines, and so two nodes, of what is too long for one."""
    return format_file(tree.File(None, (tree.Config("", None, (line,)),))).count("\n") == 2


config_line = st.one_of(
    st.builds(tree.Given, bindings).filter(in_a_row),
    st.builds(tree.Only, conditions),
    st.builds(tree.Ignore, lists_of(name, 1)).filter(in_a_row),
)


def not_empty(node: tree.Op | tree.Block) -> bool:
    """An indented block needs a line."""
    return bool(node.body) or node.doc is not None


def dims_of(word: str, meaning: Strategy, sign: Strategy) -> Strategy:
    """Dims of a keyword."""
    return st.builds(
        tree.Dim, name, maybe, maybe, meaning, sign, keyword=st.just(word), maybe_zero=st.booleans()
    )


def tables_of(word: str) -> Strategy:
    """A table of a keyword: as many values in each row as it has lists."""
    column = st.builds(
        tree.Dim, name, *[st.none()] * 3, keyword=st.just(word), maybe_zero=st.booleans()
    )
    return (
        lists_of(column, 1)
        .flatmap(
            lambda columns: st.builds(
                tree.Table,
                st.just(columns),
                lists_of(st.builds(tree.Row, lists_of(expression, len(columns), len(columns))), 1),
            )
        )
        .filter(lambda table: not any(show(row.values[0])[0] == '"' for row in table.rows))
    )


def sizes_of(word: str) -> Strategy:
    """A dim of a keyword, or several of them."""
    several = st.builds(tree.Dims, lists_of(dims_of(word, st.none(), st.none()), 2))
    return dims_of(word, st.none() | line_text, st.none() | signs) | several


keyword = st.sampled_from(["dim", "ratio"])
declaration: Strategy = st.one_of(
    keyword.flatmap(sizes_of),
    keyword.flatmap(tables_of),
    st.builds(tree.Let, name, maybe, expression, st.none() | line_text, st.none() | signs),
    st.builds(tree.Assume, conditions),
    st.builds(tree.Count, name, st.none() | line_text),
    st.builds(tree.Dtype, lists_of(st.builds(tree.Width, st.none() | name, name), 1)),
    st.builds(
        tree.Convention,
        name,
        st.none() | name,
        st.none() | name,
        line_text,
        lists_of(weigh | of_kind, 1),
    ),
    st.builds(tree.Import, st.integers(0, 7), lists_of(words, 1), lists_of(name, 1)),
    st.builds(
        tree.Op,
        name,
        lists_of(parameter),
        lists_of(output, 1),
        doc,
        lists_of(assign | require | training),
    ).filter(not_empty),
    st.builds(
        tree.Block,
        name,
        lists_of(parameter),
        doc,
        lists_of(statement),
        keyword=st.sampled_from(["block", "model"]),
    ).filter(not_empty),
    st.builds(
        tree.Preset,
        line_text,
        st.none() | name,
        lists_of(st.builds(tree.Binding, name, expression), 0, 6),
        lists_of(st.builds(tree.Expect, lists_of(expectation, 1), st.none() | line_text)),
    ),
    st.builds(tree.Config, line_text, st.none() | name, lists_of(config_line, 1)),
)

file: Strategy = st.builds(tree.File, doc, lists_of(declaration, 0, 4))

# Broken texts ------------------------------------------------------------------------------

TOKEN = re.compile(r'"""|"[^"\n]*"|\w+|->|==|!=|<=|>=|\.\.\.|\.\.|\n *|[^\w\s]| +')

STRANGE = [
    *RESERVED, "(", ")", "[", "]", ",", ":", ";", "=", "==", "|", "->", "..", "...", "^", "*", "/",
    "-", "+", "<", "~", '"', '"""', "#", "\\", "\n", "\n    ", "\n\t", "\r\n", "\0", "\ufeff", "€",
    "0", "1", "9999999999", "0.5", "1e9", "x", "D", "linear", "einsum", "size", "macs", "12.5G",
    "_", "split", "param", "rearrange", "mac", "params", "kind", "true", "-1", "^-1", "/0", "*0",
    "[0]", "^(9^9)", "floor", "ceil", "log", "sqrt", "max", "min", "reduce", "concat", "tied=true",
    "convention", "others", "on", "MACs", "mac: 1",
]  # fmt: skip


def without(tokens: list[str], at: int, _: int, __: str) -> list[str]:
    return tokens[:at] + tokens[at + 1 :]


def doubled(tokens: list[str], at: int, _: int, __: str) -> list[str]:
    return [*tokens[:at], tokens[at], *tokens[at:]]


def swapped(tokens: list[str], at: int, other: int, _: str) -> list[str]:
    tokens = list(tokens)
    tokens[at], tokens[other] = tokens[other], tokens[at]
    return tokens


def copied(tokens: list[str], at: int, other: int, _: str) -> list[str]:
    return [*tokens[:at], tokens[other], *tokens[at + 1 :]]


def put(tokens: list[str], at: int, _: int, word: str) -> list[str]:
    return [*tokens[:at], word, *tokens[at:]]


def replaced(tokens: list[str], at: int, _: int, word: str) -> list[str]:
    return [*tokens[:at], word, *tokens[at + 1 :]]


CHANGES: Sequence[Callable[[list[str], int, int, str], list[str]]] = (
    without, doubled, swapped, copied, put, replaced,
)  # fmt: skip


def chars(content: str) -> list[str]:
    """The tokens of a text, whose joined text is the text again."""
    found, at = [], 0
    for match in TOKEN.finditer(content):
        if match.start() > at:
            found.append(content[at : match.start()])
        found.append(match[0])
        at = match.end()
    return [*found, content[at:]]


@st.composite
def mutations(draw: st.DrawFn, contents: Sequence[str], most: int = 3) -> str:
    """One of the texts with one to `most` of its tokens deleted, doubled, swapped or replaced."""
    tokens = chars(draw(st.sampled_from(contents)))
    for _ in range(draw(st.integers(1, most))):
        if not tokens:
            break
        place = st.integers(0, len(tokens) - 1)
        change = draw(st.sampled_from(CHANGES))
        tokens = change(tokens, draw(place), draw(place), draw(st.sampled_from(STRANGE)))
    return "".join(tokens)


@st.composite
def damaged_bytes(draw: st.DrawFn, contents: Sequence[str]) -> str:
    """One of the texts with some of its bytes replaced, decoded as far as that goes."""
    data = bytearray(draw(st.sampled_from(contents)).encode("utf-8"))
    for _ in range(draw(st.integers(1, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return data.decode("utf-8", errors="replace")


def token_soup() -> SearchStrategy[str]:
    """Words of the language in any order."""
    joined = st.lists(st.sampled_from(STRANGE), max_size=40).map(" ".join)
    return cast("SearchStrategy[str]", joined)


OPERANDS = [
    "0", "1", "2", "3", "7", "(-1)", "0.5", "(1/3)", "10^30", "true", '"a"', "[1, 2]", "(0 - n)",
    "x", "n", "d", "D", "D[1]", "size(x)", "(2 if D > 1 else 3)", "(D == 3)", "floor(D/2)", "x[0]",
    "linear", "linear(8)", "softmax", "min(D, 2)", "log(D, 2)", "sqrt(D)", "param([2, D])", "D^-1",
    "2^D", "(D - 1)", "(D/3)", "max(D - 4, 0)", "ceil(D/4)",
]  # fmt: skip


@st.composite
def renamed(draw: st.DrawFn, contents: Sequence[str], most: int = 4) -> str:
    """One of the texts with some names and numbers replaced, so that it most often still parses."""
    tokens = chars(draw(st.sampled_from(contents)))
    places = [
        at
        for at, token in enumerate(tokens)
        if re.fullmatch(r"\w+", token) and token not in RESERVED
    ]
    if not places:
        return "".join(tokens)
    words_ = sorted({tokens[at] for at in places})
    for _ in range(draw(st.integers(1, most))):
        word = draw(st.sampled_from(words_) | st.sampled_from(OPERANDS))
        tokens[draw(st.sampled_from(places))] = word
    return "".join(tokens)
