"""Reads texts by the tables that the build makes of `arch.lark`: LALR(1), as Lark does.

Lark itself is needed to make the tables alone, as importing it takes a seventh of `import sympy`.
Which tokens are looked for depends on what may stand in a place, so that `repeat` can be a name
where no statement begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from typing import Any, Protocol

from closedform.data import dataclass

FILE = "arch.lark"
MADE = "closedform.grammar.tables"  # written by hatch_build.py
FORM = 1  # of the tables: another number tells those of an older version from these
END = "$END"


class Token(str):
    """A piece of text, its kind, and where it starts and ends."""

    type: str
    start_pos: int
    end_pos: int

    def __new__(cls, type: str, value: str, start_pos: int = 0, end_pos: int = 0) -> Token:
        token = super().__new__(cls, value)
        token.type, token.start_pos, token.end_pos = type, start_pos, end_pos
        return token


class Ready(Protocol):
    """What makes the tokens of a text ready for the rules; some are looked for everywhere."""

    always_accept: tuple[str, ...]

    def process(self, stream: Iterator[Token]) -> Iterator[Token]: ...


class UnexpectedToken(Exception):
    """A token that may not stand where it does, and those that may."""

    def __init__(self, token: Token, expected: frozenset[str]) -> None:
        super().__init__(token, expected)
        self.token, self.expected = token, expected


class UnexpectedCharacter(Exception):
    """A character, by its place, with which no token begins."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


@dataclass(frozen=True)
class Rule:
    """What a rule makes of its parts: it calls the method of that name.

    The parts at `spliced` are lists whose items take their place. A part that is then `alone` is
    given as it is. Without a method the rule gives a list.
    """

    origin: str
    size: int
    method: str | None
    spliced: tuple[int, ...]
    alone: bool


@dataclass(frozen=True)
class Tables:
    """A grammar as a machine.

    A state has a number for each token and for each rule that may come next: the next state, or
    `~rule` where a rule has ended. `terminals` are in the order in which they are tried, and
    `words` those that are tokens of their own though they are in another, by that and their text.
    """

    terminals: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    ignored: tuple[str, ...]
    states: Sequence[Mapping[str, int]]
    rules: Sequence[Rule]
    starts: Mapping[str, tuple[int, int]]


class Reader:
    """Reads texts; `builder` has the methods of the rules, and `ready` changes the tokens."""

    def __init__(self, tables: Tables, builder: object, ready: Ready) -> None:
        self._tables, self._ready = tables, ready
        self._ignored = frozenset(tables.ignored)
        self._makers = [_maker(rule, builder) for rule in tables.rules]
        self._scanners: dict[frozenset[str], _Scanner] = {}

    def read(self, text: str, start: str, *before: Token) -> Any:
        """What a text is, which begins after the tokens `before` it.

        Raises UnexpectedToken and UnexpectedCharacter, and what the methods of the builder raise.
        """
        first, end = self._tables.starts[start]
        states, values = [first], list[Any]()
        for token in before:
            self._take(token, states, values, end)
        last: Token | None = None
        for last in self._ready.process(self._tokens(text, states)):
            self._take(last, states, values, end)
        places = (last.start_pos, last.end_pos) if last is not None else (0, 0)
        self._take(Token(END, "", *places), states, values, end)
        return values[-1]

    def _take(self, token: Token, states: list[int], values: list[Any], end: int) -> None:
        """Go on by a token: rules that end before it are carried out."""
        table, rules, makers = self._tables.states, self._tables.rules, self._makers
        while True:
            step = table[states[-1]].get(token.type)
            if step is None:
                raise UnexpectedToken(token, self._expected(states))
            if step >= 0:
                states.append(step)
                values.append(token)
                return
            rule = rules[~step]
            parts: list[Any] = []
            if rule.size:
                parts = values[-rule.size :]
                del states[-rule.size :], values[-rule.size :]
            values.append(makers[~step](parts))
            states.append(table[states[-1]][rule.origin])
            if token.type == END and states[-1] == end:
                return

    def _expected(self, states: list[int]) -> frozenset[str]:
        """The tokens that may come next."""
        kinds = _tokens_of(self._tables.states[states[-1]])
        return frozenset(kind for kind in kinds if self._may(kind, states))

    def _may(self, kind: str, states: list[int]) -> bool:
        """Whether a token may come next: rules that end before it have to let it."""
        table, rules, states = self._tables.states, self._tables.rules, list(states)
        while (step := table[states[-1]].get(kind)) is not None:
            if step >= 0:
                return True
            rule = rules[~step]
            if rule.size:
                del states[-rule.size :]
            states.append(table[states[-1]][rule.origin])
        return kind == END and states[-1] in {end for _, end in self._tables.starts.values()}

    def _tokens(self, text: str, states: list[int]) -> Iterator[Token]:
        """The tokens of a text; `states` says what may come next each time."""
        at, end, ignored = 0, len(text), self._ignored
        scanners: dict[int, _Scanner] = {}
        while at < end:
            state = states[-1]
            scanner = scanners.get(state) or scanners.setdefault(state, self._scanner(state))
            found = scanner.match(text, at)
            if found is None:
                raise self._unexpected(text, at, states)
            start, at = at, found.end()
            if found.lastgroup not in ignored:
                yield scanner.token(found, start)

    def _scanner(self, state: int) -> _Scanner:
        """What finds the tokens that may come next in a state."""
        kinds = self._ignored.union(
            _tokens_of(self._tables.states[state]), self._ready.always_accept
        )
        if kinds not in self._scanners:
            self._scanners[kinds] = _Scanner(self._tables, kinds)
        return self._scanners[kinds]

    def _unexpected(self, text: str, at: int, states: list[int]) -> Exception:
        """The error at a place where none of the tokens begins that may come next."""
        scanner = _Scanner(self._tables, frozenset(self._tables.terminals))
        start = at
        while found := scanner.match(text, start):
            if found.lastgroup not in self._ignored:
                return UnexpectedToken(scanner.token(found, start), self._expected(states))
            start = found.end()
        return UnexpectedCharacter(at)


class _Scanner:
    """Finds a token of some kinds in a text."""

    def __init__(self, tables: Tables, kinds: frozenset[str]) -> None:
        self.words = {
            kind: {text: word for text, word in words.items() if word in kinds}
            for kind, words in tables.words.items()
            if kind in kinds
        }
        inside = {word for words in self.words.values() for word in words.values()}
        sought = [kind for kind in tables.terminals if kind in kinds and kind not in inside]
        self.match = re.compile("|".join(f"(?P<{k}>{tables.terminals[k]})" for k in sought)).match

    def token(self, found: re.Match[str], start: int) -> Token:
        text, kind = found.group(), found.lastgroup or ""
        return Token(self.words.get(kind, {}).get(text, kind), text, start, found.end())


def _tokens_of(state: Mapping[str, int]) -> Iterator[str]:
    return (kind for kind in state if kind.isupper())


def _maker(rule: Rule, builder: object) -> Callable[[list[Any]], Any]:
    """What a rule makes of its parts."""
    make: Any = list
    if rule.method and (hasattr(builder, rule.method) or not rule.alone):
        make = getattr(builder, rule.method)
    spliced, alone = frozenset(rule.spliced), rule.alone

    def made(parts: list[Any]) -> Any:
        if spliced:
            parts = _spliced(parts, spliced)
        return parts[0] if alone and len(parts) == 1 else make(parts)

    return made


def _spliced(parts: list[Any], places: frozenset[int]) -> list[Any]:
    """Parts, with the items of the lists at some places; a list that is first takes the others, so
    that a long one is not copied at each step."""
    whole: list[Any] = []
    for at, part in enumerate(parts):
        if at not in places:
            whole.append(part)
        elif whole:
            whole += part
        else:
            whole = part
    return whole


def grammar() -> str:
    """The grammar of the language."""
    return files("closedform.grammar").joinpath(FILE).read_text("utf-8")


def fitting(text: str) -> Tables | None:
    """The tables of a grammar, where the build made them of that."""
    found = shipped()
    return found.TABLES if found is not None and digest(text) == found.GRAMMAR else None


def shipped() -> Any:
    """The module of the tables that the build made, or None."""
    try:
        return import_module(MADE)
    except ModuleNotFoundError:
        return None


def digest(text: str) -> str:
    """What tells the tables of one grammar from those of another."""
    return sha256(f"{FORM}\n{text}".encode()).hexdigest()
