"""Colours for `.arch`: a Pygments lexer, found by the name `arch` and by the suffix of a file."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

NAME = r"[^\W\d]\w*"
DECLARATIONS = ("dim", "ratio", "let", "assume", "count", "preset", "expect", "claim")
STATEMENTS = (
    *("repeat", "shared", "for", "in", "choose", "of", "if", "elif", "else", "require"),
    *("return", "when", "under", "as", "grow"),
)
SIZES = ("size", "sides", "area", "floor", "ceil", "min", "max", "gcd", "log", "sqrt")
TENSORS = ("einsum", "rearrange", "reduce", "concat", "split", "param")


class ArchLexer(RegexLexer):
    """The language of docs/language.md."""

    name = "closedform architecture"
    aliases: ClassVar[list[str]] = ["arch"]
    filenames: ClassVar[list[str]] = ["*.arch"]
    version_added = ""

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r'"""(?:.|\n)*?"""', String.Doc),
            (r'"(?!"")', String.Double, "string"),
            (
                rf"(block|model)(\s+)({NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (rf"(op)(\s+)({NAME})", bygroups(Keyword.Declaration, Whitespace, Name.Function)),
            (
                r"(from)(\s+)([\w.]+)(\s+)(import)\b",
                bygroups(
                    Keyword.Namespace, Whitespace, Name.Namespace, Whitespace, Keyword.Namespace
                ),
            ),
            (words(DECLARATIONS, suffix=r"\b"), Keyword.Declaration),
            (words(STATEMENTS, suffix=r"\b"), Keyword),
            (words(("and", "or", "not"), suffix=r"\b"), Operator.Word),
            (words(("true", "false"), suffix=r"\b"), Keyword.Constant),
            (words((*SIZES, *TENSORS), suffix=r"\b"), Name.Builtin),
            (rf"{NAME}(?=\()", Name.Function),
            (rf"(->)(\s*)({NAME})", bygroups(Operator, Whitespace, Name.Function)),
            (NAME, Name),
            (r"\d[\d_]*\.\d+[kMGTPE]?", Number.Float),
            (r"\d[\d_]*[kMGTPE]?", Number.Integer),
            (r"->|[=!<>]=|\.\.\.?|[-+*/^=<>|~]", Operator),
            (r"[()\[\]:;,]", Punctuation),
        ],
        "string": [
            (r'\\["\\]', String.Escape),
            (r'[^"\\\n]+', String.Double),
            (r'"', String.Double, "#pop"),
        ],
    }
