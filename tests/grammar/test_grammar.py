"""Properties of the parser and the formatter, on random trees and on damaged programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

import strategies as own
from closedform.api import loads
from closedform.derive.check.check import check
from closedform.errors import ClosedformError
from closedform.grammar import format_file, parse, tree
from closedform.grammar.wording import DECLARATIONS
from helpers import BAD, GOOD, PACKAGE, ZOO, at_most, cases, examples, names, programs

LIBRARY = programs(PACKAGE / "derive" / "std", 4)
FILES = [*programs(ZOO, 5), *LIBRARY, *programs(GOOD, 40)]
CANONICAL = [*programs(ZOO, 5), *LIBRARY]
CONTENTS = {path: path.read_text("utf-8") for path in FILES}
ZOO_CONTENTS = [CONTENTS[path] for path in programs(ZOO, 5)]
BAD_CONTENTS = [path.read_text("utf-8") for path in programs(BAD, 50)]


def bounded(examples: int) -> Callable[[Any], Any]:
    """The same examples on every run, and no limit on the time of one."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def descendants(node: object) -> Iterator[tree.Node]:
    """A node and every node in it."""
    if isinstance(node, tree.Node):
        yield node
        for field in fields(node):
            yield from descendants(getattr(node, field.name))
    elif isinstance(node, tuple):
        for part in node:
            yield from descendants(part)


def difference(found: str, expected: str) -> str | None:
    """The first line in which two texts differ; quick where pytest's own report is not."""
    pairs = zip_longest(found.split("\n"), expected.split("\n"))
    return next(
        (f"line {at}: {a!r}, not {b!r}" for at, (a, b) in enumerate(pairs, 1) if a != b), None
    )


# Trees -------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", examples(15, 150))
def test_parse_undoes_format(many: int) -> None:
    """Fails when the formatter loses a node, a parenthesis or a character of a tree."""

    def comes_back(file: tree.File) -> None:
        assert parse(format_file(file)) == file

    bounded(many)(given(own.file)(comes_back))()


def test_long_lines_of_a_configuration_become_two() -> None:
    """Fails when a line of sizes or of keys that is too long stays one, or loses some of it."""
    keys = [f"a_key_that_is_quite_long_{letter}" for letter in "abcd"]
    sizes = [f"D = {key} or H" for key in keys]
    content = f'config "x":\n    {", ".join(sizes)}\n    ignore {", ".join(keys)}\n'
    expected = f"""config "x":
    {", ".join(sizes[:2])}
    {", ".join(sizes[2:])}
    ignore {", ".join(keys[:3])}
    ignore {keys[3]}
"""
    assert format_file(parse(content)) == format_file(parse(expected)) == expected


def test_a_long_result_that_is_a_call() -> None:
    """Fails when a result that is a call, and has no shape, cannot be broken into lines."""
    axes = ", ".join(f"{letter}=n" for letter in "abcdefghijklmnopqr")
    content = (
        f"op f(x: [..., n], pattern)\n        -> y: reduce(x, pattern, {axes}):\n    add = n\n"
    )
    formatted = format_file(parse(content))
    assert parse(formatted) == parse(content)
    assert format_file(parse(formatted)) == formatted


@given(own.file)
@bounded(15)
def test_format_is_idempotent(file: tree.File) -> None:
    """Fails when a formatted text is formatted in another way the second time."""
    content = format_file(file)
    assert difference(format_file(parse(content)), content) is None


@pytest.mark.parametrize("many", examples(80, 200))
def test_parse_undoes_format_of_expressions(many: int) -> None:
    """Fails when an expression needs a parenthesis that is not written."""

    def comes_back(node: Any) -> None:
        file = tree.File(None, (tree.Let(tree.Name("x"), None, node, None),))
        assert parse(format_file(file)) == file

    bounded(many)(given(own.expression)(comes_back))()


@pytest.mark.slow
def test_strategies_make_every_node() -> None:
    """Fails when the tree has a kind of node that the properties above never meet."""
    types = [kind for kind in vars(tree).values() if isinstance(kind, type)]
    kinds = {kind for kind in types if issubclass(kind, tree.Node)}
    met: set[type] = {tree.Comment, tree.File}  # made by the parser, and in every property

    def collect(nodes: object) -> None:
        met.update(map(type, descendants(nodes)))

    for strategy, many in ((own.statement, 60), (own.declaration, 900), (own.training, 40)):
        bounded(many)(given(strategy)(collect))()
    assert kinds - met == {tree.Node}
    assert set(get_args(tree.Expression)) <= met


# Any text ----------------------------------------------------------------------------------


def parses_or_is_refused(content: str) -> None:
    """A text either has a tree, whose form is stable, or is refused with a place in the text."""
    try:
        file = parse(content)
    except ClosedformError as error:
        for diagnostic in error.diagnostics:
            assert str(diagnostic)
            if diagnostic.span is not None:
                assert 0 <= diagnostic.span.start <= diagnostic.span.end
                assert 1 <= diagnostic.span.line <= content.count("\n") + 1
        return
    formatted = format_file(file)
    assert parse(formatted) == file
    assert difference(format_file(parse(formatted)), formatted) is None


@pytest.mark.robust
@given(st.text(max_size=60))
@bounded(300)
@example("\ufeffdim D")
@example("dim D\r\n\r\ndim E\r\n")
@example("\r")
@example("->")
@example('"""')
@example('dim D "a\0b"')
@example('"""a  \nb"""')
@example("(" * 10_000)
@example("dim D = " + "-" * 10_000 + "1")
@example("block A(x: [n]):\n" + "".join(" " * i + "repeat 2:\n" for i in range(1, 300)))
@example("assume " + " and ".join(["D > 1"] * 3000))
@example("let x = " + "+".join(["1"] * 5000))
@example("block A(x: [n]):\n    return x" + " -> gelu" * 3000)
def test_any_text(content: str) -> None:
    """Fails when a text is answered with anything else than a tree or our one error."""
    parses_or_is_refused(content)


@pytest.mark.robust
@given(own.token_soup())
@bounded(300)
def test_any_tokens(content: str) -> None:
    """Fails when words of the language in some order break the parser."""
    parses_or_is_refused(content)


@pytest.mark.robust
@given(own.mutations([*ZOO_CONTENTS, *BAD_CONTENTS]))
@bounded(300)
def test_mutated_programs(content: str) -> None:
    """Fails when a program with some tokens changed breaks the parser or the formatter."""
    parses_or_is_refused(content)


@pytest.mark.robust
@given(own.damaged_bytes(ZOO_CONTENTS))
@bounded(150)
def test_damaged_programs(content: str) -> None:
    """Fails when a program with some bytes changed breaks the parser or the formatter."""
    parses_or_is_refused(content)


@pytest.mark.parametrize("path", cases(programs(BAD, 50), share=4))
def test_every_beginning_of_a_bad_file(path: Path) -> None:
    """Fails when a file that ends too early, as while it is typed, breaks the parser."""
    content = path.read_text("utf-8")
    for end in range(0, min(len(content), 400), 7):
        parses_or_is_refused(content[:end])


# Any program -------------------------------------------------------------------------------


def checks_or_is_refused(content: str) -> None:
    """The whole of `closedform check`: verdicts and what is wrong, or our one error."""
    try:
        with at_most(60, content):
            wrong = check(loads(content, ZOO)._project).wrong
    except ClosedformError as error:
        wrong = list(error.diagnostics)
        assert wrong
    assert all(str(diagnostic) for diagnostic in wrong)


SHORT_ZOO = [content for content in ZOO_CONTENTS if len(content) < 2500]


@pytest.mark.robust
@pytest.mark.parametrize("many", examples(10, 50))
def test_check_of_mutated_zoo(many: int) -> None:
    """Fails when a program that is nearly right ends in a traceback."""
    mutated = own.mutations(SHORT_ZOO, most=2) | own.renamed(SHORT_ZOO, most=2)
    bounded(many)(given(mutated)(checks_or_is_refused))()


SMALL = [c for p, c in CONTENTS.items() if p.parent == GOOD and "import" not in c] + [
    c for c in BAD_CONTENTS if "import" not in c
]


@pytest.mark.robust
@pytest.mark.parametrize("many", examples(80, 300))
def test_check_of_mutated_small_programs(many: int) -> None:
    """Fails when a small program that uses some feature wrongly ends in a traceback."""
    bounded(many)(given(own.mutations(SMALL) | own.renamed(SMALL))(checks_or_is_refused))()


# Comments and blank lines ------------------------------------------------------------------


def comments_of(content: str) -> list[str]:
    return [comment.text for comment in parse(content).comments]


@pytest.mark.parametrize("path", cases(FILES, share=3))
def test_comments_survive(path: Path) -> None:
    """Fails when formatting drops, doubles or reorders a comment."""
    content = CONTENTS[path]
    assert comments_of(format_file(parse(content))) == comments_of(content)


@pytest.mark.parametrize("path", CANONICAL, ids=names(CANONICAL))
def test_library_is_canonical(path: Path) -> None:
    """Fails when a file that comes with closedform is not as `closedform fmt` writes it."""
    assert difference(format_file(parse(CONTENTS[path])), CONTENTS[path]) is None


@pytest.mark.parametrize("path", cases(FILES, share=3))
def test_formatted_files_are_stable(path: Path) -> None:
    """Fails when formatting changes what a file means, or is not done at once."""
    file = parse(CONTENTS[path])
    formatted = format_file(file)
    assert parse(formatted) == file
    assert difference(format_file(parse(formatted)), formatted) is None


@cache
def canonical() -> list[str]:
    """The programs that formatting leaves as they are."""
    found = [c for c in CONTENTS.values() if format_file(parse(c)) == c]
    assert len(found) > 30
    return found


PLAIN_LINE = re.compile(
    r" *(dim |let |assume |count |from |[a-z_]+ = |return |claim |expect |repeat )"
)


def simple_lines(content: str) -> list[int]:
    """Lines that hold one whole statement or header, and are no part of a longer one."""
    lines = content.split("\n")
    return [
        at
        for at, line in enumerate(lines)
        if PLAIN_LINE.match(line)
        and "#" not in line
        and line.count("(") == line.count(")")
        and not lines[at + 1].lstrip().startswith(("->", "#", '"', "when"))
    ]


@st.composite
def commented(draw: st.DrawFn, contents: list[str]) -> tuple[str, list[str]]:
    """One of the programs with more comments, and these in their order."""
    content = draw(st.sampled_from(list(filter(simple_lines, contents))))
    lines = content.split("\n")
    chosen = draw(st.lists(st.sampled_from(simple_lines(content)), unique=True, max_size=6))
    put = []
    for mark, at in enumerate(sorted(chosen, reverse=True)):
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        put.append(f"# new {mark}")
        if draw(st.booleans()):
            lines[at] += f"  # new {mark}"
        else:
            lines.insert(at, f"{indent}# new {mark}")
    return "\n".join(lines), put[::-1]


@pytest.mark.parametrize("many", examples(15, 50))
def test_new_comments_stay_where_they_are(many: int) -> None:
    """Fails when a comment at the end of a line, or above one, moves or is lost."""

    def stay(drawn: tuple[str, list[str]]) -> None:
        content, put = drawn
        formatted = format_file(parse(content))
        assert [c for c in comments_of(formatted) if c.startswith("# new")] == put
        assert difference(formatted, content) is None

    bounded(many)(given(commented(canonical()))(stay))()


@given(data=st.data())
@bounded(30)
def test_blank_lines_stay_where_they_are(data: st.DataObject) -> None:
    """Fails when a blank line between two statements is dropped or moves."""
    content = data.draw(st.sampled_from(canonical()))
    lines = content.split("\n")
    places = [
        at
        for at in simple_lines(content)
        if at and lines[at - 1].strip() and not lines[at - 1].rstrip().endswith((":", '"""'))
    ]
    assume(places)
    lines.insert(data.draw(st.sampled_from(places)), "")
    spaced = "\n".join(lines)
    formatted = format_file(parse(spaced))
    # A blank line ends a run of declarations, and with it the column of their meanings.
    found, expected = (re.sub(r" {2,}", "  ", text) for text in (formatted, spaced))
    assert difference(found, expected) is None


@pytest.mark.parametrize("path", cases(FILES, share=3))
def test_line_ends_of_windows(path: Path) -> None:
    """Fails when a file with CRLF line ends means something else, or keeps a CR."""
    file = parse(CONTENTS[path].replace("\n", "\r\n"))
    assert file == parse(CONTENTS[path])
    assert "\r" not in format_file(file)


# Spans -------------------------------------------------------------------------------------

EXPRESSIONS = get_args(tree.Expression)
LINES = (tree.Dim, tree.Dims, tree.Let, tree.Assume, tree.Count, tree.Import)
STATEMENTS = (
    tree.Assign, tree.Ascribe, tree.Require, tree.Return, tree.ComparisonClaim, tree.OrderClaim,
)  # fmt: skip


def text_of(node: tree.Node) -> str:
    return node.span.source.text[node.span.start : node.span.end]


def read_again(node: tree.Node) -> tree.Node:
    """The node that the text at the span of another is parsed to."""
    content = text_of(node)
    if isinstance(node, EXPRESSIONS):
        let = parse(f"let x = ({content})").declarations[0]
        assert isinstance(let, tree.Let)
        return let.value
    if isinstance(node, tree.Dim) and not content.startswith(node.keyword):  # one of several
        content = f"{node.keyword} {content}"
    if isinstance(node, LINES):
        return parse(content).declarations[0]
    block = parse(f"block A(x: [n]):\n    {content}").declarations[0]
    assert isinstance(block, tree.Block)
    return block.body[0]


@pytest.mark.parametrize("path", cases(FILES, share=3))
def test_spans_hold_their_node(path: Path) -> None:
    """Fails when the place that a message would show is not the text of the node it is about."""
    met = 0
    for node in descendants(parse(CONTENTS[path], path.name)):
        if isinstance(node, (*EXPRESSIONS, *LINES, *STATEMENTS)):
            same = read_again(node) == node
            assert same, text_of(node)
            met += 1
    assert met > 5


@pytest.mark.parametrize("path", cases(FILES, share=3))
def test_every_node_has_its_place(path: Path) -> None:
    """Fails when a message about some part of a program would point at the first character."""
    content = CONTENTS[path]
    for node in descendants(parse(content, path.name)):
        if not isinstance(node, tree.File | tree.Comment):
            assert text_of(node).strip(), type(node).__name__
            assert node.span.source.name == path.name
        for inner in vars(node).values():
            if isinstance(node, EXPRESSIONS) and isinstance(inner, tree.Node):
                assert node.span.start <= inner.span.start <= inner.span.end <= node.span.end


HEADERS = {
    tree.Op: "op", tree.Repeat: "repeat", tree.For: "for", tree.Choose: "choose", tree.If: "if",
    tree.ForEach: "for", tree.Preset: "preset", tree.Expect: "expect",
}  # fmt: skip


@pytest.mark.parametrize("path", cases(FILES, share=3))
def test_spans_of_headers(path: Path) -> None:
    """Fails when a message about a block, a loop or a preset would point at another line."""
    for node in descendants(parse(CONTENTS[path], path.name)):
        if isinstance(node, tree.Block):
            assert text_of(node) == f"{node.keyword} {node.name.name}"
        elif type(node) in HEADERS:
            assert text_of(node).startswith(HEADERS[type(node)])
            assert "\n" not in text_of(node)


@pytest.mark.parametrize("many", examples(6, 20))
def test_spans_take_no_part_in_equality(many: int) -> None:
    """Fails when two equal texts at different places give different trees."""

    def equal(file: tree.File) -> None:
        content = format_file(file)
        moved = parse("# a line above\n\n" + content)
        assert moved == parse(content)
        assert hash(moved.declarations) == hash(parse(content).declarations)

    bounded(many)(given(own.file)(equal))()


def test_a_size_may_be_called_ratio() -> None:
    text = "op b(ratio ratio=1, ratio q=2, ratio=3) -> y: [ratio]:\n    mac = ratio\n"
    (op,) = parse(text).declarations
    assert isinstance(op, tree.Op)
    given = [(parameter.name.name, parameter.ratio) for parameter in op.parameters]
    assert given == [("ratio", True), ("q", True), ("ratio", False)]
    assert format_file(parse(text)) == text


@pytest.mark.parametrize("word", DECLARATIONS)
def test_a_line_after_a_docstring_may_begin_with_any_name(word: str) -> None:
    """Fails when the words that begin declarations are words in a body too."""
    text = f'''op x() -> x: []:
    """Text."""
    {word} = x

block b(x: []):
    """Text."""
    {word} = x
    return {word}
'''
    assert format_file(parse(text)) == text
