"""What another distribution needs to add a measure: docs/measures.md shows one.

>>> from sympy import Mul
>>> def kept(operation: Operation) -> Expr:
...     return Mul(*operation.outputs[0])
>>> Measure("kept", "elements kept for later", "elements", kept, WORK).heading
'kept'
"""

from __future__ import annotations

from sympy import Expr

from closedform.derive.cost.totals import ACTIVE, TRAINED, WEIGHTS, WORK, Scaling
from closedform.derive.cost.tree import Operation
from closedform.derive.measures.rows import Measure

__all__ = ["ACTIVE", "TRAINED", "WEIGHTS", "WORK", "Expr", "Measure", "Operation", "Scaling"]
