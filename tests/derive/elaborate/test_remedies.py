"""What a help tells to write mends the file: each is pasted where it is told to stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers import BAD, call, programs

HEAD = re.compile(r"(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): error\[\w+\]: (?P<message>.*)")
CARET = re.compile(r" +\| +(\^+)$", re.M)


@dataclass(frozen=True)
class Told:
    """One error as it is printed: its message, where it is, how wide its caret, and its help."""

    file: str
    line: int
    column: int
    width: int
    message: str
    help: str


def told(text: str) -> list[Told]:
    """Every error in what `check` prints that has a place and a help."""
    found = []
    for part in re.split(r"^(?=\S.*: error\[)", text, flags=re.M):
        head, help = HEAD.match(part), re.search(r"^ += help: (.*)$", part, re.M)
        caret = CARET.search(part)
        if head and help and caret:
            at = int(head["line"]), int(head["column"])
            found.append(Told(head["file"], *at, len(caret[1]), head["message"], help[1]))
    return found


Paste = Callable[[str, Told, Sequence[str]], str]


def at_end(text: str, error: Told, found: Sequence[str]) -> str:
    return f"{text.rstrip()}\n\n{found[0]}\n"


def at_top(text: str, error: Told, found: Sequence[str]) -> str:
    doc = re.match(r'"""[^"]*"""\n', text)
    start = doc.end() if doc else 0
    return f"{text[:start]}{found[0]}\n{text[start:]}"


def at_both(text: str, error: Told, found: Sequence[str]) -> str:
    return at_end(at_top(text, error, found[:1]), error, found[1:])


def in_block(text: str, error: Told, found: Sequence[str]) -> str:
    block, statement = found
    head = re.compile(rf"^(block {block}\(.*:\n)", re.M)
    return head.sub(rf"\g<1>    {statement}\n", text, count=1)


def declared_so(text: str, error: Told, found: Sequence[str]) -> str:
    """In the place of the declaration of the same name."""
    (name,) = re.findall(r"^(?:dim|ratio) (\w+)", found[0])
    return re.sub(rf"^(?:dim|ratio) {name}\b.*$", found[0], text, count=1, flags=re.M)


def marked(text: str, error: Told) -> tuple[int, int]:
    """What the caret is below."""
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: error.line - 1])) + error.column - 1
    return start, min(start + error.width, len(text))


def instead(text: str, error: Told, found: Sequence[str]) -> str:
    start, end = marked(text, error)
    return text[:start] + found[0] + text[end:]


def of_the_name(text: str, error: Told, found: Sequence[str]) -> str:
    """In the place of the name that the message begins with, or that stands there."""
    start, end = marked(text, error)
    wrong = next(n for n in re.findall(r"`([^`]+)`|'([^']+)'", error.message)
                 for n in n if n and n in text[start:end])  # fmt: skip
    return text[:start] + text[start:].replace(wrong, found[0], 1)


def whole_line(text: str, error: Told, found: Sequence[str]) -> str:
    """In the place of the line, with its indentation."""
    lines = text.splitlines(keepends=True)
    line = lines[error.line - 1]
    lines[error.line - 1] = line[: len(line) - len(line.lstrip())] + found[0] + "\n"
    return "".join(lines)


def stated_anew(text: str, error: Told, found: Sequence[str]) -> str:
    """In the place of the line, and of that before where it goes on with it."""
    if text.splitlines()[error.line - 1].lstrip().startswith('"'):
        before = "".join(text.splitlines(keepends=True)[: error.line - 2])
        return f"{before}    {found[0]}\n"
    return whole_line(text, error, found)


def line_left_out(text: str, error: Told, found: Sequence[str]) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[: error.line - 1] + lines[error.line :])


def after(text: str, error: Told, found: Sequence[str]) -> str:
    """At the end of the line in which something is never closed."""
    lines = text.splitlines(keepends=True)
    lines[error.line - 1] = lines[error.line - 1].rstrip("\n") + found[0] + "\n"
    return "".join(lines)


def twice(text: str, error: Told, found: Sequence[str]) -> str:
    """In the place of a sign of two characters, of which the caret is below the second."""
    start, end = marked(text, error)
    start -= text[start - 1] in "|&"
    end += text[end : end + 1] in ("|", "&")
    return f"{text[:start]}{found[0]}{text[end:]}"


def joined(text: str, error: Told, found: Sequence[str]) -> str:
    """A factor and what follows it, with the sign between them."""
    start, _ = marked(text, error)
    first = re.search(r"[\w.]+(\[\w+\])? *$", text[:start])
    assert first is not None
    rest = re.match(r"\w*\([^)]*\)|\w+", text[start:])
    assert rest is not None
    put = re.sub(r"\w*\(\.\.\.\)", rest[0], found[0])
    return text[: first.start()] + put + text[start + rest.end() :]


def in_expression(text: str, error: Told, found: Sequence[str]) -> str:
    """In the place of the operation of two operands around the caret."""
    start, _ = marked(text, error)
    for match in re.finditer(r"\w+ *% *\w+( *== *0)?", text):
        if match.start() <= start < match.end():
            return text[: match.start()] + found[0] + text[match.end() :]
    raise AssertionError(text)


def whole_chain(text: str, error: Told, found: Sequence[str]) -> str:
    """In the place of names with dots between them, of which the caret is below one dot."""
    start, _ = marked(text, error)
    chain = next(m for m in re.finditer(r"\w+(\.\w+)+", text) if m.start() < start < m.end())
    return text[: chain.start()] + found[0] + text[chain.end() :]


def returning(text: str, error: Told, found: Sequence[str]) -> str:
    return f"{text.rstrip()}\n    {found[0]}\n"


def imported(text: str, error: Told, found: Sequence[str]) -> str:
    return at_top(instead(text, error, found[:1]), error, found[1:])


def changed(text: str, error: Told, found: Sequence[str]) -> str:
    """`x = x + ...` for `x += ...`."""
    rest = text.splitlines()[error.line - 1].partition("=")[2].strip()
    return whole_line(text, error, [found[0].replace("...", f"({rest})")])


def of_the_element(text: str, error: Told, found: Sequence[str]) -> str:
    """In the place of an element as reports print it: `D_2`, `D_(s - 1)`."""
    start, _ = marked(text, error)
    return text[:start] + re.sub(r"\w+_(\([^)]*\)|\d+)", found[0], text[start:], count=1)


def with_a_sign(text: str, error: Told, found: Sequence[str]) -> str:
    """At the end of the declaration, whose old sign is taken out."""
    line = text.splitlines()[error.line - 1]
    return whole_line(text, error, [f"{line.partition(' as ')[0]} {found[0]} Z"])


# What a help says, and where that goes. The first row that fits is taken.
ROWS: list[tuple[str, Paste]] = [
    (r"take the sizes from their file, and state it: `(from .+?)`, `(assume .+)`", at_both),
    (r"state it: `(assume .+)`", at_end),
    (r"if that is so wherever `(\w+)` is used, state it there: `(require .+)`", in_block),
    (r"a size is declared with `(dim \w+)`, an operation with `op`", at_top),
    (r"declare it: `(dim \w+)`", at_top),
    (r"where it may be 0, declare it so: `(dim .+)`", declared_so),
    (r"declare it: `(count .+)`", at_top),
    (r"declare it outside the operation: `(count .+)`", at_top),
    (r"import it: `(from .+)`", at_top),
    (r"write `(\w+)`, and import it: `(from .+)`", imported),
    (r"an operation has a plain name: write `(.+)`", whole_chain),
    (r"end it with `(return x)`", returning),
    (r"did you mean `(.+)`\?", of_the_name),
    (r"write `(block .+)`, or `model` for a whole network", whole_line),
    (r"write `(elif)`", lambda t, e, f: t.replace("else if", f[0])),
    (r"write `(for .+)`", whole_line),
    (r"count with an index: `(for .+)`", whole_line),
    (r"a list stands in square brackets: write `(for .+)`", whole_line),
    (r"in a body a size is named without a word before it: write `(.+)`", whole_line),
    (r"in a body write `(require .+)`", whole_line),
    (r"write `(\w+ = \w+ . \.\.\.)`", changed),
    (r"write `(\d+\*10\^\d+)`", joined),
    (r"a product has a sign: write `(.+)`", joined),
    (r"write `(\w+ \| \w+)`", in_expression),
    (r"the rest of .+ is written `(.+)`", in_expression),
    (r"write `(or|and|->)`", twice),
    (r"a power is written `(.+)`", instead),
    (r"write `(==)`, or `!=` for `is not`", instead),
    (r"write `(not)` or `!=`", lambda t, e, f: instead(t, e, [f"{f[0]} "])),
    (r"an element of the list `\w+` is written `(.+)`", of_the_element),
    (r"end its declaration with another sign: `(as) \.\.\.`", with_a_sign),
    (r"a sign is a letter or a word, Greek too, with an index: `(H)`", instead),
    (r"write `(convention .+)`, or `on` another convention",
     lambda t, e, f: whole_line(t, e, [t.splitlines()[e.line - 1].replace(
         " ".join(f[0].split()[:2]), f[0])])),
    (r"`\w+` is of the kind `\w+`: write `kind (\w+)`", instead),
    (r"write `(preset \"\.\.\.\" of \w+)`", lambda t, e, f: whole_line(t, e, [re.sub(
        r'(preset "[^"]+")', rf"\1 of {f[0].split()[-1]}", t.splitlines()[e.line - 1])])),
    (r"write `(\w+ -> .+)`", lambda t, e, f: re.sub(r"\w+\([^()]*\)\(\w+\)", f[0], t)),
    (r"write `(preset .+)`$", whole_line),
    (r"it speaks of the preset that it stands in: write `(.+)`", whole_line),
    (r"a source stands (?:before `when`|behind `grow`|last, for all .+): `(claim .+|expect .+)`",
     stated_anew),
    (r"let .+ grow too: `(as .+ grow)`", lambda t, e, f: re.sub(r"as .+ grow", f[0], t)),
    (r"write a number in the place of `.+`, as in `(.+)`, or declare", instead),
    (r"write `([^`]+)`", instead),
    (r"add `(\"\"\")`", at_end),
    (r"add `([^`]+)`", after),
    (r"compare with `(==)`$", instead),
    (r"leave `causal` out", lambda t, e, f: re.sub(r', causal="[^"]*"', "", t)),
    (r"leave `(in \w+)` out", lambda t, e, f: t.replace(f" {f[0]}", "")),
    (r"leave it out: a body", line_left_out),
    (r"nothing is printed here: remove it", line_left_out),
    (r"declare it as `(dim (\w+)\[\d+\])`", lambda t, e, f: t.replace(f"dim {f[1]}", f[0], 1)),
    (r"`from (zoo\.\w+) import \.\.\.` takes the library's", lambda t, e, f: t.replace(
        f"from {f[0].removeprefix('zoo.')} ", f"from {f[0]} ")),
]  # fmt: skip

# Helps that name something of the language and are no text to paste: what may stand at a place, how
# a thing is called, an example with other names, or a change of more than one place.
NOT_PASTED = [
    # what may stand there, and what there is
    r"it is written ", r"a file is made of ", r"expected ", r"it stands ", r"compare with `==`, ",
    r"it is in |a preset is of a `model`", r"an operation is declared with `op`",
    r"a weight or a formula stands behind `:`", r"a formula stands behind a kind",
    r"the kind of an operation is its name", r"declare a size with `dim`; ",
    r"ask for it by itself", r"`closedform ",
    # an example, whose names are not those of the file
    r"axes (?:change places|are split and joined) by a pattern", r"a product of tensors names",
    r"tensors are joined with", r"a part of a tensor cannot", r"there is no `self`",
    r"the shape of a tensor names its sizes",
    r"powers are ", r"a whole quotient is written", r"a comment begins with",
    r"a body is carried out again with", r"a loop with a symbolic bound", r"a loop has one name: ",
    r"a part that is used again", r"a thing that is not there is left out",
    r"between tensors an `if` is a statement", r"name what is taken", r"take sqrt\(",
    r"write size\(x\) for", r"a condition counts as 0 where",
    r"begin it with one: ", r"a sum over an index is written", r"a claim says what is so",
    r"an order of growth is one of a measure", r"measures stand in ", r"a claim has one source",
    # a change of several places, or one that is for the author to choose
    r"claim it in the block that is meant",
    r"give this axis a name of its own", r"give it a name, or `_`",
    r"give (?:it a value|them values), `",
    r"a (?:repeat|choice) must keep its shapes", r"a block cannot be part of itself",
    r"where it may be 0, declare it so: `dim T\[2\]",  # a list of a table: `T >= 0` in its head
    r"`assume \w+ >= \d+` says", r"a preset gives values to dims",
    r"one element of a list is written", r"the shape of one that does has a `;`",
    r"say on a line before which axis|write `batchnorm2d` for", r"\w+ is a `_` in the shape",
    r"take a smaller exponent, or declare the power as a size of its own",
    r"take one of its elements", r"declare it outside: ", r"remove the spaces",
    r"an amount has a unit: ", r"add a line to it, such as `gradient", r"the work of a gradient is",
    r"name a convention that has weights for it", r"it may have numbers, sizes and counts with",
]  # fmt: skip


def row_of(help: str) -> tuple[str, Paste, Sequence[str]] | None:
    """The row of a help, and what is to be pasted."""
    if any(re.match(start, help) for start in NOT_PASTED):
        return None
    for pattern, paste in ROWS:
        match = re.match(pattern, help)
        if match:
            return pattern, paste, match.groups()
    return None


ERRORS = [
    (path, error)
    for path in programs(BAD, 50)
    for error in told(path.with_suffix(".txt").read_text("utf-8"))
]
REMEDIES = [
    pytest.param(path, error, id=f"{path.stem}-{error.line}")
    for path, error in ERRORS
    if row_of(error.help)
]


@pytest.mark.parametrize(("path", "error"), REMEDIES)
def test_a_help_mends_the_file(path: Path, error: Told, tmp_path: Path) -> None:
    """Fails when a user who writes what the help says meets the same error again."""
    found = row_of(error.help)
    assert found is not None
    for other in BAD.glob("parts/*.arch"):
        (tmp_path / "parts").mkdir(exist_ok=True)
        (tmp_path / "parts" / other.name).write_bytes(other.read_bytes())
    text = path.read_text("utf-8")
    _, paste, what = found
    mended = paste(text, error, what)
    assert mended != text
    (tmp_path / path.name).write_text(mended, "utf-8")
    again = call("check", path.name, folder=tmp_path).err
    assert error.message not in [head["message"] for head in HEAD.finditer(again)]


def test_every_kind_of_help_is_tried() -> None:
    """Fails when a row fits no help of tests/bad, and is tried nowhere."""
    met = {found[0] for _, error in ERRORS if (found := row_of(error.help))}
    assert [pattern for pattern, _ in ROWS if pattern not in met] == []
    assert len(REMEDIES) > 100


def test_what_is_not_pasted_is_listed() -> None:
    """Fails when a help names something of the language that nobody tries, and is not listed."""
    helps = {error.help for _, error in ERRORS if "`" in error.help and not row_of(error.help)}
    assert {h for h in helps if not any(re.match(start, h) for start in NOT_PASTED)} == set()


def test_a_size_of_a_file_that_others_are_imported_from(tmp_path: Path) -> None:
    """Fails when it is advised to declare it: two sizes of one name would be refused."""
    (tmp_path / "parts.arch").write_text(
        "dim K, D\n\nblock Mix(x: [n, D]):\n    return x -> linear(K) -> linear(D)\n"
    )
    text = (
        "from parts import Mix, D\n\ndim N\n\n"
        "model M(x: [N, D]):\n    return x -> Mix\n\n    claim macs == 2*N*D*K\n"
    )
    (tmp_path / "m.arch").write_text(text)
    told = call("check", "m.arch", folder=tmp_path)
    assert told.code == 1
    assert told.err.splitlines()[-1] == "     = help: import it: `from parts import K`"
    (tmp_path / "m.arch").write_text(f"from parts import K\n{text}")
    assert call("check", "m.arch", folder=tmp_path).code == 0
