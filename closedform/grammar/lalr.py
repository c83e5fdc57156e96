"""LALR parsers from tables that the build of the package makes: of the language, and of LaTeX.

Where there are none, or they were made of another grammar, they are made here, which takes longer
than all else that a short command does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lark import PostLex
from lark.lexer import TerminalDef

from closedform.data import dataclass


@dataclass(frozen=True)
class Grammar:
    """A grammar of this folder, how it is read, and the module of its tables, which
    `hatch_build.py` writes and no repository keeps."""

    file: str
    tables: str
    options: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The grammar itself."""
        return files("closedform.grammar").joinpath(self.file).read_text("utf-8")


ARCH = Grammar(
    "arch.lark",
    "tables",
    {"start": ["start", "one_claim"], "keep_all_tokens": True},
)
LATEX = Grammar(
    "latex.lark",
    "latex_tables",
    {"start": ["claim", "map"], "lexer": "basic", "propagate_positions": True},
)


def lalr(grammar: Grammar, postlex: PostLex, transformer: Any = None) -> Lark:
    """The parser of a grammar; a transformer makes the tree as rules are read."""
    text, found = grammar.text, shipped(grammar)
    if found is not None and digest(text) == found.GRAMMAR:
        load: Callable[..., Lark] = Lark._load_from_dict  # what Lark's own standalone parsers do
        return load(found.DATA, found.MEMO, transformer=transformer, postlex=postlex)
    return _made(grammar, text, postlex, transformer)


def _made(grammar: Grammar, text: str, postlex: PostLex, transformer: Any = None) -> Lark:
    return Lark(
        text,
        parser="lalr",
        transformer=transformer,
        postlex=postlex,
        maybe_placeholders=False,
        **grammar.options,
    )


def shipped(grammar: Grammar) -> Any:
    """The module of the tables that the build made, or None."""
    try:
        return import_module(f"closedform.grammar.{grammar.tables}")
    except ModuleNotFoundError:
        return None


def digest(grammar: str) -> str:
    """What tells the tables of one grammar, and of one version of Lark, from those of another."""
    return sha256(f"{lark.__version__}\n{grammar}".encode()).hexdigest()


def tables(grammar: Grammar, postlex: PostLex, text: str | None = None) -> str:
    """The text of a module that holds the tables of a grammar, as it is or of another text."""
    text = grammar.text if text is None else text
    data, memo = _made(grammar, text, postlex).memo_serialize([TerminalDef, Rule])
    for given in ("transformer", "postlex"):
        del data["options"][given]
    parts = {"GRAMMAR": digest(text), "DATA": data, "MEMO": memo}
    told = "".join(f"{name} = {part!r}\n" for name, part in parts.items())
    return f'"""Made from {grammar.file} by the build of the package."""\n\n{told}'
