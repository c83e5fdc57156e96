"""Closed forms of what a neural-network architecture costs.

>>> import closedform as cf
>>> vit = cf.zoo("vit")
>>> print(vit.macs)
2 L T D (2 D + F + T) + 3 N P^2 D + D C
>>> vit.macs.at("ViT-B/16")
17563828224
>>> print(vit["SelfAttention"].macs.in_terms_of("n", "d"))
2 n d (2 d + n)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from closedform.api import (
        Answer,
        Architecture,
        Formula,
        ModelPart,
        Part,
        compare,
        diff,
        load,
        loads,
        plot_over,
        zoo,
    )
    from closedform.errors import ClosedformError

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Architecture",
    "ClosedformError",
    "Formula",
    "ModelPart",
    "Part",
    "__version__",
    "compare",
    "diff",
    "load",
    "loads",
    "plot_over",
    "zoo",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used, so that the command line stays quick."""
    if name == "ClosedformError":
        from closedform.errors import ClosedformError

        return ClosedformError
    if name == "load_ipython_extension":  # what `%load_ext closedform` looks for
        from closedform.integrations.ipython import load_ipython_extension

        return load_ipython_extension
    if name in __all__:
        from closedform import api

        return getattr(api, name)
    raise AttributeError(f"module 'closedform' has no attribute {name!r}")
