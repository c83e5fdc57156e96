"""Sizes in the words of a block, its axes and parameters, or in those of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from closedform.data import dataclass
from closedform.errors import ClosedformError, fail
from closedform.torch.fitting import Formula, Values, formulas
from closedform.torch.steps.rows import FIXED, WIDTH

SMALL = 4  # a constant as small as this stands as a number


@dataclass
class Scope:
    """The names that a body knows; a block takes what they do not say as parameters."""

    atoms: dict[str, Values] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)  # names that mean something else
    parameters: dict[str, Values] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)  # axes that are none of channels

    def size(self, values: Values, role: str, hint: str) -> Formula:
        """A size as a formula."""
        known = self.known(values, role)
        if known is not None and (hint != "heads" or known.text in self.atoms):
            return known
        name = self.free(hint or "size")
        self.atoms[name] = self.parameters[name] = values
        return Formula(name, 3)

    def known(self, values: Values, role: str) -> Formula | None:
        """A size as a formula of what is known, or as a number that is small or fixed."""
        constant = len(set(values)) == 1
        if constant and (role == FIXED or values[0] <= 1):
            return Formula(str(values[0]), 3)
        for name, found in self.atoms.items():
            if found == values and not (constant and role == WIDTH and name in self.places):
                return Formula(name, 3)
        if constant:
            return Formula(str(values[0]), 3) if values[0] <= SMALL else None
        if role == FIXED:  # a kernel or a stride that differs is no matter of channels
            return None
        found_ = formulas(values, self.atoms, sums=False)
        return found_[0] if len(found_) == 1 else None

    def free(self, name: str) -> str:
        """A name that nothing has."""
        number, made = 2, name
        while made in self.atoms or made in self.taken:
            made, number = f"{name}{number}", number + 1
        return made

    def bind(self, values: Values, name: str, like: Sequence[str]) -> str:
        """The name of an axis of an input. It is that of another axis where both always agree,
        which values that never change say only of axes that are `like` it."""
        if set(values) == {1}:
            return "1"
        for other, found in self.atoms.items():
            if found == values and (len(set(values)) > 1 or other in like):
                return other
        made = next(
            (n for n in (name, *"nmkdcefg") if n not in self.atoms and n not in self.taken),
            self.free(name),
        )
        self.atoms[made] = values
        if name not in "cd":
            self.places.add(made)
        return made


@dataclass
class ModelScope(Scope):
    """The names of the file: each size is the one formula of them that all traces agree with."""

    given: Sequence[Mapping[str, int]] = ()
    divides: dict[tuple[str, str], None] = field(default_factory=dict)
    where: str = ""

    def size(self, values: Values, role: str, hint: str) -> Formula:
        found = formulas(values, self.atoms)
        if len(found) == 1:
            self.divides.update(dict.fromkeys(found[0].divides))
            return found[0]
        raise self.unknown(values, found, hint)

    def known(self, values: Values, role: str) -> Formula | None:
        return self.size(values, role, "")

    def unknown(self, values: Values, found: list[Formula], hint: str) -> ClosedformError:
        seen = ", ".join(map(str, dict.fromkeys(values)))
        at = f" in {self.where}" if self.where else ""
        if not found:
            return fail(
                "symbols",
                f"a size{at} is {seen} in the traces, "
                f"and no formula of {', '.join(self.atoms)} gives that",
                None,
                "vary what it depends on by a name of its own, or import the first trace alone",
            )
        texts = [f.text for f in found]
        return fail(
            "symbols",
            f"a size{at} is {seen} in the traces, "
            f"which {' and '.join(f'`{t}`' for t in texts)} give alike",
            None,
            settle(texts, self.atoms),
        )


def settle(texts: list[str], atoms: Mapping[str, Values]) -> str:
    """Which further trace tells formulas apart."""
    names = [n for n in atoms if any(n in t for t in texts) and not all(n in t for t in texts)]
    names = names or list(atoms)
    tell = f"a trace that changes {names[0]} and nothing else settles it"
    return f"{tell}: add a value to --vary {names[0]}=..."
