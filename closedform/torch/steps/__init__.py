"""What each operation of a trace is in the language: steps, with their sizes in each trace."""
