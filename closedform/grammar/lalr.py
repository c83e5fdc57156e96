"""What Lark makes of a grammar: tables that the build ships, of the language for `reader.py`,
and of LaTeX for Lark itself.

Where there are none, or they were made of another grammar, they are made here, which takes longer
than all else that a short command does.
"""

from __future__ import annotations

import re
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
from closedform.grammar import reader
from closedform.grammar.reader import Rule as Reduction
from closedform.grammar.reader import Tables


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
    reader.FILE,
    "tables",
    {"start": ["start", "one_claim"], "keep_all_tokens": True},
)
LATEX = Grammar(
    "latex.lark",
    "latex_tables",
    {"start": ["claim", "map"], "lexer": "basic", "propagate_positions": True},
)


def lalr(grammar: Grammar, postlex: PostLex) -> Lark:
    """Lark's parser of a grammar."""
    text, found = grammar.text, shipped(grammar)
    if found is not None and digest(text) == found.GRAMMAR:
        load: Callable[..., Lark] = Lark._load_from_dict  # what Lark's own standalone parsers do
        return load(found.DATA, found.MEMO, postlex=postlex)
    return made(grammar, text, postlex)


def made(grammar: Grammar, text: str, postlex: PostLex | reader.Ready | None) -> Lark:
    """Lark's parser of a text in the place of a grammar, without tables."""
    return Lark(
        text,
        parser="lalr",
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
    data, memo = made(grammar, text, postlex).memo_serialize([TerminalDef, Rule])
    for given in ("transformer", "postlex"):
        del data["options"][given]
    parts = {"GRAMMAR": digest(text), "DATA": data, "MEMO": memo}
    told = "".join(f"{name} = {part!r}\n" for name, part in parts.items())
    return f'"""Made from {grammar.file} by the build of the package."""\n\n{told}'


def machine(text: str) -> Tables:
    """The tables of a text in the place of `arch.lark`."""
    found = made(ARCH, text, None)
    table: Any = found.parser.parser._parse_table
    rules = {rule: at for at, rule in enumerate(found.rules)}
    terminals = sorted(
        found.terminals,
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
    )  # as Lark tries them
    return Tables(
        terminals={t.name: t.pattern.to_regexp() for t in terminals},
        words={t.name: words for t in terminals if (words := _words(t, terminals))},
        ignored=tuple(sorted(found.ignore_tokens)),
        states=[
            {
                str(kind): ~rules[to] if isinstance(to, Rule) else to
                for kind, (_, to) in steps.items()
            }
            for _, steps in sorted(table.states.items())
        ],
        rules=[_reduction(rule) for rule in found.rules],
        starts={name: (at, table.end_states[name]) for name, at in table.start_states.items()},
    )


def _words(terminal: TerminalDef, terminals: list[TerminalDef]) -> dict[str, str]:
    """The terminals that are fixed texts, and that another finds: `dim` is a name as well."""
    if terminal.pattern.type != "re":
        return {}
    found = re.compile(terminal.pattern.to_regexp())
    return {
        t.pattern.value: t.name
        for t in terminals
        if t.pattern.type == "str"
        and t.priority == terminal.priority
        and (at := found.match(t.pattern.value))
        and at.group() == t.pattern.value
    }


def _reduction(rule: Rule) -> Reduction:
    """A rule; those that begin with an underscore are parts of others that may come again."""
    origin = str(rule.origin.name)  # Lark has them as tokens
    name = str(rule.alias or origin)
    return Reduction(
        origin=origin,
        size=len(rule.expansion),
        method=None if name.startswith("_") else name,
        spliced=tuple(
            at
            for at, part in enumerate(rule.expansion)
            if not part.is_term and part.name.startswith("_")
        ),
        alone=rule.options.expand1 and not rule.alias,
    )


def arch_tables(text: str) -> str:
    """The text of a module that holds the tables of a text in the place of `arch.lark`."""
    return (
        f'"""Made from {reader.FILE} by the build of the package."""\n\n'
        "# mypy: ignore-errors\n"
        "from closedform.grammar.reader import Rule, Tables\n\n"
        f"GRAMMAR = {reader.digest(text)!r}\nTABLES = {machine(text)!r}\n"
    )
