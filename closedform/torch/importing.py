"""From traces to a file: blocks, the model, sizes as symbols, and presets with what was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from closedform.derive.resolve.builtin import USAGE
from closedform.derive.resolve.library import standard_library
from closedform.errors import fail
from closedform.grammar import format_file, parse
from closedform.grammar.wording import RESERVED
from closedform.torch.acts import Builder, Call, Group, Inside, Round, widened
from closedform.torch.counting import counts
from closedform.torch.graph import Graph, graph
from closedform.torch.regions import called, merged
from closedform.torch.scopes import ModelScope, Scope
from closedform.torch.steps import Known, Values, columns
from closedform.torch.text import Block, Body
from closedform.torch.trace import Trace


def imported(traces: Sequence[Trace], names: Mapping[str, str] | None = None, ops: str | None = None, declared: frozenset[str] = frozenset()) -> str:
    """The file of a model that was traced, once, or at several values of its sizes."""
    return _Import(traces, names or {}, ops, declared).text()


class _Import:
    def __init__(
        self,
        traces: Sequence[Trace],
        names: Mapping[str, str],
        ops: str | None,
        declared: frozenset[str],
    ) -> None:
        self.traces, self.ops, self.declared = traces, ops, declared
        self.given = {k: tuple(t.given[k] for t in traces) for k in traces[0].given} if len(traces) > 1 else {}
        theirs = {code: name for name, code in names.items()}
        self.words = {*RESERVED, *standard_library().names, *USAGE}
        self.sizes = {k: theirs.get(k) or self.symbol(k) for k in self.given}
        self.blocks: dict[int, Block] = {}
        self.texts: list[str] = []

    def symbol(self, name: str) -> str:
        return name if name not in self.words else name.capitalize()

    def text(self) -> str:
        graphs = [graph(trace) for trace in self.traces]
        first, rows = merged([called(g) for g in graphs])
        trace = first.graph.trace
        parameters = {w.name for w in trace.weights.values() if w.kind == "parameter"}
        known = Known(parameters, first.graph.fixed, self.declared, dict(trace.modules))
        builder = Builder(first, graphs, rows, known, _single(graphs))
        model = builder.model()
        self.call_names(builder)
        varied = {self.sizes[k]: v for k, v in self.given.items() if len(set(v)) > 1}
        scope = ModelScope(dict(varied), {*self.words})
        body = Body(scope, self.block, {*self.words, *varied})
        name = _camel(trace.modules.get("", "Model"))
        inputs = []
        for i in trace.inputs:
            if i.name in model.takes:
                shape = columns([next(j.shape for j in t.inputs if j.name == i.name)[1:] for t in self.traces])
                called_ = "tokens" if "ids" in i.name else "image" if len(shape) == 3 else i.name
                called_ = called_ if called_ not in body.reserved else f"{called_}_"
                body.enter(i.name, called_)
                inputs.append(f"{called_}: [{', '.join(scope.size(v, 'size', '').text for v in shape)}]")
        lines = body.lines(model.acts, model.gives, "    ")
        ran = {name for node in first.graph.nodes for name in node.refs}
        unused = [w for w in trace.weights.values() if w.kind == "parameter" and w.name not in ran]
        if unused:
            lines.append("    choose 0 of 1:  # weights that did not run")
            for n, w in enumerate(unused):
                shape = columns([_weight(t, w.owner) for t in self.traces])
                sizes = ", ".join(scope.size(v, "size", "").text for v in shape)
                lines.append(f"        _unused{n + 1} = param([{sizes}])  # {w.owner}")
        back = ", ".join(body.env[n].text for n in model.gives)
        lines.append(f"    return {back}")
        head = [f'"""{name}, as `{trace.factory}` was traced."""', ""]
        if self.ops:
            used = sorted({a for a in self.declared if any(f"-> {a}" in line for line in [*lines, *self.texts])})
            head += [f"from {self.ops} import {', '.join(used)}", ""] if used else []
        head += [f"dim {n}" for n in varied]
        facts = [f"{a} | {b}" for a, b in scope.divides]
        head += ["", f"assume {', '.join(facts)}"] if facts else []
        text = "\n".join([*head, "", *self.texts, f"model {name}({', '.join(inputs)}):", *lines, "", *self.presets(varied)])
        return format_file(parse(text, f"{name}.arch"))

    def presets(self, varied: Mapping[str, Values]) -> list[str]:
        lines = []
        for n, trace in enumerate(self.traces):
            found = counts(trace)
            bindings = ", ".join(f"{name}={values[n]}" for name, values in varied.items())
            title = "traced" if n == 0 else f"traced {n + 1}"
            lines.append(f'preset "{title}":{" " if bindings else ""}{bindings}')
            lines.append(f"    expect params = {found.params}, macs = {found.macs}")
        return lines

    # Blocks ----------------------------------------------------------------------------------

    def call_names(self, builder: Builder) -> None:
        """Names for groups: that of the class, and what is inside where a class has several."""
        by_class: dict[str, list[Group]] = {}
        for group in builder.groups.values():
            by_class.setdefault(group.kind, []).append(group)
        self.named: dict[int, str] = {}
        taken = set(self.words)
        for kind, groups in by_class.items():
            common = frozenset.intersection(*(g.children for g in groups))
            for group in groups:
                extra = "".join(map(_camel, sorted(group.children - common))) if len(groups) > 1 else ""
                made, number = _camel(kind) + extra, 2
                while made in taken:
                    made, number = f"{_camel(kind)}{extra}{number}", number + 1
                taken.add(made)
                self.named[id(group)] = made

    def block(self, group: Group) -> Block:
        """A block, written when it is first used."""
        if id(group) in self.blocks:
            return self.blocks[id(group)]
        acts = widened([i.acts for i in group.instances])
        first = group.instances[0]
        shapes = {
            name: tuple(
                tuple(v for i in group.instances for v in i.shapes[at][axis])
                for axis in range(len(first.shapes[at]))
            )
            for at, name in enumerate(first.takes)
        }
        scope = Scope(taken={*self.words, *self.sizes.values()})
        body = Body(scope, self.block, {*self.words, *self.sizes.values()})
        inputs = []
        for value, name in zip(first.takes, ("x", "y", "z", "u", "v", "w"), strict=False):
            axes = shapes[value]
            names = {1: ["d"], 2: ["n", "d"], 3: ["c", "h", "w"]}.get(len(axes), [*"abcdefg"][: len(axes)])
            like = [(n, "h") if n == "w" else (n,) for n in names]
            bound = [scope.bind(*row) for row in zip(axes, names, like, strict=True)]
            body.enter(value, name)
            inputs.append(f"{name}: [{', '.join(bound)}]")
        lines = body.lines(acts, first.gives, "    ")
        lines.append(f"    return {', '.join(body.env[n].text for n in first.gives)}")
        name = self.named[id(group)]
        parameters = [*inputs, *scope.parameters]
        self.texts += [f"block {name}({', '.join(parameters)}):", *lines, ""]
        self.blocks[id(group)] = Block(name, dict(scope.parameters), len(group.instances))
        return self.blocks[id(group)]


def _camel(name: str) -> str:
    """The name of a class, or of a part as that of one."""
    last = name.rpartition(".")[2]
    return "".join(part[:1].upper() + part[1:] for part in last.split("_")) or "Model"


def _weight(trace: Trace, owner: str) -> tuple[int, ...]:
    found = next((w.shape for w in trace.weights.values() if w.owner == owner), None)
    if found is None:
        raise fail("trace", f"the traces differ in more than numbers: one has no `{owner}`")
    return found


def _single(graphs: Sequence[Graph]) -> set[str]:
    """The classes of which every trace calls one module, once."""
    found: Counter[str] = Counter()
    for one in graphs:
        calls = {path for node in one.nodes for path in node.stack}
        kinds = Counter(one.trace.modules[path.partition("@")[0]] for path in calls)
        found |= kinds
    return {kind for kind, count in found.items() if count == 1}
