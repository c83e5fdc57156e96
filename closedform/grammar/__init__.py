"""Text to syntax tree and back."""

from closedform.grammar.formatter import format_file
from closedform.grammar.parser import parse, parse_conditions

__all__ = ["format_file", "parse", "parse_conditions"]
