"""The signs that declarations give: every symbol of a document is printed with its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from closedform import formula as w

T = TypeVar("T")


def signed(data: T, signs: Mapping[str, str]) -> T:
    """A part of a document whose symbols know how they are printed.

    Those that know it already, as names of operations do, stay as they are.

    >>> from closedform.formula import Product, Symbol, plain
    >>> plain(signed(Product((Symbol("num_heads"), Symbol("d"))), {"num_heads": "H"}))
    'H d'
    """
    return _signed(data, signs) if signs else data


def _signed(part: Any, signs: Mapping[str, str]) -> Any:
    if isinstance(part, w.Symbol):
        return part if part.sign else replace(part, sign=signs.get(part.name))
    if isinstance(part, tuple):
        found = [_signed(item, signs) for item in part]
        return type(part)(*found) if hasattr(part, "_fields") else tuple(found)
    if is_dataclass(part) and not isinstance(part, type):
        new = {f.name: _signed(getattr(part, f.name), signs) for f in fields(part) if f.init}
        changed = {name: value for name, value in new.items() if value is not getattr(part, name)}
        return replace(part, **changed) if changed else part
    return part
