"""What the language itself does, and how each is written; no file may define these names."""

from __future__ import annotations

OF_SIZES = {
    "size": "size(x)",
    "sides": "sides(x)",
    "area": "area(x)",
    "floor": "floor(a/b)",
    "ceil": "ceil(a/b)",
    "min": "min(a, b)",
    "max": "max(a, b)",
    "gcd": "gcd(a, b)",
    "log": "log(n, 2)",
    "sqrt": "sqrt(n)",
}
OF_TENSORS = {
    "einsum": 'einsum("h n e, h m e -> h n m", q, k)',
    "rearrange": 'x -> rearrange("n (h e) -> h n e", h=heads)',
    "reduce": 'reduce(x, "c h w -> c")',
    "concat": "concat(x, y, axis=0)",
    "split": "split(x, 2, axis=0)",
    "param": "param([n, d])",
    "zeros": "zeros([n, d])",
}
USAGE = OF_SIZES | OF_TENSORS

# The kinds of operation that the language itself makes: functions of tensors, signs and slices.
KINDS = frozenset({"einsum", "rearrange", "concat", "split", "param", "elementwise", "slice"})

# Elements that an operation moves: of operands, of weights, of results.
MOVED = frozenset({"reads", "loads", "writes"})

# A part of `mac`: products whose results a mask takes away. Conventions weigh them as they weigh
# `mac`, unless they say otherwise.
MASKED = "masked"

# Quantities that an operation may state, beside the elementary operations.
QUANTITIES = frozenset({"params", "buffers", "cache", MASKED}) | MOVED

# Measures that need no convention, beside each kind of count.
TOTALS = QUANTITIES | {"trainable", "active", "non_embedding", "kept", "depth", "peak"}
