"""The cost tree, what is measured over it, and the totals."""
