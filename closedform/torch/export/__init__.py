"""From a file to modules of PyTorch, as text: PyTorch itself is not imported."""
