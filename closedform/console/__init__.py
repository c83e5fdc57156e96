"""What the command line needs of a console: its streams and options, errors, completion."""
