"""What a user types by mistake, or out of a habit from SymPy or pandas."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import sympy

import closedform as cf
from closedform import ClosedformError, api
from closedform.checked import described, hints_of
from closedform.explore.changes import Changes
from closedform.explore.comparison import Comparison
from closedform.explore.machines.memory import Memory
from closedform.explore.machines.roofline import Roofline

VIT: Any = cf.zoo("vit")  # Any: what stands below is wrong
PART: Any = VIT.part("EncoderLayer.MLP")
CF: Any = cf
MACS: Any = VIT.macs
PRESETS = f"it has {', '.join(map(repr, VIT.presets))}"


@pytest.mark.parametrize(
    ("call", "message", "help"),
    [
        (lambda: CF.zoo(3), "`name` of `zoo` is a text, and this is 3", None),
        (
            lambda: CF.zoo(["vit"]),
            "`name` of `zoo` is a text, and this is ['vit']",
            "write name='vit'",
        ),
        (lambda: CF.load(3), "`path` of `load` is a text or a path, and this is 3", None),
        (lambda: CF.loads(b"dim N"), "`text` of `loads` is a text, and this is b'dim N'", None),
        (lambda: VIT[3], "`name` of `[...]` is a text, and this is 3", None),
        (
            lambda: VIT["EncoderLayer.MLP"],
            "`zoo/vit.arch` has no model or block `EncoderLayer.MLP`",
            "a part in the sizes of a model is `.part('EncoderLayer.MLP')` of it",
        ),
        (lambda: VIT.measure(3), "`name` of `measure` is a text, and this is 3", None),
        (
            lambda: VIT.report(names="N, D"),
            "`names` of `report` is a list of texts, and this is 'N, D'",
            "write names=['N', 'D']",
        ),
        (
            lambda: VIT.sweep(preset="ViT-B/16", measures="macs"),
            "`measures` of `sweep` is a list of texts or a dict of formulas by texts, and this is "
            "'macs'",
            "write measures=['macs']",
        ),
        (
            lambda: VIT.sweep(preset="ViT-B/16", measures={"a": 3}),
            "`measures` of `sweep` is a list of texts or a dict of formulas by texts, and this is "
            "{'a': 3}",
            None,
        ),
        (
            lambda: VIT.sweep(preset="ViT-B/16", rows={"D": 3}),
            "`D` goes through a list of numbers, and this is 3",
            None,
        ),
        (
            lambda: MACS.subs("D", 768),
            "`subs`: too many positional arguments",
            "it is called as `subs(sizes=None, **named)`",
        ),
        (
            lambda: MACS.at(preset="ViT-B/16"),
            "`at` takes a preset first",
            'write .at("...", N=...)',
        ),
        (
            lambda: MACS.growth("N", "ViT-B/16", 2.0),
            "`factor` of `growth` is a whole number, and this is 2.0",
            "write factor=2",
        ),
        (
            lambda: MACS.overtakes(3, "N"),
            "`other` of `overtakes` is a formula, and this is 3",
            None,
        ),
        (
            lambda: MACS.leading(["N", "D"]),
            "`names` of `leading` is a text, and this is ['N', 'D']",
            None,
        ),
        (
            lambda: MACS.export("c", name=3),
            "`name` of `export` is a text, and this is 3",
            None,
        ),
        (
            lambda: CF.plot_over({"a": MACS}, "N", (1.5, 16), "ViT-B/16"),
            "`span` of `plot_over` is (a whole number, a whole number), and this is (1.5, 16)",
            None,
        ),
        (
            lambda: CF.compare(VIT, "pvt"),
            "`models` of `compare` is a model or a block, and this is 'pvt'",
            None,
        ),
        (
            lambda: CF.diff(VIT, VIT["MLP"]),
            "files are compared as `load` gives them, and this is <MLP: params = 2 d hidden + "
            "hidden + d, macs = 2 d hidden>",
            "compare models and blocks with `compare`",
        ),
        (
            lambda: VIT.parts["EncoderLayer.MPL"],
            "there is no part `EncoderLayer.MPL`",
            "did you mean `EncoderLayer.MLP`?",
        ),
        (
            lambda: VIT.parts["param"],
            "there are 2 parts `param`",
            "take one by its place, such as 1",
        ),
        (
            lambda: PART.part("linear"),
            "`ViT` has several parts `EncoderLayer.MLP.linear` that differ, on lines 29, 29",
            "put each on a line of its own, or ask for the block",
        ),
        (
            lambda: pickle.dumps(MACS),
            "a formula is not pickled",
            "send what `.function` gives, or the text of `.export`",
        ),
        (
            lambda: pickle.dumps(PART),
            "a part is not pickled",
            "send what `.function` of a formula gives, or the text of `.export`",
        ),
        (
            lambda: pickle.dumps({"vit": VIT, "block": VIT["MLP"]}),
            "a model is not pickled",
            "send its file, and load it there with `load` or `loads`",
        ),
        (
            lambda: VIT.presets["ViT-B/16"],
            "presets are a list of titles, each with a place",
            "`.macs.at('ViT-B/16')` is what it costs, `.presets.frame().loc['ViT-B/16']` all of it",
        ),
        (
            lambda: VIT.presets["ViT-B16"],
            "there is no preset `ViT-B16`",
            "did you mean `ViT-B/16`?",
        ),
        (
            lambda: MACS.growth("N", "ViT-B/16", factor=0),
            "the factor is 0, and a size grows by one of at least 1",
            None,
        ),
        *(
            (call, "`zoo/vit.arch` has no preset ''", PRESETS)
            for call in (
                lambda: VIT.report(preset=""),
                lambda: VIT.explain("16.85G", preset=""),
                lambda: VIT.roofline("H100", "bf16", preset=""),
                lambda: MACS.solve("D", "20G", ""),
            )
        ),
        (lambda: VIT.report(preset=0), "`preset` of `report` is a text, and this is 0", None),
        (lambda: MACS.at(0), "`titles` of `at` is a text, and this is 0", None),
        (
            lambda: VIT.report(names=""),
            "`names` of `report` is a list of texts, and this is ''",
            None,
        ),
        (
            lambda: VIT.measure("macs", ""),
            "there is no convention ``",
            "there are causal, flops, full, fvcore, hooks, macs, ptflops, thop, torch",
        ),
        (
            lambda: MACS.solve("D", "20G", "ViT-B/16", family=[]),
            "`family` of `solve` is a dict of formulas or expressions by texts, and this is []",
            None,
        ),
        (
            lambda: CF.compare(VIT, VIT, when=""),
            "the end of the line is not expected here",
            "expected an expression",
        ),
        (
            lambda: MACS.function("N", "D", preset="ViT-B/16")([1, 2], [1, 2, 3]),
            "the arrays are not of one shape: `N` has (2,), `D` has (3,)",
            None,
        ),
    ],
)
def test_a_wrong_call_is_told(call: Callable[[], object], message: str, help: str | None) -> None:
    """Fails when a mistake is an error from inside, or its advice is another."""
    with pytest.raises(ClosedformError) as caught:
        call()
    assert caught.value.diagnostics[0].message == message
    assert caught.value.diagnostics[0].help == help


def public() -> list[Callable[..., object]]:
    """The functions and methods that a notebook calls."""
    found = [getattr(api, name) for name in api.__all__]
    kinds = [one for one in found if inspect.isclass(one)]
    kinds += [Changes, Comparison, Memory, Roofline]
    methods = (member for kind in kinds for member in inspect.getmembers(kind, inspect.isfunction))
    functions = [one for one in found if inspect.isfunction(one)]
    return [*functions, *(m for name, m in methods if name[0] != "_" and name != "cells")]


def test_every_public_function_says_what_it_takes() -> None:
    """Fails when a parameter of one has a type that is not loaded, or that no words tell."""
    assert len(public()) > 60
    for function in public():
        for name, hint in hints_of(function).items():
            if hint is not Any:
                assert described(hint), (function, name)


FAMILIAR = [
    (MACS, "diff", "a formula has no `diff`", "the expression of SymPy has it: `.expr.diff`"),
    (MACS, "evalf", "a formula has no `evalf`", "the expression of SymPy has it: `.expr.evalf`"),
    (MACS, "elasticty", "a formula has no `elasticty`", "did you mean `elasticity`?"),
    (MACS, "foo", "a formula has no `foo`", None),
    (
        MACS,
        "plot",
        "a formula has no `plot`",
        'pictures are `.plot_map({"N": (16, 4096), "D": (192, 1536)})` and `plot_over`',
    ),
    (VIT, "peak", "a model has no `peak`", 'write `.measure("peak")`'),
    (VIT, "at", "a model has no `at`", "a formula has it: `.macs.at`"),
    (VIT, "mcas", "a model has no `mcas`", "did you mean `macs`?"),
    (PART, "subs", "a part has no `subs`", "a formula has it: `.macs.subs`"),
    (CF.loads("dim N\n"), "foo", "a model has no `foo`", None),
]


@pytest.mark.parametrize(("of", "name", "told", "help"), FAMILIAR)
def test_an_attribute_that_is_not_there(of: Any, name: str, told: str, help: str | None) -> None:
    """Fails when it is a bare AttributeError, or no AttributeError at all."""
    with pytest.raises(AttributeError) as caught:
        getattr(of, name)
    assert isinstance(caught.value, ClosedformError)
    assert caught.value.diagnostics[0].message == told
    assert caught.value.diagnostics[0].help == help
    assert not hasattr(of, name)
    assert not hasattr(of, "_repr_png_")


def test_a_property_that_fails_is_not_missing() -> None:
    """Fails when the error of a property is told as that of its name."""
    with pytest.raises(AttributeError, match="from inside"):
        _ = Failing(VIT._project, VIT._entity).params


class Failing(api.Part):
    @property
    def params(self) -> Any:
        raise AttributeError("from inside")


def test_an_error_from_inside_stays_one() -> None:
    """Fails when a mistake of ours is blamed on the caller."""

    class Broken(tuple[str, ...]):
        def __iter__(self) -> Any:
            raise ValueError("from inside")

    with pytest.raises(ValueError, match="from inside"):
        MACS.in_terms_of(Broken(["N"]))


def test_symbols_of_one_name_are_one_symbol() -> None:
    """Fails when a symbol that a user makes in SymPy stands beside that of the formula."""
    plain = sympy.Symbol("F")
    assert PART.macs / plain == PART.macs / PART.macs.symbols["F"]
    assert plain * PART.macs == PART.macs * PART.macs.symbols["F"]
    assert PART.macs.subs({plain: 3072}) == PART.macs.subs(F=3072)
    assert PART.macs.subs(F=4 * sympy.Symbol("D")) == PART.macs.subs(F=4 * MACS.symbols["D"])


def test_formulas_are_values() -> None:
    """Fails when a formula cannot be copied, padded, or set by SymPy."""
    assert copy.copy(MACS) is copy.deepcopy(MACS) is +MACS is MACS
    assert copy.copy(VIT) is copy.deepcopy(VIT) is VIT
    assert copy.copy(PART) is copy.deepcopy(PART) is PART
    assert copy.deepcopy({"vit": VIT.presets}) == {"vit": tuple(VIT.presets)}
    assert pickle.loads(pickle.dumps(VIT.presets)) == tuple(VIT.presets)
    assert f"{PART.macs:>10}|{PART.macs}" == "   2 T D F|2 T D F"
    assert sympy.latex(PART.macs) == PART.macs.latex
    assert {PART, VIT.part("EncoderLayer").part("MLP"), VIT.parts["EncoderLayer.MLP"]} == {PART}
    assert VIT.part("EncoderLayer.SelfAttention") != PART
    assert PART != "EncoderLayer.MLP"


def test_a_function_keeps_the_index_of_a_column() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    column = pandas.Series([196, 576], index=["a", "b"])
    macs: Any = MACS.function("N", "D", preset="ViT-B/16")
    found = macs(column, 768)
    assert found.to_dict() == {"a": 17563828224, "b": 55484350464}
    assert found.name == "macs"
    with pytest.raises(ClosedformError, match="the columns have different indices"):
        macs(column, pandas.Series([768, 768]))
