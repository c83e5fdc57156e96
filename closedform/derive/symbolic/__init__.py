"""SymPy alone: symbols, atoms of our own, expansion, relations."""

from closedform.derive.symbolic import whole as whole  # SymPy is mended before it is asked
