"""From traces to a file: blocks, the model, sizes as symbols, and presets with what was counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from closedform.derive.resolve.builtin import USAGE
from closedform.derive.resolve.library import standard_library
from closedform.errors import fail
from closedform.files import read_text
from closedform.grammar import format_file, parse, tree
from closedform.grammar.wording import RESERVED
from closedform.torch.acts import Builder, Group, Round, widened
from closedform.torch.checking import compare_shapes, confirmed, settled, shapes_of
from closedform.torch.counting import counts
from closedform.torch.graph import Graph, graph
from closedform.torch.regions import called, merged
from closedform.torch.scopes import ModelScope, Scope
from closedform.torch.steps.rows import Known, columns
from closedform.torch.text import Block, Body
from closedform.torch.trace import Trace, making_sense

CUSTOMS = {
    "depth": "L", "layers": "L", "num_layers": "L", "n_layer": "L", "num_hidden_layers": "L",
    "hidden": "F", "mlp": "F", "intermediate_size": "F", "size": "I", "side": "I",
    "image_size": "I", "img_size": "I", "embed_dim": "D", "hidden_size": "D",
    "num_heads": "H", "num_attention_heads": "H", "mlp_ratio": "R", "num_classes": "C",
    "num_blocks": "L", "growth_rate": "K",
}  # fmt: skip


def imported(
    traces: Sequence[Trace], names: Mapping[str, str] | None = None, ops: Path | None = None
) -> str:
    """The file of a model that was traced once, or at several values of its sizes.

    `names` gives names to the sizes of the code, `D` to `dim`; `ops` is a file with declarations of
    operations that the import does not know. Traces that are held out are not fitted: they have to
    agree. Raises ClosedformError where an operation has no place in the language, where a size has
    no formula or several, and where what was made does not give what was counted.
    """
    declared: frozenset[str] = frozenset()
    if ops is not None:
        file = parse(read_text(ops), str(ops))
        declared = frozenset(d.name.name for d in file.declarations if isinstance(d, tree.Op))
    fitted = [t for t in traces if not t.held]
    if not fitted:
        raise fail("trace", "every trace is held out, and none is left to read")
    with making_sense(fitted):
        return _made(_Import(fitted, traces, names or {}, ops, declared))


def _made(made: _Import) -> str:
    """The file, as it was compared with the traces."""
    fitted, traces, ops = made.traces, made.every, made.ops
    folder = ops.parent if ops is not None else Path()
    head, presets = made.text(), made.presets()
    text = settled("\n".join([head, *presets[:2], ""]), folder)
    text = confirmed(format_file(parse("\n".join([text, *presets[2:], ""]), "model.arch")), folder)
    ends = sorted({0, len(fitted) - 1})
    titles = [made.title(traces.index(fitted[n])) for n in ends]
    compare_shapes(text, folder, titles, [shapes_of(made.model.acts, n) for n in ends])
    return made.shortened(text)


class _Import:
    def __init__(
        self,
        traces: Sequence[Trace],
        every: Sequence[Trace],
        names: Mapping[str, str],
        ops: Path | None,
        declared: frozenset[str],
    ) -> None:
        self.traces, self.every, self.ops, self.declared = traces, every, ops, declared
        self.given = (
            {k: tuple(t.given[k] for t in traces) for k in traces[0].given}
            if len(traces) > 1
            else {}
        )
        self.words = {*RESERVED, *standard_library().names, *USAGE}
        for name in names.values():
            if name not in self.given:
                known = f"they are {', '.join(self.given)}" if self.given else "one trace has none"
                raise fail("name", f"`{name}` is no size that was varied", None, known)
        self.sizes: dict[str, str] = {code: name for name, code in names.items()}
        for name in self.given:
            self.sizes[name] = self.sizes.get(name) or self.symbol(name)
        self.blocks: dict[int, Block] = {}
        self.texts: list[str] = []
        self.named: dict[int, str] = {}

    def symbol(self, name: str) -> str:
        """The letter that is usual for a size, or its first, or its name."""
        for made in (CUSTOMS.get(name, ""), name[0].upper(), name.capitalize(), f"{name}_"):
            if made and made not in self.sizes.values() and made not in self.words:
                return made
        raise fail(
            "name", f"`{name}` has no name in the file", None, f"give it one: --map N={name}"
        )

    def text(self) -> str:
        graphs = [graph(trace) for trace in self.traces]
        first, rows = merged([called(g) for g in graphs])
        trace = first.graph.trace
        parameters = {w.name for w in trace.weights.values() if w.kind == "parameter"}
        known = Known(parameters, first.graph.fixed, self.declared, dict(trace.modules))
        builder = Builder(first, graphs, rows, known, _single(graphs))
        model = self.model = builder.model()
        self.call_names(builder)
        varied = {self.sizes[k]: v for k, v in self.given.items() if len(set(v)) > 1}
        scope = ModelScope(dict(varied), {*self.words})
        body = Body(scope, self.block, {*self.words, *varied})
        name = _camel(trace.modules.get("", "Model"))
        inputs = []
        for i in trace.inputs:
            if i.name in model.takes:
                shape = columns(
                    [next(j.shape for j in t.inputs if j.name == i.name)[1:] for t in self.traces]
                )
                called_ = "tokens" if "ids" in i.name else "image" if len(shape) == 3 else i.name
                taken = {*body.reserved, *body.names.values()}
                called_ = i.name if called_ in taken else called_
                while called_ in taken:
                    called_ = f"{called_}_"
                body.enter(i.name, called_)
                inputs.append(
                    f"{called_}: [{', '.join(scope.size(v, 'size', '').text for v in shape)}]"
                )
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
            used = {a for a in self.declared for line in (*lines, *self.texts) if f"-> {a}" in line}
            if used:
                head += [f"from {self.ops.stem} import {', '.join(sorted(used))}", ""]
        meant = {name: code for code, name in self.sizes.items()}
        head += [f'dim {n}  "{meant[n]}"' for n in varied]
        facts = [f"{a} | {b}" for a, b in scope.divides]
        head += ["", f"assume {', '.join(facts)}"] if facts else []
        written = [f"model {name}({', '.join(inputs)}):", *lines, ""]
        return "\n".join([*head, "", *self.texts, *written])

    def title(self, number: int) -> str:
        """The title of the preset of a trace, all of them counted."""
        held = sum(t.held for t in self.every[: number + 1])
        if self.every[number].held:
            return f"held out {held}"
        return "traced" if number == held == 0 else f"traced {number + 1 - held}"

    def presets(self) -> list[str]:
        """A preset for each trace, with what was counted there."""
        lines = []
        for n, trace in enumerate(self.every):
            found = counts(trace)
            sizes = [
                f"{self.sizes[k]}={trace.given[k]}"
                for k, v in self.given.items()
                if len(set(v)) > 1
            ]
            lines.append(f'preset "{self.title(n)}":{" " if sizes else ""}{", ".join(sizes)}')
            lines.append(f"    expect params = {found.params}, macs = {found.macs}")
        return lines

    def shortened(self, text: str) -> str:
        """The file without the presets that its formulas were found with, but for the first."""
        kept = re.sub(r'^preset "traced \d+":.*\n(?:    .*\n)*', "", text, flags=re.MULTILINE)
        return format_file(parse(kept, "model.arch"))

    # Blocks ----------------------------------------------------------------------------------

    def call_names(self, builder: Builder) -> None:
        """Names for groups: that of the class, and what is inside where a class has several."""
        by_class: dict[str, list[Group]] = {}
        for group in builder.groups.values():
            by_class.setdefault(group.kind, []).append(group)
        taken = set(self.words)
        for kind, groups in by_class.items():
            common = frozenset.intersection(*(g.children for g in groups))
            for group in groups:
                extra = (
                    "".join(map(_camel, sorted(group.children - common))) if len(groups) > 1 else ""
                )
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
            names = {1: ["d"], 2: ["n", "d"], 3: ["c", "h", "w"]}.get(
                len(axes), [*"abcdefg"][: len(axes)]
            )
            like = [(n, "h") if n == "w" else (n,) for n in names]
            bound = [scope.bind(*row) for row in zip(axes, names, like, strict=True)]
            body.enter(value, name)
            grows = any(
                isinstance(a, Round) and a.growth and value in (before for before, _ in a.carried)
                for a in acts
            )
            shape = f"{bound[0]}; {', '.join(bound[1:])}" if grows else ", ".join(bound)
            inputs.append(f"{name}: [{shape}]")
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
