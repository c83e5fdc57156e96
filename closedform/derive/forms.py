"""The forms of a formula: expanded, factored, grouped, or the shortest of these and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import sympy
from sympy import Expr

from closedform.derive import sharing
from closedform.derive import written as w
from closedform.derive.room import room
from closedform.derive.sharing import MAX_DENOMINATOR
from closedform.derive.sizes import expand
from closedform.derive.squares import squares
from closedform.derive.writing import Order, ordered, product, quotient, write

__all__ = ["FORMS", "Order", "expanded", "factored", "grouped", "shared", "shortest", "write"]

MAX_FACTORED_TERMS = 40
MAX_FACTORED_SYMBOLS = 8
MAX_SHARED_TERMS = 40
MIN_TERMS = 2  # of a sum; in one of more, what terms share is taken out more readily
MAX_SPLIT_TERMS = 12  # of a bracket that is split into factors


def expanded(expr: Expr, order: Order) -> w.Written:
    """A plain sum of products."""
    return write(expand(expr), order)


def factored(expr: Expr, order: Order) -> w.Written:
    """A product of what cannot be split further; as `grouped` where that would take too long."""
    expr = expand(expr)
    many = len(sympy.Add.make_args(expr)) > MAX_FACTORED_TERMS
    if many or len(expr.free_symbols) > MAX_FACTORED_SYMBOLS:
        return grouped(expr, order)
    return _factored(expr, order)


def _factored(expr: Expr, order: Order) -> w.Written:
    atoms = _non_polynomial(expr)
    polynomial, ratios = _with_ratios(expr.xreplace(atoms))
    back = {dummy: atom for atom, dummy in atoms.items() if dummy.is_Symbol}
    back.update({ratio: value.xreplace(back) for ratio, value in ratios.items()})
    above, below = sympy.fraction(sympy.together(polynomial))
    number, factors = sympy.factor_list(above)
    divisor, divisors = sympy.factor_list(below)
    factors += [(base, -power) for base, power in divisors]
    plain = [(base, power) for base, power in factors if not base.is_Add]
    head = write(number / divisor * sympy.Mul(*(b**p for b, p in plain)).xreplace(back), order)
    top, bottom = [head], []
    if isinstance(head, w.Fraction):
        top, bottom = [head.numerator], [head.denominator]
    sums = [(base.xreplace(back), power) for base, power in factors if base.is_Add]
    for base, power in sorted(sums, key=lambda part: (len(part[0].args), order.rank(part[0]))):
        node = write(base, order)
        exponent = w.Number(abs(int(power)))
        (top if power > 0 else bottom).append(node if abs(power) == 1 else w.Power(node, exponent))
    return quotient(_flat(top), _flat(bottom))


def _with_ratios(expr: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """An expression in which I and P stand as I/P only, with a symbol for that."""
    ratios: dict[Expr, Expr] = {}
    powers = [sharing.powers(term) for term in sympy.Add.make_args(expr)]
    for below in sorted({b for power in powers for b, n in power.items() if n < 0}, key=str):
        for above in sorted({b for power in powers if below in power for b in power}, key=str):
            if all(power.get(above, 0) == -power.get(below, 0) for power in powers):
                ratio = sympy.Dummy(positive=True)
                ratios[ratio] = above / below
                expr = expand(expr.xreplace({above: ratio * below}))
                break
    return expr, ratios


def _flat(factors: list[w.Written]) -> list[w.Written]:
    """Products among factors taken apart, and ones left out."""
    parts = [part for factor in factors for part in _parts(factor)]
    return [part for part in parts if part != w.Number(1)]


def grouped(expr: Expr, order: Order) -> w.Written:
    """Terms of the same repeat together, and what they share taken out of them."""
    groups: dict[Expr, list[Expr]] = {}
    for term in sympy.Add.make_args(expand(expr)):
        groups.setdefault(_repeats(term, order), []).append(term)
    return _side_by_side([(terms, _together(terms, order, 0)) for terms in groups.values()], order)


def _repeats(term: Expr, order: Order) -> Expr:
    """How often a term is repeated."""
    powers = term.as_powers_dict()
    return sympy.Mul(*(s ** powers[s] for s in order.loops if powers.get(s)))


def shared(expr: Expr, order: Order) -> w.Written:
    """What several terms share taken out of them, and again of what is left.

    >>> from closedform.derive.sizes import size_symbol
    >>> W, C, K = map(size_symbol, "WCK")
    >>> w.plain(shared(9 * C * W + K * W + 7 * W**2 + K + W, Order()))
    'W (7 W + 9 C + K + 1) + K'
    """
    terms = sympy.Add.make_args(expand(expr))
    return grouped(expr, order) if len(terms) > MAX_SHARED_TERMS else _together(terms, order, 0)


def _together(terms: Sequence[Expr], order: Order, depth: int) -> w.Written:
    """A sum as a product, if its terms share something; `depth` says in how many brackets."""
    plain = write(sympy.Add(*terms), order)
    if len(terms) == 1 or len(terms) > MAX_SHARED_TERMS:
        return plain
    found: list[w.Written] = []
    for common in sharing.common(terms):
        head = write(common, order)
        rest = [sharing.without(term, common) for term in terms]
        found.extend(_times(head, inside) for inside in _inside(rest, order, depth + (common != 1)))
    few = len(terms) == MIN_TERMS
    found = [plain, *found] if few else [*found, plain]
    return min(found, key=partial(room, depth=depth))


def _times(head: w.Written, bracket: w.Written) -> w.Written:
    """A product with a sum as its last factor."""
    if isinstance(head, w.Fraction):
        return w.Fraction(_times(head.numerator, bracket), head.denominator)
    if head == w.Number(1):
        return bracket
    return product([*_parts(head), *_parts(bracket)])


def _parts(node: w.Written) -> tuple[w.Written, ...]:
    return node.factors if isinstance(node, w.Product) else (node,)


def _inside(terms: Sequence[Expr], order: Order, depth: int) -> Iterator[w.Written]:
    """A sum whose terms have nothing in common; split into factors; some of it taken together."""
    yield write(sympy.Add(*terms), order)
    split = _split(terms, order)
    if split is not None:
        yield split
    parts = _parts_of(terms, order)
    if len(parts) < len(terms):
        pairs = [(part, _together(part, order, depth)) for part in parts]
        yield _side_by_side(pairs, order)


def _parts_of(terms: Sequence[Expr], order: Order) -> list[list[Expr]]:
    """A sum cut into terms that share something: the count of a repeat, or the most letters."""
    for loop in order.loops:
        inside = [term for term in terms if term.has(loop)]
        if inside and len(inside) < len(terms):
            others = [term for term in terms if not term.has(loop)]
            return [inside, *_parts_of(others, order)]
    left = [term for term in terms if not _of_several_stages(term, order)]
    parts = [[term] for term in terms if term not in left]
    while those := sharing.crossed(left) or _most_shared(left, order):
        parts.append(those)
        left = [term for term in left if term not in those]
    return [*parts, *([term] for term in left)]


def _of_several_stages(term: Expr, order: Order) -> bool:
    """Whether a term is a link in a chain, as D_1 D_2 is in D_1 D_2 + D_2 D_3."""
    return len({order.stages[s] for s in term.free_symbols if s in order.stages}) > 1


def _most_shared(terms: Sequence[Expr], order: Order) -> list[Expr]:
    """The terms from which most letters can be taken out together."""
    powers = {term: sharing.powers(term) for term in terms}
    best: list[Expr] = []
    most = 0
    for common in sharing.shared_by_some(list(powers.values())):
        those = [term for term in terms if sharing.has(powers[term], common)]
        letters = room(write(sharing.monomial(common), order)) + 1
        saved = (len(those) - 1) * letters - len("()")
        if saved > most:
            best, most = those, saved
    return best


def _split(terms: Sequence[Expr], order: Order) -> w.Written | None:
    """A sum as a product of sums, where that is found soon."""
    if not 2 < len(terms) <= MAX_SPLIT_TERMS:
        return None
    powers = [sharing.powers(term) for term in terms]
    for base in {base: None for power in powers for base in power}:
        exponents = [power[base] for power in powers if base in power]
        if len(exponents) == 1 and abs(exponents[0]) == 1:
            return None  # linear in it, and no factor without it
    found = _factored(sympy.Add(*terms), order)
    factors = _parts(found.numerator if isinstance(found, w.Fraction) else found)
    sums = [factor for factor in factors if isinstance(factor, w.Sum)]
    several = len(sums) > 1 or any(isinstance(factor, w.Power) for factor in factors)
    return found if several and not w.is_negative(found) and not _wide_quotient(found) else None


def _side_by_side(parts: Iterable[tuple[Sequence[Expr], w.Written]], order: Order) -> w.Written:
    """A sum of parts, each beside the terms that it is made of."""
    parts = sorted(parts, key=lambda part: min(map(order.term, part[0])))
    terms: list[w.Written] = []
    for _, node in parts:
        terms.extend(node.terms if isinstance(node, w.Sum) else [node])
    return terms[0] if len(terms) == 1 else w.Sum(ordered(terms))


def shortest(expr: Expr, order: Order, measure: Callable[[w.Written], int] = room) -> w.Written:
    """The form that takes the least room; the plainer one of two that take the same."""
    expr = expand(expr)
    if not expr.is_Add:
        return write(expr, order)
    found = [form(expr, order) for form in (expanded, grouped, shared)]
    product_of = factored(expr, order)
    if not _wide_quotient(product_of):
        found.append(product_of)
    if expr.has(*order.shifts):
        found.append(_shifted(expr, order))
    with_squares, bases = squares(expr)
    if bases:
        special = {dummy: write(base, order) for dummy, base in bases.items()}
        order = replace(order, special={**order.special, **special})
        found.extend(form(with_squares, order) for form in (expanded, grouped, shared))
    return min(found, key=measure)


def _wide_quotient(node: w.Written) -> bool:
    """Whether sums stand above a symbol or a large number, or sums over stages above any."""
    if not isinstance(node, w.Fraction):
        return False
    sums = [part for part in _parts(node.numerator) if w.is_sum(part)]
    terms = [term for part in sums if isinstance(part, w.Sum) for term in part.terms]
    over = any(isinstance(factor, w.BigSum) for term in terms for factor in _parts(term))
    below = node.denominator
    if isinstance(below, w.Power):
        below = below.base
    small = isinstance(below, w.Number) and below.value <= MAX_DENOMINATOR
    return bool(sums) and (over or not small)


def _shifted(expr: Expr, order: Order) -> w.Written:
    """As `grouped`, with the counts of repeats such as L - 1 kept together."""
    replaced: dict[Expr, Expr] = {}
    special = dict(order.special)
    loops = [symbol for symbol in order.loops if symbol not in order.shifts]
    for count, shift in order.shifts.items():
        if expr.has(count):
            dummy = sympy.Dummy("count", integer=True, positive=True)
            replaced[count] = dummy + shift
            special[dummy] = write(count - shift, order)
            loops.append(dummy)
    changed = expand(expr.xreplace(replaced))
    return grouped(changed, replace(order, loops=tuple(loops), special=special))


FORMS: dict[str, Callable[[Expr, Order], w.Written]] = {
    "shortest": shortest,
    "expanded": expanded,
    "factored": factored,
    "grouped": grouped,
}


def _non_polynomial(expr: Expr) -> dict[Expr, Expr]:
    """A symbol for every part that is not built from symbols by +, * and whole powers."""
    atoms: dict[Expr, Expr] = {}
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        if part.is_Add or part.is_Mul or (part.is_Pow and part.exp.is_Integer):
            waiting.extend(part.args)
        elif part.is_Pow and part.exp.could_extract_minus_sign():
            atoms[part] = 1 / atoms.setdefault(1 / part, sympy.Dummy(positive=True))
        elif not (part.is_Symbol or part.is_Number):
            atoms.setdefault(part, sympy.Dummy(positive=True))
    return atoms
