"""Tables as a notebook and a printed document have them."""

from __future__ import annotations

import closedform as cf


def test_a_column_is_as_wide_as_what_is_in_it() -> None:
    """Fails when a printed table gives each column the same room, so that texts meet."""
    shares = cf.zoo("vit").parts.at("ViT-B/16")._repr_markdown_().splitlines()
    assert shares[:2] == [
        "| part | times | one | all | share |",
        "| -------------------------- | -----: | -------------: | --------------: | -----: |",
    ]
    assert shares[2] == "| conv2d | 1 | 115,605,504 | 115,605,504 | 0.7% |"


def test_a_long_column_leaves_room_for_the_others() -> None:
    terms = cf.zoo("vit").macs.terms()._repr_markdown_().splitlines()
    assert terms[1] == f"| -----------: | -------- | {'-' * 40} |"
