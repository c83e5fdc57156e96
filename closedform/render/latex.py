r"""Written formulas as LaTeX that GitHub, KaTeX, MathJax and TeX all accept.

>>> from closedform.derive.written import Number, Power, Product, Symbol
>>> latex(Product((Number(4), Symbol("n"), Power(Symbol("d", "s"), Number(2)))))
'4\\, n\\, d_{s}^{2}'
"""

from __future__ import annotations

from functools import singledispatch

from closedform.derive import written as w

GREEK = frozenset(
    [
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
        *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi"),
        *("psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon"),
        *("Phi", "Psi", "Omega"),
    ]
)

RELATIONS = {
    "=": "=",
    "!=": r"\neq",
    "<": "<",
    "<=": r"\le",
    ">": ">",
    ">=": r"\ge",
    "|": r"\mid",
    "and": r"\land",
    "or": r"\lor",
}

SPACE = r"\, "


@singledispatch
def latex(node: w.Written) -> str:
    """The LaTeX of a formula, for math mode."""
    raise TypeError(f"no LaTeX for {type(node).__name__}")


def latex_name(name: str) -> str:
    r"""A name of any kind: `d_model` is d with the index model.

    >>> latex_name("d_model"), latex_name("alpha"), latex_name("heads")
    ('d_{\\mathrm{model}}', '\\alpha', '\\mathrm{heads}')
    """
    stem, *indices = [part for part in name.split("_") if part] or ["_"]
    index = ",".join(_word(part) for part in indices)
    return _word(stem) + (f"_{{{index}}}" if index else "")


def _word(part: str) -> str:
    if part in GREEK:
        return f"\\{part}"
    if part == "_":
        return r"\_"
    if not part.isascii():
        return f"\\text{{{part}}}"
    return part if len(part) == 1 or part.isdigit() else f"\\mathrm{{{part}}}"


@latex.register
def _(node: w.Number) -> str:
    return str(node.value)


@latex.register
def _(node: w.Symbol) -> str:
    name = latex_name(node.name)
    return name if node.index is None else f"{name}_{{{node.index}}}"


@latex.register
def _(node: w.Sum) -> str:
    return "".join(terms(node))


def terms(node: w.Written) -> list[str]:
    """The terms of a formula with their signs, from the first on."""
    if not isinstance(node, w.Sum):
        return [latex(node)]
    first, *rest = node.terms
    found = [latex(first)]
    for term in rest:
        found.append(f" - {latex(w.negated(term))}" if w.is_negative(term) else f" + {latex(term)}")
    return found


@latex.register
def _(node: w.Product) -> str:
    first, *rest = node.factors
    if first == w.Number(-1) and rest:
        return "-" + SPACE.join(map(_factor, rest))
    return SPACE.join(map(_factor, node.factors))


def _factor(node: w.Written) -> str:
    return _bracketed(node) if w.is_sum(node) else latex(node)


def _bracketed(node: w.Written) -> str:
    return f"\\left({latex(node)}\\right)"


@latex.register
def _(node: w.Fraction) -> str:
    return f"\\frac{{{latex(node.numerator)}}}{{{latex(node.denominator)}}}"


@latex.register
def _(node: w.Power) -> str:
    bare = isinstance(node.base, w.Symbol) or (
        isinstance(node.base, w.Number) and node.base.value >= 0
    )
    closed = isinstance(node.base, w.Function) and node.base.name in ("floor", "ceil")
    base = latex(node.base) if bare or closed else _bracketed(node.base)
    return f"{base}^{{{latex(node.exponent)}}}"


@latex.register
def _(node: w.Function) -> str:
    arguments = ", ".join(map(latex, node.arguments))
    match node.name:
        case "log":
            value, base = map(latex, node.arguments)
            return f"\\log_{{{base}}}\\left({value}\\right)"
        case "floor":
            return f"\\left\\lfloor {arguments} \\right\\rfloor"
        case "ceil":
            return f"\\left\\lceil {arguments} \\right\\rceil"
        case "sqrt":
            return f"\\sqrt{{{arguments}}}"
        case "":
            return f"\\left({arguments}\\right)"
    return f"\\{node.name}\\left({arguments}\\right)"


@latex.register
def _(node: w.Condition) -> str:
    if node.operator == "not":
        return f"\\lnot\\left({latex(node.parts[0])}\\right)"
    return f" {RELATIONS[node.operator]} ".join(map(latex, node.parts))


@latex.register
def _(node: w.Indicator) -> str:
    return f"\\left[{latex(node.condition)}\\right]"


@latex.register
def _(node: w.BigSum) -> str:
    body = latex(node.body)
    if isinstance(node.body, w.Sum):
        body = _bracketed(node.body)
    bounds = f"_{{{node.index}={latex(node.first)}}}^{{{latex(node.last)}}}"
    return f"\\sum{bounds} {body}"


LINE = 72


def equation(left: str, node: w.Written, line: int = LINE) -> str:
    """`left = formula` for a display, broken into aligned lines where it is long."""
    parts = terms(node)
    widths = [len(w.plain(t)) + 3 for t in (node.terms if isinstance(node, w.Sum) else (node,))]
    rows, room = [""], line
    for part, width in zip(parts, widths, strict=True):
        if rows[-1] and width > room:
            rows.append("")
            room = line
        rows[-1] += part
        room -= width
    if len(rows) == 1:
        return f"{left} = {rows[0]}"
    body = " \\\\\n  &\\quad".join(rows)
    return f"\\begin{{aligned}}\n{left} &= {body}\n\\end{{aligned}}"
