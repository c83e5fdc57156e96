"""The LALR parser of the language, from tables that the build of the package makes.

Where there are none, or they were made of another grammar, they are made here, which takes longer
than all else that a short command does.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lark import PostLex
from lark.lexer import TerminalDef

TABLES = "closedform.grammar.tables"  # written by hatch_build.py, and kept in no repository


def lalr(transformer: Any, postlex: PostLex) -> Lark:
    """The parser of `arch.lark`; the transformer makes the tree as rules are read."""
    grammar = files("closedform.grammar").joinpath("arch.lark").read_text("utf-8")
    found = shipped()
    if found is not None and digest(grammar) == found.GRAMMAR:
        load: Callable[..., Lark] = Lark._load_from_dict  # what Lark's own standalone parsers do
        return load(found.DATA, found.MEMO, transformer=transformer, postlex=postlex)
    return _made(grammar, transformer, postlex)


def _made(grammar: str, transformer: Any, postlex: PostLex) -> Lark:
    return Lark(
        grammar,
        parser="lalr",
        start=["start", "one_claim"],
        transformer=transformer,
        postlex=postlex,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def shipped() -> Any:
    """The module of the tables that the build made, or None."""
    try:
        return import_module(TABLES)
    except ModuleNotFoundError:
        return None


def digest(grammar: str) -> str:
    """What tells the tables of one grammar, and of one version of Lark, from those of another."""
    return sha256(f"{lark.__version__}\n{grammar}".encode()).hexdigest()


def tables(grammar: str, postlex: PostLex) -> str:
    """The text of a module that holds the tables of a grammar."""
    data, memo = _made(grammar, None, postlex).memo_serialize([TerminalDef, Rule])
    for given in ("transformer", "postlex"):
        del data["options"][given]
    parts = {"GRAMMAR": digest(grammar), "DATA": data, "MEMO": memo}
    told = "".join(f"{name} = {part!r}\n" for name, part in parts.items())
    return f'"""Made from arch.lark by the build of the package."""\n\n{told}'
