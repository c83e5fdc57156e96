"""docs/checked-claims.md, made from the tables of the tests: published formulas with verdicts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from claims_table import CLAIMED, LATER, OUTGROWN, REFUSED
from closedform.render.markup.markdown import code, escape_markdown
from helpers import TESTS
from latex_claims import NOT_READ, READ

HEAD = """\
# Checked claims

Published formulas, each with what came out when it was claimed of a block that says what its
source describes. The tests ask every one of them again, and this page is made from their tables.
`proved` holds for all sizes; `refuted` comes with the difference that was derived, minus what is
claimed. What is "pasted" is the LaTeX of the source, as it stands there.

"""
WORDS = {"exact": "exact", "approx": "right but for small terms", "wrong": "wrong"}
SHORT = re.compile(r"\s+")


def claims_page() -> str:
    """The page, from every row of formulas.jsonl."""
    lines = (TESTS / "truth" / "formulas.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    told = {row["id"]: _verdict(row) for row in rows}
    counts = {word: sum(word == verdict for verdict in told.values()) for word in _order(told)}
    tally = ", ".join(f"{number} {word}" for word, number in counts.items())
    return HEAD + f"{len(rows)} formulas: {tally}.\n" + "".join(map(_row, rows))


def _order(told: dict[str, str]) -> list[str]:
    return sorted(dict.fromkeys(told.values()))


def _verdict(row: dict[str, Any]) -> str:
    key, recorded = row["id"], row["verified"]
    if key in LATER:
        return "not asked yet"
    if key not in REFUSED and key not in OUTGROWN:
        return "proved"
    words = {"wrong": "refuted", "approx": "refuted but for what it leaves out"}
    return words.get(recorded, "proved where it says so, refuted beyond")


def _row(row: dict[str, Any]) -> str:
    return "\n" + "\n".join(_lines(row)) + "\n"


def _lines(row: dict[str, Any]) -> Iterator[str]:
    key = row["id"]
    yield f"## {escape_markdown(key)}"
    yield ""
    yield f"{escape_markdown(_plain(row['source']))}: **{_verdict(row)}**"
    yield ""
    if row.get("formula_latex"):
        yield f"- printed: {code(_plain(row['formula_latex']))}"
    recorded = WORDS.get(row["verified"])
    if recorded:
        yield f"- an independent derivation found it {recorded}"
    instead = " in its place" if row["verified"] == "wrong" else ""
    for file, part, claim in CLAIMED.get(key, ()):
        yield f"- {code(part)} of {code(file)}: {code(claim)} is proved{instead}"
    if key in REFUSED:
        yield f"- refuted: derived minus claimed is {code(REFUSED[key])}"
    if key in OUTGROWN:
        yield f"- refuted as an order: it leaves out {code(OUTGROWN[key])}, which outgrows it"
    for pasted in READ.get(key, ()):
        where = f", where {code(pasted.where)}" if pasted.where else ""
        when = f", when {code(pasted.when)}" if pasted.when else ""
        of = f"{code(pasted.part)} of {code(pasted.file)}, {code(pasted.measure)}"
        yield f"- pasted of {of}{where}{when}: {pasted.word}"
    if key in NOT_READ:
        yield f"- its LaTeX is not read: {escape_markdown(NOT_READ[key])}"
    if key in LATER:
        yield f"- not asked: {escape_markdown(LATER[key])}"
    if row.get("notes", "").strip():
        yield f"- {escape_markdown(_plain(row['notes']))}"


def _plain(text: str) -> str:
    return SHORT.sub(" ", text).strip()
