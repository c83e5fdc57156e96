"""Files, imports, and the names that a file can use."""
