"""What a notebook may ask for, and what it is told where it asks for something else."""

from __future__ import annotations

import pytest

import closedform as cf
from closedform.choices import FORMS, STAGES


def test_a_report_takes_the_options_of_the_command_line() -> None:
    """Fails when an option of `derive` cannot be given in Python, or is not heard."""
    text = cf.zoo("pvt").report(
        "text",
        measures=["macs"],
        convention="hooks",
        preset="PVT-Small",
        form="expanded",
        stages="each",
        defaults=True,
        names=["I"],
    )
    assert "\nmacs under hooks = " in text
    assert "params" not in text
    assert "sum_" not in text


@pytest.mark.parametrize("ask", ["report", "plot_parts"])
def test_an_unknown_option_is_named_with_its_function(ask: str) -> None:
    """Fails when the error is about something that the user did not write."""
    with pytest.raises(cf.ClosedformError, match=f"`{ask}` takes no `inn`\n.* it takes "):
        getattr(cf.zoo("vit"), ask)(inn="N")


@pytest.mark.parametrize(("option", "known"), [("form", FORMS), ("stages", STAGES)])
def test_a_choice_that_there_is_not(option: str, known: tuple[str, ...]) -> None:
    """Fails when a wrong choice is taken for another, or ends in a KeyError."""
    with pytest.raises(cf.ClosedformError, match=f"there are {', '.join(known)}"):
        cf.zoo("vit").report(**{option: "xyz"})


def test_plot_parts_takes_measures() -> None:
    """Fails when the bars are of other measures than those that were asked for."""
    axes = cf.zoo("vit").plot_parts("ViT-B/16", measures=["macs"]).figure.axes[0]
    assert [label.get_text().split("\n")[0] for label in axes.get_yticklabels()] == ["MACs"]
