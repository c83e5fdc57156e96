"""Models of PyTorch: what is read from them, and what is written for them."""
