"""What is exported: a formula as a program, with the names and words that its code needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby

from sympy import Symbol

from closedform.data import dataclass
from closedform.derive.lower.nodes import Node
from closedform.derive.lower.program import Program, Size, needed, programmed, with_default
from closedform.derive.solve.closed import Closed, symbols_of
from closedform.errors import fail


@dataclass(frozen=True)
class Argument:
    """A size, a ratio as two whole numbers, or the sizes of all stages under one name."""

    name: str
    sizes: tuple[Size, ...]
    is_list: bool

    @property
    def is_optional(self) -> bool:
        """Whether the file has a default for it."""
        return all(size.default is not None for size in self.sizes)


@dataclass(frozen=True)
class Source:
    """A formula to be written as code; `says` are the lines of its comment."""

    name: str
    says: tuple[str, ...]
    arguments: tuple[Argument, ...]
    program: Program
    form: Closed

    @property
    def value(self) -> Node:
        return self.program.values[0]

    @property
    def sizes(self) -> tuple[Size, ...]:
        return self.program.sizes


@dataclass(frozen=True)
class Language:
    """A language of code: `is_reserved` tells its words, and those of the code around a formula;
    `knows_case` whether `n` and `N` are two names, `has_function` whether what is written has a
    name."""

    write: Callable[[Source], str]
    is_reserved: Callable[[str], bool] = lambda name: False
    knows_case: bool = True
    has_function: bool = True

    def named(self, form: Closed, name: str | None) -> str:
        """What a function is called: as it is asked for, or by its measure."""
        if name is None:
            own = form.measure.name
            return spelled(own if own.isidentifier() else "formula", self.is_reserved)
        if not name.isidentifier():
            advice = "use letters, digits, _"
            raise fail("argument", f"{name!r} is no name for a function", None, advice)
        if self.is_reserved(name):
            told = f"`{name}` is a word of the language, or of the code around a formula"
            raise fail("argument", told, None, f"call it {name}_")
        return name

    def refuse_one_name(self, source: Source) -> None:
        """Raises ClosedformError where two sizes, or a size and the function, would have one
        name."""
        both = [(a.name, s.name) for a in source.arguments for s in a.sizes]
        found: dict[str, str] = {}
        for own in dict.fromkeys(name for pair in both for name in pair):
            written = spelled(own, self.is_reserved)
            key = written if self.knows_case else written.casefold()
            other = found.setdefault(key, own)
            if self.has_function and written == source.name:
                told = f"`{own}` is a size, and the function would be called so too"
                raise fail("argument", told, None, f'name it: `name="{source.name}_of"`')
            if other != own:
                advice = f'give it another name, `.subs({own}="{own}_2")`'
                told = f"`{other}` and `{own}` would have one name in this language"
                raise fail("argument", told, None, advice)


def source(
    form: Closed, name: str, given: Sequence[Symbol], numbers: Mapping[Symbol, Fraction]
) -> Source:
    """The source of a closed form: of the given sizes, or of all that are not numbers."""
    derivation, expr = form.derivation, form.expr
    title = form.measure.title
    own = dict.fromkeys([*needed(derivation, [expr]), *with_default(derivation)])
    symbols = _in_order(form, given or _declared(form, own - numbers.keys()))
    program = programmed(
        derivation, [(title, expr)], symbols, numbers, {*given, *numbers}, optional=True
    )
    says = [f"{title} of {derivation.entity.name}"]
    if program.unchecked:
        says.append("not checked: " + ", ".join(map(str, program.unchecked)))
    return Source(name, tuple(says), tuple(_arguments(form, program.sizes)), program, form)


def _declared(form: Closed, symbols: Iterable[Symbol]) -> list[Symbol]:
    """Sizes as they are declared."""
    names = [*symbols_of(form.derivation), *form.derivation.known.spelled]
    return sorted(symbols, key=lambda s: names.index(s) if s in names else len(names))


def _in_order(form: Closed, symbols: Sequence[Symbol]) -> list[Symbol]:
    """Sizes with a default after those that it is made of, in their order otherwise."""
    families = {s: f for s, (f, _) in form.derivation.stage_symbols.items()}
    found: list[Symbol] = []
    waiting = list(symbols)
    while waiting:
        for symbol in waiting:
            group = [s for s in waiting if families.get(s, s) == families.get(symbol, symbol)]
            defaults = [form.derivation.defaults[s] for s in group if s in form.derivation.defaults]
            if not set(needed(form.derivation, defaults)) & set(waiting) - set(group):
                break
        else:
            group = waiting[:1]
        found += group
        waiting = [s for s in waiting if s not in group]
    return found


def _arguments(form: Closed, sizes: Sequence[Size]) -> list[Argument]:
    """The sizes by their names: those of a list as one, where all of them are there."""
    stages, lists = form.derivation.stage_symbols, form.derivation.symbols
    given = {size.symbol for size in sizes}

    def of(size: Size) -> tuple[str, bool]:
        family, _ = stages.get(size.symbol, ("", 0))
        members = lists.get(family, ())
        is_whole = bool(members) and set(members) <= given and size.name == size.symbol.name
        return (family, True) if is_whole else (size.name, False)

    return [Argument(name, tuple(group), is_list) for (name, is_list), group in groupby(sizes, of)]


def spelled(name: str, reserved: Callable[[str], bool]) -> str:
    """A name as a language allows it."""
    plain = re.sub(
        r"\W|[^\x00-\x7f]", lambda m: m[0] if m[0].isalpha() else f"_{ord(m[0]):x}", name
    )
    return f"{plain}_" if reserved(plain) else plain
