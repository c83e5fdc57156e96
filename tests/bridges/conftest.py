"""What is no test: models.py needs PyTorch."""

collect_ignore = ["models.py"]
