"""What the backward pass carries out again: bodies that keep nothing, and are done once more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Expr

from closedform.derive.cost import tree as cost
from closedform.derive.cost.tree import Operation, Site


class Again:
    """Bodies of a training step as they are where they are carried out again, each made once."""

    def __init__(self) -> None:
        self.made: dict[Any, tuple[cost.Node, cost.Node]] = {}

    def body(self, body: tuple[Site, ...], often: Expr) -> tuple[Site, ...]:
        """A body that keeps nothing, and is carried out so often again."""
        return tuple(replace(site, node=self.node(site.node, often)) for site in body)

    def node(self, node: cost.Node, often: Expr) -> cost.Node:
        key = (id(node), often)
        if key not in self.made:
            self.made[key] = (node, self._node(node, often))
        return self.made[key][1]

    def _node(self, node: cost.Node, often: Expr) -> cost.Node:
        match node:
            case Operation():
                assert node.trained is not None  # the body was walked
                part = replace(node.trained, kept=(), again=node.trained.again + often)
                return replace(node, trained=part)
            case cost.Stages():
                bodies = tuple(self.body(body, often) for body in node.bodies)
                return replace(node, bodies=bodies)
            case cost.Cases():
                then, otherwise = (self.body(b, often) for b in (node.then, node.otherwise))
                return replace(node, then=then, otherwise=otherwise)
        return replace(node, body=self.body(node.body, often))
