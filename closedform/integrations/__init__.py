"""Bridges to other tools: each a thin file that alone imports its tool."""
