"""Formulas that are pasted as LaTeX: what they are read as, and what is said of what is not."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import islice

import pytest
from hypothesis import given, settings

from closedform import formula as w
from closedform.errors import ClosedformError
from closedform.formula.precedence import LINE, parts
from closedform.grammar.expressions import show
from closedform.grammar.latex import read_map, read_stated
from closedform.grammar.tree import Argument, Call, Name, Number, Power, Product
from closedform.render.formulas.latex import broken, latex
from helpers import examples
from plain_reader import Inexact
from tree_values import value
from trees import VALUES, every_tree, worth, written


def read(text: str, *words: str) -> str:
    """The one side of a formula, as the language writes it."""
    stated = read_stated(text, words)
    (side,) = stated.sides
    return show(side)


# What is printed is read back ----------------------------------------------------------------


def misread(trees: Iterable[w.Written], lines: bool) -> str | None:
    """The first printed formula that is not worth what its tree is worth, if there is one."""
    for node in trees:
        expected = worth(node)
        if expected is None or braced(node):  # names below braces are for readers
            continue
        text = " \\\\\n &".join(broken(node, 60.0)) if lines else latex(node)
        text = rf"\left[{text}\right]"  # a formula that is a condition is no claim
        try:
            (side,) = read_stated(text).sides
            found = value(side, VALUES)
        except (ClosedformError, Inexact) as error:
            return f"{text} has no value: {error}"
        if found != expected:
            return f"{text} is {found}, not {expected}"
    return None


def braced(node: w.Written) -> bool:
    """Whether a part of a formula has a name below it."""
    return isinstance(node, w.Braced) or any(braced(p.node) for p in parts(node, LINE))


@pytest.mark.parametrize("step", examples(8, 1))
@pytest.mark.parametrize("lines", [False, True])
def test_every_node_in_every_place_is_read_back(lines: bool, step: int) -> None:
    """Fails when something that is printed as LaTeX is not read, or as something else."""
    assert misread(islice(every_tree(2), None, None, step), lines) is None


@pytest.mark.parametrize("many", examples(100, 300))
@pytest.mark.parametrize("lines", [False, True])
def test_random_formulas_are_read_back(lines: bool, many: int) -> None:
    @settings(max_examples=many, deadline=None, derandomize=True, database=None)
    @given(written)
    def hold(node: w.Written) -> None:
        assert misread([node], lines) is None

    hold()


# What is read ----------------------------------------------------------------------------------

FORMULAS = {
    r"4hwC^2 + 2(hw)^2C": "4*h*w*C^2 + 2*(h*w)^2*C",
    r"\frac{a}{b}c": "a/b*c",
    r"\tfrac12 n": "1/2*n",
    r"\frac1{D_K^2}": "1/D_K^2",
    r"\frac83d": "8/3*d",
    r"x^23": "x^2*3",
    r"2 \cdot n \times d": "2*n*d",
    r"\left( n + d \right)\bigl(n-d\bigr)": "(n + d)*(n - d)",
    r"\big( n + d \big) [n - d]": "(n + d)*(n - d)",
    r"a\,b\;c\!d\ e~f": "a*b*c*d*e*f",
    r"d_{model} + d_{\mathrm{model}} + d_\text{model}": "d_model + d_model + d_model",
    r"D_s n_{kv,1} C_{in}^2": "D_s*n_kv_1*C_in^2",
    r"\mathrm{heads}\, d' d''": "heads*d'*d''",
    r"\operatorname{dim}\mathit{ff}": "dim*ff",
    r"\alpha\Psi\ell": "alpha*Psi*ell",
    r"\sum_{s=1}^{4} L_s D_{s-1}^2 + n": "sum(s, 1, 4, L[s]*D[s - 1]^2) + n",
    r"2\sum_{i=1}^{n}(i + D_{i+1})": "2*sum(i, 1, n, i + D[i + 1])",
    r"\lfloor\frac{H+2p}{s}\rfloor+1": "floor((H + 2*p)/s) + 1",
    r"256\left\lceil d/3/256 \right\rceil": "256*ceil(d/3/256)",
    r"\min(n, w) \max\{a, b+1, c\}": "min(n, w)*max(a, b + 1, c)",
    r"n\log_2 n + \log_{10}(n d) d": "n*log(n, 2) + log(n*d, 10)*d",
    r"\sqrt{hw} + \sqrt2": "sqrt(h*w) + sqrt(2)",
    r"1{,}000{,}000 n + 12\,345": "1000000*n + 12345",
    r"0.25n - 1{,}000.5": "0.25*n - 1000.5",
    r"-n + d": "-n + d",
    r"2^{-s}": "2^-s",
    r"\left[n > 1\right] d": "(n > 1)*d",
    r"$4 n d^2$.": "4*n*d^2",
    r"\Omega(\mathrm{MSA}) = n": "n",
    r"\text{FLOPs} = n": "n",
    r"T \approx n": "n",
    r"8td^2,": "8*t*d^2",
    "2×n·d − 1": "2*n*d - 1",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORMULAS.items(), ids=list(FORMULAS))
def test_formula(text: str, expected: str) -> None:
    assert read(text) == expected


def test_tree() -> None:
    """Fails when a part of a formula is another, or is not where it stands in the text."""
    text = r"2d_{k} \lceil\frac{n}{w}\rceil^2"
    (side,) = read_stated(text).sides
    assert side == Product(
        Number(Fraction(2)),
        (
            ("*", Name("d_k")),
            (
                "*",
                Power(
                    Call(
                        Name("ceil"),
                        (Argument(None, Product(Name("n"), (("/", Name("w")),))),),
                    ),
                    Number(Fraction(2)),
                ),
            ),
        ),
    )
    places = [text[part.span.start : part.span.end] for _, part in side.rest]
    assert places == ["d_{k}", r"\lceil\frac{n}{w}\rceil^2"]


def test_words_are_those_of_the_map() -> None:
    """Fails when letters are a word that nobody gave, or are none that somebody gave."""
    assert read("L(attn+hw)") == "L*(a*t*t*n + h*w)"
    assert read("L(attn+hw)", "attn") == "L*(attn + h*w)"
    assert read("L(attn+hw)", "attn", "hw", "at") == "L*(attn + hw)"
    assert read(r"C_{in}in", "in") == "C_in*in"


SAID = [
    (r"O(n^2 d)", ("in", "O", ["n^2*d"])),
    (r"\mathcal{O}(n \log n)", ("in", "O", ["n*log(n, 2)"])),
    (r"T = \Theta(n)", ("in", "Theta", ["n"])),
    (r"T \in \Omega\left(n\right)", ("in", "Omega", ["n"])),
    (r"T \le 2n", ("<=", None, ["2*n"])),
    (r"T \geq 2n", (">=", None, ["2*n"])),
    (r"T \sim 2n", ("~", None, ["2*n"])),
    (r"T ~ 2n", ("~", None, ["2*n"])),
    (r"T~=~2n~d", ("==", None, ["2*n*d"])),
    ("~ 2n", ("~", None, ["2*n"])),
    ("T \u223c 2n", ("~", None, ["2*n"])),
    (r"2n = n + n", ("==", None, ["2*n", "n + n"])),
    (r"N \approx 2n = n + n", ("==", None, ["2*n", "n + n"])),
]


@pytest.mark.parametrize(("text", "expected"), SAID, ids=[text for text, _ in SAID])
def test_what_is_said(text: str, expected: object) -> None:
    stated = read_stated(text)
    assert (stated.relation, stated.order, [show(side) for side in stated.sides]) == expected


def test_map() -> None:
    found = read_map(
        r"h w = n, C = d, d_{\mathrm{model}} = 4 heads, hw = d_model, d' = \frac{d}{2}"
    )
    assert [([name.name for name in m.names], show(m.value)) for m in found] == [
        (["h", "w"], "n"),
        (["C"], "d"),
        (["d_model"], "4*heads"),
        (["hw"], "d_model"),
        (["d'"], "d/2"),
    ]
    assert read_map(" ") == ()


# What is not read ------------------------------------------------------------------------------

WRONG = {
    "4hwC)": """\
<formula>:1:5: error[syntax]: `)` closes nothing
   1 | 4hwC)
     |     ^
     = help: remove it, or open the bracket""",
    r"\left(n\right]": """\
<formula>:1:14: error[syntax]: `]` closes `(`
   1 | \\left(n\\right]
     |              ^
     = help: write `)`""",
    "4hw(C": """\
<formula>:1:4: error[syntax]: `(` is never closed
   1 | 4hw(C
     |    ^
     = help: add `)`""",
    "a/b c": """\
<formula>:1:5: error[syntax]: `c` is not expected here
   1 | a/b c
     |     ^
     = note: expected: a sign such as `+` or `\\cdot`, `=`, the end
     = help: say what is divided: `\\frac{a}{b} c`, or `a/(b c)`""",
    r"n\log n d": """\
<formula>:1:9: error[syntax]: `d` is not expected here
   1 | n\\log n d
     |         ^
     = note: expected: `=`, the end, `+` or `-`
     = help: write `\\cdot` between factors, and brackets around what a logarithm is of""",
    "2n + ": """\
<formula>:1:5: error[syntax]: the end of the formula is not expected here
   1 | 2n +
     |     ^
     = note: expected: a number, a symbol or a bracket""",
    "4 n; d": """\
<formula>:1:4: error[syntax]: `;` is not read here
   1 | 4 n; d
     |    ^
     = help: paste one formula""",
    r"1 + \dots + n": """\
<formula>:1:5: error[syntax]: `\\dots` is not read here
   1 | 1 + \\dots + n
     |     ^^^^^
     = help: write the terms out, or their sum: `\\sum_{s=1}^{4}`""",
    r"n \bmod k": """\
<formula>:1:3: error[syntax]: `\\bmod` is not read here
   1 | n \\bmod k
     |   ^^^^^
     = help: write a remainder as `n - k \\lfloor \\frac{n}{k} \\rfloor`""",
    r"\mathbb{1}[n > d]": """\
<formula>:1:1: error[syntax]: `\\mathbb` is not read here
   1 | \\mathbb{1}[n > d]
     | ^^^^^^^
     = help: write an indicator as brackets alone: `[n > 1]`""",
    r"\hat n": """\
<formula>:1:1: error[syntax]: `\\hat` is not read here
   1 | \\hat n
     | ^^^^
     = help: give the symbol another name, here and in the map""",
    r"n d \gg 2": """\
<formula>:1:5: error[syntax]: `\\gg` is not read here
   1 | n d \\gg 2
     |     ^^^
     = help: claim what is exact: `\\ge`, or an order of growth as `\\Omega(n)`""",
    r"n \ll d": """\
<formula>:1:3: error[syntax]: `\\ll` is not read here
   1 | n \\ll d
     |   ^^^
     = help: claim what is exact: `\\le`, or an order of growth as `\\mathcal{O}(n)`""",
    r"\#\mathrm{params} = n": """\
<formula>:1:1: error[syntax]: `\\#` is not read here
   1 | \\#\\mathrm{params} = n
     | ^^
     = help: leave out what is no part of it""",
    r"\fracc{n}{d}": """\
<formula>:1:1: error[syntax]: `\\fracc` is not read here
   1 | \\fracc{n}{d}
     | ^^^^^^
     = help: did you mean `\\frac`?""",
    r"\foo": """\
<formula>:1:1: error[syntax]: `\\foo` is not read here
   1 | \\foo
     | ^^^^
     = help: did you mean `\\rfloor`?""",
    "n < 2d": """\
<formula>:1:3: error[syntax]: `<` is not claimed of a measure
   1 | n < 2d
     |   ^
     = help: a claim has `=`, `\\approx`, `\\sim`, `\\le` or `\\ge`""",
    r"2 \le d": """\
<formula>:1:3: error[syntax]: it is not said what is `\\le` this
   1 | 2 \\le d
     |   ^^^
     = help: begin with one symbol for what is claimed, as in `T \\le 2 n d`""",
    r"T \le n \ge d": """\
<formula>:1:3: error[syntax]: `\\le` is not claimed of a measure
   1 | T \\le n \\ge d
     |   ^^^
     = help: a claim has `=`, `\\approx`, `\\sim`, `\\le` or `\\ge`""",
    r"\log n": """\
<formula>:1:1: error[syntax]: this logarithm has no base
   1 | \\log n
     | ^^^^^^
     = note: without a base it can stand in an order alone, as in `O(n \\log n)`
     = help: write it: `\\log_2(n)`""",
    "T = O(n) = n": """\
<formula>:1:5: error[syntax]: an order is claimed by itself
   1 | T = O(n) = n
     |     ^^^^
     = help: paste what is in the order, without what follows""",
    r"T \in n": """\
<formula>:1:1: error[syntax]: `\\in` wants an order
   1 | T \\in n
     | ^^^^^^^
     = help: write `\\in O(n^2)`""",
    "n, d": """\
<formula>:1:2: error[syntax]: `,` is not expected here
   1 | n, d
     |  ^
     = note: expected: `=`, the end
     = help: paste one formula; in a number write `1{,}024`""",
    "1,024 d": """\
<formula>:1:2: error[syntax]: `,` is not expected here
   1 | 1,024 d
     |  ^
     = note: expected: `=`, the end
     = help: paste one formula; in a number write `1{,}024`""",
    "x^2^3": """\
<formula>:1:4: error[syntax]: `^` is not expected here
   1 | x^2^3
     |    ^
     = note: expected: a number, a symbol or a bracket, a sign such as `+` or `\\cdot`, `=`, the end
     = help: put what is raised in brackets, or in braces with its index""",
    "3d [- C K]": """\
<formula>:1:4: error[syntax]: this bracket may be a factor, or a term that can be left out
   1 | 3d [- C K]
     |    ^
     = help: write `a - b`, or `a (-b)`""",
    r"\mathrm d": """\
<formula>:1:1: error[syntax]: `\\mathrm` is not read here
   1 | \\mathrm d
     | ^^^^^^^
     = help: put what it is of in braces: `\\mathrm{...}`""",
    "": """\
<formula>:1:1: error[syntax]: the end of the formula is not expected here
   1 |
     | ^
     = note: expected: a number, a symbol or a bracket""",
    r"\sum_{s=1}^{4} D_{s t}": """\
<formula>:1:18: error[syntax]: this index is of no sum around it
   1 | \\sum_{s=1}^{4} D_{s t}
     |                  ^^^^^
     = help: an index is a word, or that of a sum with a number added: `D_{s-1}`""",
    "n # d": """\
<formula>:1:3: error[syntax]: `#` is not read here
   1 | n # d
     |   ^
     = help: leave out what is no part of it""",
    "O(n) n": """\
<formula>:1:6: error[syntax]: `n` is not expected here
   1 | O(n) n
     |      ^
     = note: expected: `=`, the end
     = help: write `\\cdot` between factors, and brackets around what a logarithm is of""",
    "(" * 60: """\
<formula>:1:51: error[limit]: brackets are nested deeper than 50
   1 | ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((
     |                                                   ^""",
    "n" * 5000: """\
error[limit]: a formula has no more than 4000 characters""",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=list(WRONG))
def test_error(text: str, message: str) -> None:
    with pytest.raises(ClosedformError) as caught:
        read_stated(text)
    assert str(caught.value) == message


# As papers have it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        r"\begin{equation} 2nd^{2} + n \end{equation}",
        r"\begin{aligned} T &= 2nd^2 \\[2pt] &+ n, \end{aligned}",
        r"\[ 2nd^2 + n \]",
        r"2nd^2 + n, \quad (3)",
        r"2nd^2 + n \tag{3} \label{eq:cost}",
        r"\begin{align*} T = 2nd^2 + n. \nonumber \end{align*}",
        "2nd² + n, (12)",
        r"\Omega(\mathrm{W\text{-}MSA}) = 2nd^2 + n",
        r"C_{\rm attn} = 2nd^2 + n",
        r"\approx 2nd^2 + n",
        "= 2nd^2 + n",
    ],
)
def test_what_stands_around_a_formula_is_no_part_of_it(text: str) -> None:
    stated = read_stated(text)
    assert (stated.relation, [show(side) for side in stated.sides]) == ("==", ["2*n*d^2 + n"])


def test_a_number_in_brackets_is_a_factor_where_nothing_ends_before_it() -> None:
    assert read("2nd^2 + n (3)") == "2*n*d^2 + n*3"


def test_raised_and_lowered_signs_and_a_bound_without_a_name() -> None:
    assert read("D₁₂ n¹⁰") == "D_12*n^10"
    stated = read_stated(r"\le 2nd")
    assert (stated.relation, stated.named, show(stated.sides[0])) == ("<=", None, "2*n*d")
    assert read_stated(r"\mathrm{FLOPs} = 2nd").named == "FLOPs"
