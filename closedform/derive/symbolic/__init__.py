"""SymPy alone: symbols, atoms of our own, expansion, relations."""
