"""What the language itself does: no file may define these names."""

from __future__ import annotations

FUNCTIONS_OF_SIZES = frozenset(
    {"size", "sides", "area", "floor", "ceil", "min", "max", "gcd", "log", "sqrt"}
)
FUNCTIONS_OF_TENSORS = frozenset(
    {"einsum", "rearrange", "reduce", "concat", "split", "param", "zeros"}
)
BUILT_IN = FUNCTIONS_OF_SIZES | FUNCTIONS_OF_TENSORS

# Quantities that an operation may state, beside the elementary operations.
QUANTITIES = frozenset({"params", "buffers", "cache"})

USAGE = {
    "floor": "floor(a/b)",
    "ceil": "ceil(a/b)",
    "min": "min(a, b)",
    "max": "max(a, b)",
    "gcd": "gcd(a, b)",
    "log": "log(n, 2)",
    "sqrt": "sqrt(n)",
    "size": "size(x)",
    "sides": "sides(x)",
    "area": "area(x)",
    "param": "param([n, d])",
    "zeros": "zeros([n, d])",
    "concat": "concat(x, y, axis=0)",
    "split": "split(x, 2, axis=0)",
    "rearrange": 'x -> rearrange("n (h e) -> h n e", h=heads)',
    "reduce": 'reduce(x, "c h w -> c")',
    "einsum": 'einsum("h n e, h m e -> h n m", q, k)',
}
