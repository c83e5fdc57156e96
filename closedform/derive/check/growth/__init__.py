"""Orders of growth: O, Omega, Theta and ~ as some sizes grow, proved, refuted or not decided."""

from closedform.derive.check.growth.directions import Outgrown, Point
from closedform.derive.check.growth.limits import Apart
from closedform.derive.check.growth.prover import Range
from closedform.derive.check.growth.verdicts import CannotGrow, kept_small, order_verdict

__all__ = ["Apart", "CannotGrow", "Outgrown", "Point", "Range", "kept_small", "order_verdict"]
