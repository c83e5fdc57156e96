"""Syntax tree to cost tree: shapes are followed, operations counted, loops never unrolled."""
