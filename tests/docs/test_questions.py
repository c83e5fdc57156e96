"""docs/reasoning.md and docs/costs.md: every command prints what stands below it."""

from __future__ import annotations

import shlex

import pytest

from helpers import ROOT, call

TEXTS = [(ROOT / "docs" / page).read_text("utf-8") for page in ("reasoning.md", "costs.md")]
SESSIONS = [block.split("```")[0] for text in TEXTS for block in text.split("```console\n")[1:]]


@pytest.mark.parametrize("session", SESSIONS)
def test_a_command_prints_what_is_shown(session: str) -> None:
    command, _, shown = session.partition("\n")
    assert command.startswith("$ closedform ")
    ran = call(*shlex.split(command)[2:])
    assert (ran.out, ran.err) == (shown, "")
