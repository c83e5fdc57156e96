"""The written formula: its tree, its text, its exact value. Knows no algebra system."""

from closedform.formula.plain import plain
from closedform.formula.tree import (
    ALIVE,
    BigSum,
    Braced,
    Condition,
    Fraction,
    Function,
    Indicator,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Written,
    is_negative,
    negated,
)

__all__ = [
    "ALIVE",
    "BigSum",
    "Braced",
    "Condition",
    "Fraction",
    "Function",
    "Indicator",
    "Number",
    "Power",
    "Product",
    "Sum",
    "Symbol",
    "Written",
    "is_negative",
    "negated",
    "plain",
]
