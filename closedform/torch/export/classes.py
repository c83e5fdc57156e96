"""A class that is made: the lines of its `__init__` and of its `forward`, and what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.torch.export.python import INDENT, attribute, docstring, unused, wrapped
from closedform.torch.export.sizes import Roots, Sizes


@dataclass
class Line:
    """A statement, the names that it needs, and the name that it gives a value."""

    text: str
    roots: Roots
    target: str | None = None
    check: bool = False  # stands where its names are needed by others


@dataclass
class Nest:
    """Statements below a header such as `for s in range(4):`."""

    header: str
    roots: Roots
    body: list[Line | Nest] = field(default_factory=list)


@dataclass
class Default:
    """What a size is where none is given: Python that needs nothing, or a size of others."""

    literal: str | None = None
    computed: str | None = None
    roots: Roots = frozenset()


@dataclass
class Class:
    name: str
    doc: str
    sizes: Sizes
    inputs: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)  # of the names that it may take
    defaults: dict[str, Default] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)
    init: list[Line | Nest] = field(default_factory=list)
    forward: list[tuple[int, str]] = field(default_factory=list)
    stored: dict[str, None] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    locals: set[str] = field(default_factory=set)
    definitions: dict[Symbol, Expr] = field(default_factory=dict)
    layers: list[tuple[str, str]] = field(default_factory=list)  # Python of a layer, and its name
    example: list[str] = field(default_factory=list)
    depth: int = 0
    body: list[Line | Nest] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)
    trial: int = 0

    def __post_init__(self) -> None:
        self.body = self.init

    # Writing -------------------------------------------------------------------------------

    def add(self, text: str, roots: Iterable[str] = (), target: str | None = None) -> None:
        self.body.append(Line(text, frozenset(roots), target))

    def set(self, name: str, size: Expr) -> None:
        self.add(f"{name} = {self.sizes.whole(size)}", self.sizes.roots(size), name)

    def say(self, text: str) -> None:
        """A line of `forward`."""
        self.forward.append((self.depth, text))

    def spell(self, name: str) -> str:
        """A size in `forward`, where it is an attribute."""
        if name == "self":
            return name
        self.stored[name] = None
        return f"self.{attribute(name)}"

    def attribute(self, wanted: str, others: Iterable[str] = ()) -> str:
        """A free name for a layer."""
        sizes = {attribute(n) for n in (*self.order, *self.locals, *others)}
        found = unused(attribute(wanted), self.attributes | sizes)
        self.attributes.add(found)
        return found

    def variable(self, wanted: str) -> str:
        """A free name for a tensor of `forward`."""
        found = unused(wanted, {*self.variables, *self.order, *self.locals})
        self.variables.add(found)
        return found

    def local(self, wanted: str) -> str:
        """A free name for a size of `__init__`."""
        used = {*self.variables, *self.order, *self.locals, *self.attributes}
        found = unused(wanted, used)
        self.locals.add(found)
        return found

    # What is needed ------------------------------------------------------------------------

    def finish(self) -> None:
        """Drop what nothing needs; what is left and has no value here is what the class takes."""
        needed = set(self.stored)
        before: set[str] = {""}
        while needed != before:
            before = set(needed)
            needed |= _needed(self.init, needed)
            for name in list(needed):
                if name in self.defaults:
                    needed |= self.defaults[name].roots
        self.init = _kept(self.init, needed)
        made = set(_targets(self.init))
        taken = needed - made - {"self"}
        known = {name: i for i, name in enumerate(self.order)}
        self.signature = sorted(taken, key=lambda n: (known.get(n, len(known)), n))

    def lines(self, base: str = "nn.Module") -> list[str]:
        """The class as Python."""
        meant = [f"{n}: {self.meanings[n]}" for n in self.signature if self.meanings.get(n)]
        doc = "\n\n".join(part for part in (self.doc, "\n".join(meant)) if part.strip())
        made = [f"class {self.name}({base}):"]
        if doc.strip():
            made += [*docstring(doc, INDENT), ""]
        taken = [self._parameter(name) for name in self.signature]
        stars = ["*", *taken] if taken else []
        made += wrapped(f"def __init__({', '.join(['self', *stars])}):", INDENT)
        inner = INDENT * 2
        made.append(f"{inner}super().__init__()")
        made += self._defaults(inner)
        early = [n for n in self.stored if n in self.signature]
        late = [n for n in self.stored if n not in self.signature]
        made += [f"{inner}self.{attribute(n)} = {n}" for n in early]
        made += written(self.init, inner)
        made += [f"{inner}self.{attribute(n)} = {n}" for n in late]
        made.append("")
        made.append(f"{INDENT}def forward({', '.join(['self', *self.inputs])}):")
        for depth, text in self.forward:
            made += wrapped(text, inner + INDENT * depth)
        if self.example:
            made += ["", f"{INDENT}def example(self, batch=1):"]
            made.append(f'{inner}"""Inputs of the right shapes, for a first run."""')
            made += wrapped(
                f"return ({', '.join(self.example)},)"
                if len(self.example) == 1
                else f"return {', '.join(self.example)}",
                inner,
            )
        return made

    def _parameter(self, name: str) -> str:
        default = self.defaults.get(name)
        if default is None:
            return name
        return f"{name}={default.literal if default.literal is not None else 'None'}"

    def _defaults(self, indent: str) -> list[str]:
        """Defaults that need other sizes, each behind what it needs."""
        waiting = [n for n in self.signature if n in self.defaults and self.defaults[n].computed]
        made: list[str] = []
        while waiting:
            ready = [n for n in waiting if not self.defaults[n].roots & set(waiting)] or waiting
            name = ready[0]
            waiting.remove(name)
            made.append(f"{indent}if {name} is None:")
            made += wrapped(f"{name} = {self.defaults[name].computed}", indent + INDENT)
        return made


def _needed(body: Sequence[Line | Nest], needed: set[str]) -> set[str]:
    found: set[str] = set()
    for part in body:
        if isinstance(part, Nest):
            if _kept(part.body, needed):
                found |= part.roots | _needed(part.body, needed)
        elif not part.check and (part.target is None or part.target in needed):
            found |= part.roots
    return found


def _kept(body: Sequence[Line | Nest], needed: set[str]) -> list[Line | Nest]:
    kept: list[Line | Nest] = []
    for part in body:
        if isinstance(part, Nest):
            inner = _kept(part.body, needed)
            follows = part.header.startswith(("elif", "else"))
            if inner:
                if follows and not _opened(kept, part):
                    kept.append(Nest(_first(part, body), part.roots, [Line("pass", frozenset())]))
                kept.append(Nest(part.header, part.roots, inner))
        elif part.check:
            if part.roots <= needed:
                kept.append(part)
        elif part.target is None or part.target in needed:
            kept.append(part)
    return kept


def _opened(kept: Sequence[Line | Nest], part: Nest) -> bool:
    before = kept[-1] if kept else None
    return isinstance(before, Nest) and before.header.startswith(("if", "elif"))


def _first(part: Nest, body: Sequence[Line | Nest]) -> str:
    """The `if` that an `elif` or `else` goes on."""
    where = next(i for i, other in enumerate(body) if other is part)
    first = next(
        o for o in reversed(body[:where]) if isinstance(o, Nest) and o.header.startswith("if")
    )
    return first.header


def _targets(body: Sequence[Line | Nest]) -> Iterable[str]:
    for part in body:
        if isinstance(part, Nest):
            if part.header.startswith("for "):
                yield part.header.split()[1]
            yield from _targets(part.body)
        elif part.target is not None:
            yield part.target


def written(body: Sequence[Line | Nest], indent: str) -> list[str]:
    """Statements as lines of Python."""
    made: list[str] = []
    for part in body:
        if isinstance(part, Nest):
            made += wrapped(part.header, indent)
            made += written(part.body, indent + INDENT)
        else:
            for line in part.text.split("\n"):
                deep = len(line) - len(line.lstrip())
                made += wrapped(line.lstrip(), indent + " " * deep)
    return made
