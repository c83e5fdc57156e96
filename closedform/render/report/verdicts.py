"""Verdicts as plain data and as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from closedform.derive.assume.verdict import NotDecided, Refuted
from closedform.derive.check.check import Outcome
from closedform.derive.check.checked import Checked
from closedform.derive.symbolic.wording import say
from closedform.errors import WARNING, Diagnostic


def verdicts_of(outcome: Outcome) -> list[dict[str, object]]:
    """Each expectation, claim, error and warning of a file as a row for a program."""
    told = (*outcome.errors, *outcome.warnings)
    return [*map(_row, outcome.checked), *rows_of(told)]


def rows_of(told: Iterable[Diagnostic], file: str = "") -> list[dict[str, object]]:
    """Errors and warnings as rows for a program; `file` is that of errors without a place."""
    return [_row_of_diagnostic(diagnostic, file) for diagnostic in told]


def in_words(checked: Checked) -> Iterator[str]:
    """An expectation or a claim as a line, with what a proof rests on below it."""
    yield f"{checked.node.span}: {checked.verdict.word}: {checked.text}\n"
    yield from _facts(checked)
    if checked.held:
        yield f"    {checked.held}\n"


def answer(checked: Checked) -> Iterator[str]:
    """A claim that was asked, and holds, with what that rests on."""
    yield f"{checked.verdict.word}: {checked.text.removeprefix('claim ')}\n"
    yield from _facts(checked)
    for note in checked.notes or ((checked.held,) if checked.held else ()):
        yield f"    note: {note}\n"


def _facts(checked: Checked) -> Iterator[str]:
    for fact in _rests_on(checked):
        place = f" ({fact['place']})" if fact["place"] else ""
        yield f"    {fact['text']}: {fact['reason']}{place}\n"


def notes(outcome: Outcome) -> Iterator[str]:
    """What there is to know where nothing is wrong: sizes that presets leave open, and sizes held
    fixed whose defaults grow."""
    for lacking in outcome.lacking:
        yield f"{lacking.span}: note: {lacking.message}\n"
    for checked in outcome.checked:
        for note in checked.notes:
            yield f"{checked.node.span}: note: {note}\n"


def _row(checked: Checked) -> dict[str, object]:
    span, verdict, sides = checked.node.span, checked.verdict, checked.sides()
    refuted = verdict if isinstance(verdict, Refuted) else Refuted()
    values = {"derived": refuted.left, "claimed": refuted.right} if refuted.sizes else {}
    return {
        "file": span.source.name,
        "line": span.line,
        "text": checked.text,
        "verdict": verdict.word,
        "rests_on": list(_rests_on(checked)),
        "derived": sides.derived,
        "claimed": sides.claimed,
        "difference": sides.difference,
        "sizes": {say(symbol): say(value) for symbol, value in refuted.sizes.items()},
        "values": {side: say(value) for side, value in values.items()},
        "notes": list(checked.notes) or [checked.held] * bool(checked.held),
        "tried": list(verdict.tried) if isinstance(verdict, NotDecided) else [],
    }


def _row_of_diagnostic(told: Diagnostic, file: str) -> dict[str, object]:
    span = told.span
    return {
        "file": span.source.name if span else file,
        "line": span.line if span else None,
        "text": span.source.text[span.start : span.end] if span else "",
        "verdict": told.kind if told.kind == WARNING else "error",
        "rests_on": [],
        "derived": "",
        "claimed": "",
        "difference": "",
        "sizes": {},
        "values": {},
        "notes": [told.message, *told.notes, *([told.help] if told.help else [])],
        "tried": [],
    }


def _rests_on(checked: Checked) -> Iterator[dict[str, str]]:
    for fact in checked.facts:
        yield {"text": str(fact), "reason": fact.why.rstrip(","), "place": str(fact.span or "")}
