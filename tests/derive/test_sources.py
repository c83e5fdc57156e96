"""The five source notes: what is right holds in the zoo, what is wrong is refused, word for word.

Each wrong formula is put as one more claim into the block of the zoo that the note is about.
"""

from __future__ import annotations

import pytest

from closedform.api import Part, zoo
from closedform.derive.check.check import check
from closedform.derive.check.claims import claims_of
from closedform.derive.check.expectations import agrees
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.files import read_text
from closedform.grammar import tree
from closedform.grammar.expressions import show
from helpers import ZOO


def with_claim(file: str, part: str, claim: str) -> tuple[Project, str, int]:
    """A file of the zoo with one more claim in a part, alone; the line of it, and its number."""
    source = (ZOO / f"{file}.arch").read_text("utf-8")
    project = Project(Loader(read_text, ZOO).text(source, f"{file}.arch"))
    declaration = project.part(part).declaration
    assert isinstance(declaration, tree.Block)
    last = max(node.span.end for node in declaration.body if isinstance(node, tree.Return))
    end = source.index("\n", last) + 1 if "\n" in source[last:] else len(source)
    while source[end:].lstrip(" ").startswith("->"):  # the line goes on
        end = source.index("\n", end) + 1
    line = f"    claim {claim}"
    text = f"{source[:end]}{line}\n{source[end:]}"
    number = text[:end].count("\n") + 1
    return Project(Loader(read_text, ZOO).text(text, f"{file}.arch")), line, number


def refusal(file: str, part: str, claim: str) -> str:
    """All that is said about a file of the zoo with one more claim."""
    project, _, _ = with_claim(file, part, claim)
    return "\n".join(map(str, check(project).wrong))


def refused(
    file: str, part: str, claim: str, derived: str, claimed: str, difference: str, *notes: str
) -> None:
    """Fails unless the claim is refused in exactly these words."""
    _, line, number = with_claim(file, part, claim)
    measure = claim.split(" ==")[0]
    assert refusal(file, part, claim) == "\n".join(
        [
            f"{file}.arch:{number}:5: error[claim]: {measure} of `{part}` is {derived}, "
            f"and the claim says {claimed}",
            f"{number:>4} | {line}",
            f"     |     {'^' * (len(line) - 4)}",
            f"     = note: derived minus claimed: {difference}",
            *(f"     = note: {note}" for note in notes),
        ]
    )


def holds(file: str, part: str, claim: str) -> None:
    """Fails unless the claim holds in the block or model of the zoo."""
    project, _, _ = with_claim(file, part, claim)
    assert claim.split(" ==")[0] in [
        show(node.left) for node in claims_of(project.part(part)) if hasattr(node, "left")
    ]
    assert refusal(file, part, claim) == ""


def value(file: str, what: str, preset: str, part: str | None = None) -> int:
    name, _, convention = what.partition(" under ")
    architecture = zoo(file)
    model: Part = architecture[part] if part else architecture
    return model.measure(name, convention or None).at(preset)


# S1: tokens and the total of ViT ---------------------------------------------------------------


def test_tokens() -> None:
    holds("patches", "SteppedPatches", "token == (floor((i - patch)/stride) + 1)^2")
    holds(
        "patches",
        "OverlappingPatches",
        "token == (floor((i - patch)/(patch - overlap)) + 1)^2",
    )


def test_tokens_not_squared() -> None:
    refused(
        "patches",
        "SteppedPatches",
        "token == (i - patch)/stride + 1 when stride | i - patch",
        "(i - patch + stride)^2/stride^2",
        "(i - patch)/stride + 1",
        "(i - patch) (i - patch + stride)/stride^2",
        "at i = 2, patch = 1, stride = 1: 4 derived, 2 claimed",
    )


def test_overlap_is_no_stride() -> None:
    refused(
        "patches",
        "OverlappingPatches",
        "token == (floor((i - patch)/overlap) + 1)^2",
        "(floor((i - patch)/(patch - overlap)) + 1)^2",
        "(floor((i - patch)/overlap) + 1)^2",
        "(floor((i - patch)/(patch - overlap)) - floor((i - patch)/overlap)) "
        "(floor((i - patch)/(patch - overlap)) + floor((i - patch)/overlap) + 2)",
        "at i = 4, overlap = 1, patch = 3: 1 derived, 4 claimed",
    )


def test_overlap_without_floor() -> None:
    """Fails when a floor stays where the patches are said to fit."""
    holds(
        "patches",
        "OverlappingPatches",
        "token == ((i - patch)/(patch - overlap) + 1)^2 when patch - overlap | i - patch",
    )


def test_total() -> None:
    holds("vit", "ViT", "macs == N*3*P^2*D + L*(4*T*D^2 + 2*T^2*D + 2*T*D*F) + C*D")


def test_total_counts_tokens_twice() -> None:
    """f is what a sublayer costs on all tokens, and is multiplied by the tokens once more."""
    refused(
        "vit",
        "ViT",
        "macs == N*L*((4*T*D^2 + 2*T^2*D) + 2*T*D*F) + C*D",
        "2 L T D (2 D + F + T) + 3 N P^2 D + D C",
        "2 L N T D (2 D + F + T) + D C",
        "D (2 L T (2 D + F + T - 2 N D - N F - N T) + 3 N P^2)",
        "at C = 1, D = 1, F = 1, I = 1, L = 1, P = 1: 24 derived, 21 claimed",
    )


# S2: range of attention ------------------------------------------------------------------------


def test_global_and_local() -> None:
    holds("attention", "GlobalAttention", "macs == 4*n*d^2 + 2*n^2*d")
    holds(
        "attention",
        "WindowedAttention",
        "macs == 4*h*w*d^2 + 2*side^2*(h*w)*d when side | h, side | w",
    )


def test_parameters_do_not_depend_on_the_range() -> None:
    attention = zoo("attention")
    parts = ("GlobalAttention", "WindowedAttention", "SlidingAttention")
    forms = [attention[part].params for part in parts]
    assert [str(form) for form in forms] == ["4 d^2 + 4 d"] * 3
    assert [{str(s) for s in form.expr.free_symbols} for form in forms] == [{"d"}] * 3


def test_global_attention_needs_no_more_parameters() -> None:
    """As if a window of M x M tokens had its share of the parameters, as of the scores."""
    refused(
        "attention",
        "WindowedAttention",
        "params == (4*d^2 + 4*d)*side^2/(h*w)",
        "4 d^2 + 4 d",
        "4 d side^2 (d + 1)/(h w)",
        "4 d (h w - side^2) (d + 1)/(h w)",
        "at d = 1, h = 1, side = 1, w = 2: 8 derived, 4 claimed",
    )


def test_order_drops_the_projections() -> None:
    """O(N^2 D) leaves out 4 N D^2, the larger term while N < 2 D."""
    claim = "macs in O(n^2*d) as n, d grow"
    _, line, number = with_claim("attention", "GlobalAttention", claim)
    assert refusal("attention", "GlobalAttention", claim) == (
        f"attention.arch:{number}:5: error[claim]: macs of `GlobalAttention` is not in O(n^2*d)\n"
        f"{number:>4} | {line}\n"
        f"     |     {'^' * (len(line) - 4)}\n"
        "     = note: these terms grow faster: 4 n d^2\n"
        "     = note: derived: 2 n d (2 d + n)\n"
        "     = note: along n = t, d = t^2, no constant is large enough\n"
        "     = note: at n = 4, d = 16 it is 4608, 18 times the bound 256\n"
        "     = note: at n = 16, d = 256 it is 4325376, 66 times the bound 65536\n"
        "     = note: at n = 64, d = 4096 it is 4328521728, 258 times the bound 16777216"
    )
    macs = zoo("attention")["GlobalAttention"].macs
    maps, d = 4 * 768**2, 768
    for n in (2 * d - 1, 2 * d, 2 * d + 1):
        scores = macs.at(n=n, d=d, heads=12) - n * maps
        assert (n * maps > scores, n * maps == scores) == (n < 2 * d, n == 2 * d)


# S3: Fastformer in ViT -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "preset", "params", "macs"),
    [
        ("fastformer", "FViT-B/16", "79M", "45.2G"),
        ("vit", "ViT-B/16 at 384", "86M", "49.3G"),
        ("fastformer", "FViT-B/32", "81M", "11.6G"),
        ("vit", "ViT-B/32 at 384", "88M", "12.6G"),
    ],
)
def test_figures_of_fvit(file: str, preset: str, params: str, macs: str) -> None:
    """Fails when a figure is not what is left when the value is cut off."""
    found = value(file, "params", preset), value(file, "macs under hooks", preset)
    assert f"{found[0] // 10**6}M" == params
    assert f"{found[1] // 10**9}.{found[1] // 10**8 % 10}G" == macs
    assert agrees(found[0], params)
    assert agrees(found[1], macs)
    assert not agrees(value(file, "macs", preset), macs) or file == "fastformer"
    text = (ZOO / f"{file}.arch").read_text("utf-8")
    assert f"expect params ~ {params}, macs under hooks ~ {macs}" in text


def test_figures_are_cut_off_and_not_rounded() -> None:
    """Fails when rounding would print the same eight figures."""
    assert round(value("fastformer", "params", "FViT-B/16") / 10**6) == 80
    assert round(value("fastformer", "macs under hooks", "FViT-B/16") / 10**9, 1) == 45.3
    assert round(value("vit", "params", "ViT-B/16 at 384") / 10**6) == 87
    assert round(value("vit", "macs under hooks", "ViT-B/32 at 384") / 10**9, 1) == 12.7


def test_attention_products_of_vit_b_16_at_384() -> None:
    assert value("vit", "macs", "ViT-B/16 at 384") == 55_484_350_464
    assert agrees(value("vit", "macs", "ViT-B/16 at 384"), "55.48G")


def test_mixing_and_block() -> None:
    """Fails when mixing is not O(N D), or the block is."""
    holds("attention_linear", "AdditiveMixing", "macs == 4*n*h*e")
    holds("fastformer", "AdditiveAttention", "macs == 3*n*d^2 + 4*n*d")
    claim = "macs in O(n*d) as n, d grow"
    _, line, number = with_claim("fastformer", "AdditiveAttention", claim)
    assert refusal("fastformer", "AdditiveAttention", claim) == (
        f"fastformer.arch:{number}:5: error[claim]: "
        "macs of `AdditiveAttention` is not in O(n*d)\n"
        f"{number:>4} | {line}\n"
        f"     |     {'^' * (len(line) - 4)}\n"
        "     = note: these terms grow faster: 3 n d^2\n"
        "     = note: derived: n d (3 d + 4)\n"
        "     = note: along n = t, d = t, no constant is large enough\n"
        "     = note: at n = 10, d = 10 it is 3400, 34 times the bound 100\n"
        "     = note: at n = 100, d = 100 it is 3040000, 304 times the bound 10000\n"
        "     = note: at n = 1000, d = 1000 it is 3004000000, 3004 times the bound 1000000"
    )


# S4: spatial-reduction attention ---------------------------------------------------------------


def test_reduction() -> None:
    holds(
        "attention",
        "SpatialReductionAttention",
        "macs == 3*(h*w)*d^2 + 2*(h*w)*d^2/r^2 + 2*(h*w)^2*d/r^2 when r | h, r | w",
    )
    holds(
        "attention",
        "SpatialReductionAttention",
        "params == 4*d^2 + 4*d + (r^2*d^2 + d) + 2*d",
    )
    holds(
        "pvt",
        "SRA",
        "macs == 3*n*d^2 + 2*n*d^2/r^2 + 2*n^2*d/r^2 when r > 1, n == side^2, r | side",
    )


def test_reduction_adds_parameters() -> None:
    """The difference is R^2 D^2 + D of the convolution, and 2 D of the norm."""
    refused(
        "attention",
        "SpatialReductionAttention",
        "params == 4*d^2 + 4*d",
        "d (d r^2 + 4 d + 7)",
        "4 d^2 + 4 d",
        "d (d r^2 + 3)",
        "at d = 1, r = 1: 12 derived, 8 claimed",
    )
    for stage, (d, r) in enumerate([(64, 8), (128, 4), (320, 2)]):
        attention = zoo("attention")["SpatialReductionAttention"].params
        assert attention.at(d=d, r=r) == 4 * d**2 + 4 * d + r**2 * d**2 + 3 * d, stage


def test_reduction_drops_rows_of_keys() -> None:
    """What drops is the work of K and V, and of the scores."""
    macs = zoo("attention")["SpatialReductionAttention"].macs
    full = zoo("attention")["GlobalAttention"].macs
    for n, d, r in [(56, 64, 8), (28, 128, 4), (14, 320, 2)]:
        saved = full.at(n=n * n, d=d, heads=1) - macs.at(h=n, w=n, d=d, r=r, heads=1)
        rows = n * n - n * n // r**2
        assert saved == 2 * rows * d**2 + 2 * n * n * rows * d - n * n * d**2


# S5: convolution and attention ------------------------------------------------------------------


def test_convolution() -> None:
    holds("convolutions", "Plain", "flops == 2*kernel^2*c*out*m*n")
    holds("convolutions", "Grouped", "flops == 2*kernel^2*c*h*w*out/groups")
    holds("convolutions", "Depthwise", "macs == kernel^2*c*h*w")
    holds("convolutions", "Plain", "params == (kernel*kernel*c + 1)*out")


def test_grouped_convolution_parameters() -> None:
    """The inputs of an output are C_in/G."""
    refused(
        "convolutions",
        "Grouped",
        "params == kernel*kernel*c*out",
        "c out kernel^2/groups",
        "c out kernel^2",
        "-c out kernel^2 (groups - 1)/groups",
        "at c = 2, groups = 2, kernel = 1, out = 2: 2 derived, 4 claimed",
    )


def test_output_projection_is_missing() -> None:
    refused(
        "attention",
        "GlobalAttention",
        "macs == 3*n*d^2 + n^2*d + n^2*d",
        "2 n d (2 d + n)",
        "n d (3 d + 2 n)",
        "n d^2",
        "at d = 1, n = 1: 6 derived, 5 claimed",
    )


def test_heads_cancel() -> None:
    """Fails when the cost depends on the heads, or the product with them passes."""
    attention = zoo("attention")["GlobalAttention"]
    assert {str(s) for s in attention.macs.expr.free_symbols} == {"n", "d"}
    refused(
        "attention",
        "GlobalAttention",
        "macs == heads*(3*n*d^2 + 2*n^2*d)",
        "2 n d (2 d + n)",
        "n d heads (3 d + 2 n)",
        "n d (4 d + 2 n - 3 d heads - 2 n heads)",
        "at d = 1, heads = 1, n = 1: 6 derived, 5 claimed",
    )


def test_conventions_do_not_mix() -> None:
    """2 for a multiply-accumulate of a convolution, 1 for one of attention."""
    refused(
        "vit",
        "ViT",
        "macs == 2*N*3*P^2*D + L*(4*T*D^2 + 2*T^2*D + 2*T*D*F) + C*D",
        "2 L T D (2 D + F + T) + 3 N P^2 D + D C",
        "2 L T D (2 D + F + T) + 6 N P^2 D + D C",
        "-3 I^2 D",
        "at C = 1, D = 1, F = 1, I = 1, L = 1, P = 1: 24 derived, 27 claimed",
    )
    attention = zoo("attention")["GlobalAttention"]
    assert attention.flops.expr == 2 * attention.macs.expr
    plain = zoo("convolutions")["Plain"]
    assert plain.flops.expr == 2 * plain.macs.expr


def test_flops_taken_for_macs() -> None:
    """The message says under which convention a claim would hold."""
    refused(
        "convolutions",
        "Depthwise",
        "macs == 2*kernel^2*c*h*w",
        "c h w kernel^2",
        "2 c h w kernel^2",
        "-c h w kernel^2",
        "at c = 1, h = 1, kernel = 1, w = 1: 1 derived, 2 claimed",
        "it holds for flops: two floating-point operations for each multiply-accumulate of every "
        "product and convolution",
        "it holds for flops under full: every elementary operation: two for a multiply-accumulate, "
        "one for each addition, product, division, root, exponential, other function or comparison",
    )
