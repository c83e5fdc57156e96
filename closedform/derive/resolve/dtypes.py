"""In which types elements are kept: what `dtype` in a file and `--dtype` say, in exact bytes."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from closedform.data import dataclass
from closedform.derive.resolve.modules import Module
from closedform.errors import ClosedformError, Span, fail, suggestion
from closedform.grammar import tree

# The bits of one element.
BITS = {
    "fp64": 64, "fp32": 32, "tf32": 32, "fp16": 16, "bf16": 16, "fp8": 8, "fp4": 4,
    "int64": 64, "int32": 32, "int16": 16, "int8": 8, "int4": 4,
}  # fmt: skip
ROLES = ("weights", "activations", "cache")
EXAMPLE = "dtype bf16, weights = int4"


@dataclass(frozen=True)
class Widths:
    """The type of weights, of activations and of what is kept in caches.

    >>> widths = widths_of("bf16, weights = int4")
    >>> widths.bytes("weights"), widths.text
    (Fraction(1, 2), 'bf16, weights = int4')
    """

    types: tuple[tuple[str, str], ...]

    def type(self, role: str) -> str:
        """The name of the type of what has a role."""
        return dict(self.types)[role]

    def bytes(self, role: str) -> Fraction:
        """The bytes of one element."""
        return Fraction(BITS[self.type(role)], 8)

    @property
    def text(self) -> str:
        """As a file says it."""
        usual = self.type("activations")
        others = [f"{role} = {kind}" for role, kind in self.types if kind != usual]
        return ", ".join([usual, *others])


def widths_in(module: Module) -> Widths | None:
    """The types that a file states, if it does."""
    stated = [d for d in module.file.declarations if isinstance(d, tree.Dtype)]
    if len(stated) > 1:
        raise fail("dtype", "the types are stated twice", stated[1].span, "keep one of them")
    return _widths(stated[0].widths, stated[0].span) if stated else None


def widths_of(text: str) -> Widths:
    """The types that a text states, as `--dtype` takes it."""
    found = []
    for part in text.split(","):
        of, sign, kind = part.rpartition("=")
        role = tree.Name(of.strip()) if sign else None
        found.append(tree.Width(role, tree.Name(kind.strip())))
    return _widths(found, None)


def _widths(stated: Iterable[tree.Width], whole: Span | None) -> Widths:
    types: dict[str, str] = {}
    usual: str | None = None
    for width in stated:
        of, kind = width.of, width.type.name
        if kind not in BITS:
            help = suggestion(kind, BITS) or "there are " + ", ".join(BITS)
            raise _wrong(f"there is no type `{kind}`", width.type, help)
        if of is not None and of.name not in ROLES:
            help = suggestion(of.name, ROLES) or "there are " + ", ".join(ROLES)
            raise _wrong(f"`{of.name}` has no type of its own", of, help)
        if (usual is not None) if of is None else of.name in types:
            what = f"the type of {of.name}" if of else "the type"
            raise _wrong(f"{what} is stated twice", of or width.type, "keep one of them")
        if of is None:
            usual = kind
        else:
            types[of.name] = kind
    if usual is None and len(types) < len(ROLES):
        missing = next(role for role in ROLES if role not in types)
        raise fail("dtype", f"the type of {missing} is missing", whole, f"write `{EXAMPLE}`")
    return Widths(tuple((role, types.get(role) or str(usual)) for role in ROLES))


def _wrong(message: str, name: tree.Name, help: str) -> ClosedformError:
    at = None if name.span is tree.NOWHERE else name.span
    return fail("dtype", message, at, help)
