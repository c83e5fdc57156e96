"""The whole way, from a text to its formula: each step is a room of its own.

>>> block = "block Two(x: [n, d]):\\n    return x -> linear(d) -> linear(d)"
>>> plain(formula_of(block, "Two", "macs"))
'2 n d^2'
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from closedform.derive.elaborate.model import elaborate
from closedform.derive.measures.lookup import measure
from closedform.derive.resolve.loader import Loader
from closedform.derive.solve.closed import closed
from closedform.derive.solve.express import express
from closedform.formula import Written, plain

__all__ = ["formula_of", "plain"]


def formula_of(text: str, name: str, measured: str, chosen: Sequence[str] = ()) -> Written:
    """The formula of a measure of a model or block, in the chosen symbols if there are any."""
    module = Loader(Path.read_text, None).text(text, "<text>")  # resolve: text, names, imports
    entity = module.names[name]
    derivation = elaborate(entity)  # elaborate: syntax tree to cost tree, with what was assumed
    form = closed(derivation, measure(measured))  # cost and solve: the tree added up
    if chosen:
        form = express(form, chosen)
    return form.written()  # arrange: as an author would write it
