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

from closedform.derive.resolve.builtin import USAGE

NAME = r"[^\W\d]\w*"
DECLARATIONS = (
    *("dim", "ratio", "let", "assume", "count", "dtype", "preset", "config", "expect", "claim"),
)
STATEMENTS = (
    *("repeat", "shared", "for", "in", "choose", "of", "if", "elif", "else", "require"),
    *("return", "when", "under", "as", "grow"),
)


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
            (r'"""[\s\S]*?"""', String.Doc),
            (r'"(?!"")', String.Double, "string"),
            (
                rf"(block|model)(\s+)({NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (rf"(op)(\s+)({NAME})", bygroups(Keyword.Declaration, Whitespace, Name.Function)),
            (
                rf"(convention)(\s+)({NAME})(?:(\s+)(in)(\s+)({NAME}))?(?:(\s+)(on)(\s+)({NAME}))?",
                bygroups(
                    *(Keyword.Declaration, Whitespace, Name.Class),
                    *(Whitespace, Keyword, Whitespace, Name),
                    *(Whitespace, Keyword, Whitespace, Name.Class),
                ),
            ),
            (r"kind(?=\s+[\w\"])|others(?=\s*:)", Keyword),
            (r"(only|ignore)(?=[ \t]+[\w(])", Keyword),
            (r"(?:gradient|keep|view)(?=[ ]+\w)", Keyword),
            (r"none\b|(?:bytes|elements)(?=[ ]*(?:$|[;#]|for\b|when\b))", Keyword),
            (
                r"(from)(\s+)([\w.]+)(\s+)(import)\b",
                bygroups(
                    Keyword.Namespace, Whitespace, Name.Namespace, Whitespace, Keyword.Namespace
                ),
            ),
            (
                r"(in)(\s+)(O|Omega|Theta)(?=\()",
                bygroups(Keyword, Whitespace, Name.Builtin),
            ),
            (r"(as)(\s+)([^\s\"#;:,]*[\\{][^\s\"#;:]*)", bygroups(Keyword, Whitespace, Name)),
            (words(DECLARATIONS, suffix=r"\b"), Keyword.Declaration),
            (words(STATEMENTS, suffix=r"\b"), Keyword),
            (words(("and", "or", "not"), suffix=r"\b"), Operator.Word),
            (words(("true", "false"), suffix=r"\b"), Keyword.Constant),
            (words(tuple(USAGE), suffix=r"\b"), Name.Builtin),
            (rf"{NAME}(?=\()", Name.Function),
            (rf"(->)(\s*)({NAME})", bygroups(Operator, Whitespace, Name.Function)),
            (NAME, Name),
            (r"\d[\d_]*\.\d+[kKMBGTPE]?", Number.Float),
            (r"\d[\d_]*[kKMBGTPE]?", Number.Integer),
            (r"->|[=!<>]=|\.\.\.?|[-+*/^=<>|~]", Operator),
            (r"[()\[\]:;,]", Punctuation),
        ],
        "string": [
            (r'\\["\\]', String.Escape),
            (r'[^"\\\n]+', String.Double),
            (r'"', String.Double, "#pop"),
        ],
    }
