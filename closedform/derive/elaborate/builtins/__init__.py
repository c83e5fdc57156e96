"""Functions of the language itself."""
