"""Between PyTorch modules and files: traces, what is read in them, modules that are written."""
