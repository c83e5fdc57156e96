"""Trees of formulas, made of every node there is, and what they are worth at fixed sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import ceil, floor

from hypothesis import strategies as st

from closedform import formula as w
from closedform.formula.numbers import Exact, NoNumberError, Numbers
from plain_reader import Values

LARGEST = 6  # exponent of a power that is worked out

# `D_s` and `D_s-1` are names like others where no sum with the index s is around; so with t1.
SIZES = {
    "n": Fraction(5), "d": Fraction(3), "e": Fraction(2, 3), "s": Fraction(4), "heads": Fraction(7),
    "d_model": Fraction(11), "lambda": Fraction(13), "D_s": Fraction(17), "D_s-1": Fraction(19),
    "q_5_1": Fraction(29), "D_t1": Fraction(31), "D_t1-1": Fraction(37),
    **{f"D_{at}": Fraction(at * at + 1) for at in range(-20, 21)},
}  # fmt: skip


def log(value: Fraction, base: Fraction) -> Fraction:
    """Stands for a logarithm, which has a number only now and then, and tells its two apart."""
    return 3 * value - 5 * base + 1


def root(value: Fraction) -> Fraction:
    """Stands for a root."""
    return value + 23


VALUES = Values(SIZES, log, root)


class Worth(Numbers):
    """The values of trees, without large powers."""

    def exact(self, node: w.Written) -> Exact:
        match node:
            case w.Function(name="log", arguments=(value, base)):
                return log(self.of(value), self.of(base))
            case w.Function(
                name="floor" | "ceil" as name, arguments=(w.Function(name="log") as inner,)
            ):
                return Fraction((floor if name == "floor" else ceil)(self.of(inner)))
            case w.Condition(parts=parts) if any(
                isinstance(part, w.Function) and part.name == "log" for part in parts
            ):
                raise NoNumberError("an order of logarithms, for which `log` stands for another")
            case w.Function(name="sqrt", arguments=(value,)):
                return root(self.of(value))
            case w.Function(name="", arguments=(value,)):
                return self.of(value)
            case w.Power() if abs(self.of(node.exponent)) > LARGEST:
                raise NoNumberError("a large power")
            case w.BigSum() if not -20 < self.of(node.first) <= self.of(node.last) + 9 < 20:
                raise NoNumberError("a long sum")
        return super().exact(node)


def number(value: Fraction) -> w.Written:
    if value.denominator == 1:
        return w.Number(value.numerator)
    return w.Fraction(w.Number(value.numerator), w.Number(value.denominator))


WRITTEN = {name: number(value) for name, value in SIZES.items()}


def worth(node: w.Written) -> Fraction | None:
    """What a tree is worth at SIZES, if it has a number."""
    try:
        return Worth(WRITTEN).of(node)
    except NoNumberError:
        return None


# Random trees ------------------------------------------------------------------------------

OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "|"]
NAMES = ["n", "d", "e", "s", "heads", "d_model", "lambda", "q_5_1"]

numbers = st.builds(w.Number, st.integers(-4, 12) | st.sampled_from([-12345, 1234567]))
symbols = st.builds(w.Symbol, st.sampled_from(NAMES))
symbols |= st.builds(w.Symbol, st.just("D"), st.sampled_from(["s", "s-1", "t1", "t1-1", "2"]))
leaves: st.SearchStrategy[w.Written] = numbers | symbols
small: st.SearchStrategy[w.Written] = st.builds(w.Number, st.integers(-2, 3))


NODES = [
    "sum", "product", "minus", "fraction", "power", "function", "most", "log", "relation", "joined",
    "not", "indicator", "braced", "big sum",
]  # fmt: skip


@st.composite
def grown(draw: st.DrawFn, inner: st.SearchStrategy[w.Written]) -> w.Written:
    """A node of any kind, with others in it."""

    def some(least: int, most: int) -> tuple[w.Written, ...]:
        return tuple(draw(st.lists(inner, min_size=least, max_size=most)))

    def bound() -> w.Written:
        return draw(small | inner)

    match draw(st.sampled_from(NODES)):
        case "sum":
            return w.Sum(some(1, 3))
        case "product":
            return w.Product(some(1, 3))
        case "minus":
            return w.Product((w.Number(-1), *some(1, 2)))
        case "fraction":
            return w.Fraction(draw(inner), draw(inner))
        case "power":
            return w.Power(draw(inner), bound())
        case "function":
            return w.Function(draw(st.sampled_from(["floor", "ceil", "sqrt", ""])), some(1, 1))
        case "most":
            return w.Function(draw(st.sampled_from(["min", "max"])), some(1, 3))
        case "log":
            return w.Function("log", some(2, 2))
        case "relation":
            return w.Condition(draw(st.sampled_from(OPERATORS)), some(2, 2))
        case "joined":
            return w.Condition(draw(st.sampled_from(["and", "or"])), some(2, 3))
        case "not":
            return w.Condition("not", some(1, 1))
        case "indicator":
            return w.Indicator(draw(inner))
        case "braced":
            return w.Braced(draw(inner), "MLP")
    return w.BigSum(draw(st.sampled_from(["s", "t1"])), bound(), bound(), draw(inner))


written: st.SearchStrategy[w.Written] = st.recursive(leaves, grown, max_leaves=9)

# Every node in every place -----------------------------------------------------------------

N, D, S = w.Symbol("n"), w.Symbol("d"), w.Symbol("D", "s-1")
ONE, TWO, MINUS = w.Number(1), w.Number(2), w.Number(-1)
LESS = w.Condition("<", (N, D))
MORE = w.Condition(">", (N, D))

Hole = Callable[[w.Written], w.Written]


@dataclass(frozen=True)
class Two:
    """A node of two parts, of which one is open."""

    make: Callable[[tuple[w.Written, w.Written]], w.Written]
    other: w.Written = S

    def holes(self) -> Iterator[Hole]:
        yield lambda node: self.make((node, self.other))
        yield lambda node: self.make((self.other, node))


def holes() -> Iterator[Hole]:
    """Every place of every node, once at least."""
    for made in (
        Two(w.Sum),
        Two(w.Product),
        Two(lambda pair: w.Fraction(*pair)),
        Two(lambda pair: w.Power(*pair), TWO),
        Two(lambda pair: w.Function("log", pair)),
        Two(lambda pair: w.Function("max", pair)),
        Two(lambda pair: w.Condition("=", pair)),
        Two(lambda pair: w.Condition("<", pair)),
        Two(lambda pair: w.Condition("and", pair), LESS),
        Two(lambda pair: w.Condition("or", pair), MORE),
    ):
        yield from made.holes()
    yield lambda node: w.Sum((N, w.Product((MINUS, node))))
    yield lambda node: w.Product((MINUS, node))
    yield lambda node: w.Product((node,))
    yield lambda node: w.Product((MINUS, node, S))
    yield lambda node: w.Product((w.Number(-2), node))
    yield lambda node: w.Function("", (node,))
    yield lambda node: w.Function("floor", (node,))
    yield lambda node: w.Function("sqrt", (node,))
    yield lambda node: w.Condition("not", (node,))
    yield lambda node: w.Indicator(node)
    yield lambda node: w.Braced(node, "MLP")
    yield lambda node: w.BigSum("s", ONE, TWO, node)
    yield lambda node: w.BigSum("s", node, w.Number(3), S)
    yield lambda node: w.BigSum("s", ONE, node, S)


LEAVES: tuple[w.Written, ...] = (N, S, TWO, w.Number(-3), w.Sum((N, D)))


def every_tree(depth: int) -> Iterator[w.Written]:
    """Every node in every place of every other, so many deep."""
    yield from LEAVES
    if depth > 0:
        for inner in every_tree(depth - 1):
            for hole in holes():
                yield hole(inner)


def strewn(step: int = 31) -> Iterator[w.Written]:
    """The trees of `every_tree(2)`, one of so many and then those beside it: one that is misread is
    met soon, wherever its kind stands."""
    for first in range(step):
        yield from islice(every_tree(2), first, None, step)
