"""The text of a body: one statement for what is used more than once, pipes for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field

from closedform.data import dataclass
from closedform.errors import fail
from closedform.torch.acts import Act, Call, Group, Round, taken
from closedform.torch.fitting import Values
from closedform.torch.scopes import Scope
from closedform.torch.steps.rows import SIZE, WIDTH, Option, Step, is_usual

WIDE = 70  # what is longer gets a name
NAMES = ("x", "y", "z", "u", "v", "w", "p", "q", "r", "s", "t")
PROJECTIONS = {
    "q": "q",
    "k": "k",
    "v": "v",
    "query": "q",
    "key": "k",
    "value": "v",
    "gate": "gate",
    "up": "up",
}
PIPE, SUM, PRODUCT, ATOM = 0, 1, 2, 3


@dataclass
class Written:
    """An expression: its text, how it binds, and the values whose names stand in it."""

    text: str
    level: int = ATOM
    of: frozenset[str] = frozenset()

    def within(self, level: int) -> str:
        """The text as an operand of what binds so."""
        return self.text if self.level >= level else f"({self.text})"


@dataclass
class Block:
    """A block that is written: its name, the names and values of its parameters, for each call."""

    name: str
    parameters: dict[str, Values]
    calls: int

    def of_call(self, name: str, instance: int) -> Values:
        values = self.parameters[name]
        each = len(values) // self.calls
        return values[instance * each : (instance + 1) * each]


@dataclass
class Body:
    """Writes the lines of a body in the words of its scope."""

    scope: Scope
    blocks: Callable[[Group], Block]
    reserved: set[str]
    env: dict[str, Written] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # of values that have a name
    last: dict[str, float] = field(default_factory=dict)
    parts: dict[str, Step] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)  # the projection that a value is of
    operands: set[str] = field(default_factory=set)  # of products, which read better as names
    wanted: dict[str, str] = field(default_factory=dict)  # names of what a loop hands on

    def enter(self, value: str, name: str) -> None:
        """An input, by its name."""
        self.names[value] = name
        self.env[value] = Written(name, ATOM, frozenset({value}))

    def lines(
        self,
        acts: list[Act],
        out: tuple[str, ...],
        indent: str,
        named: bool = False,
        alive: Iterable[str] = (),
    ) -> list[str]:
        """The statements of acts; `out` are the values that are needed after them, by a name, and
        `alive` those from outside whose names must not be taken."""
        uses: dict[str, int] = {}
        last: dict[str, float] = {}
        for i, act in enumerate(acts):
            for name in taken(act):
                uses[name] = uses.get(name, 0) + (2 if isinstance(act, Round) else 1)
                last[name] = i
        for name in out:
            last[name] = float("inf")
            uses[name] = uses.get(name, 0) + (2 if named else 1)
        last |= dict.fromkeys(alive, float("inf"))
        products = [a for a in acts if isinstance(a, Step) and a.op in ("einsum", "concat")]
        self.operands = {name for act in products for name in act.takes}
        saved, self.last = (
            self.last,
            {**{n: v for n, v in self.last.items() if v == float("inf")}, **last},
        )
        lines: list[str] = []
        for i, act in enumerate(acts):
            if isinstance(act, Step):
                lines += self.step(act, i, uses, out, acts, indent)
            elif isinstance(act, Call):
                lines += self.call(act, i, uses, indent)
            else:
                lines += self.round(act, i, indent)
        self.last = saved
        return lines

    # Names -----------------------------------------------------------------------------------

    def name(self, value: str, at: float, hint: str) -> str:
        """A name for a value: one that no value has that is needed later."""
        alive = {self.names[v] for v in self.names if self.last.get(v, -1) > at and v != value}
        asked = [hint] if hint else []
        for name in (*asked, *NAMES, *(f"x{i}" for i in range(2, 1000))):
            if name not in alive and name not in self.reserved and name not in self.scope.atoms:
                return name
        raise fail("limit", "a body has more than a thousand values at once")

    def assign(self, value: str, written: Written, at: float, hint: str, indent: str) -> str:
        own = {self.names[v] for v in written.of if v in self.names} & {*PROJECTIONS.values()}
        same = "einsum" not in written.text and len(own) == 1
        hint = self.wanted.get(value, hint)
        name = self.name(value, at, hint or (own.pop() if same else ""))
        self.enter(value, name)
        return f"{indent}{name} = {written.text}"

    def give(
        self,
        value: str,
        written: Written,
        at: int,
        uses: dict[str, int],
        indent: str,
        hint: str = "",
    ) -> list[str]:
        """A line, where a value is used more than once or is long, else none."""
        product = value in self.operands and " -> " in written.text
        if uses.get(value, 0) == 1 and len(written.text) <= WIDE and not product:
            self.env[value] = written
            for name in written.of:
                self.last[name] = max(self.last.get(name, -1), self.last[value])
            return []
        return [self.assign(value, written, at, hint, indent)]

    # Acts ------------------------------------------------------------------------------------

    def step(
        self,
        act: Step,
        at: int,
        uses: dict[str, int],
        out: tuple[str, ...],
        acts: list[Act],
        indent: str,
    ) -> list[str]:
        if act.op == "part":
            source = self.parts.get(act.takes[0])
            if source is None:
                return []  # it has its name by the split
            axis, _ = source.form
            index = act.form[0]
            base = self.env[act.takes[0]]
            prefix = ":, " * int(str(axis))
            text = f"{base.within(ATOM)}[{prefix}{index}]"
            self.env[act.name] = Written(text, ATOM, base.of)
            for name in base.of:
                self.last[name] = max(self.last.get(name, -1), self.last.get(act.name, -1))
            return []
        if act.op == "unbind":
            self.parts[act.name] = act
            base = self.env[act.takes[0]]
            given = act.takes[0] in self.names
            for later in acts:
                if isinstance(later, Step) and later.op == "part" and later.takes[0] == act.name:
                    self.last[act.name] = max(
                        self.last.get(act.name, -1), self.last.get(later.name, -1)
                    )
            if given:
                self.env[act.name] = base
                for name in base.of:
                    self.last[name] = max(self.last.get(name, -1), self.last[act.name])
                return []
            name = self.name(act.name, at, "")
            self.enter(act.name, name)
            return [f"{indent}{name} = {base.text}"]
        if act.op == "split":
            found = {
                int(str(a.form[0])): a.name
                for a in acts
                if isinstance(a, Step) and a.op == "part" and a.takes[0] == act.name
            }
            base = self.env[act.takes[0]]
            axis, count = act.form
            pool = ("q", "k", "v") if count == 3 else ("a", "b", "c", "e", "f", "g")
            chosen = []
            for i in range(int(str(count))):
                value = found.get(i, f"{act.name}.{i}")
                name = self.name(value, at, pool[i] if i < len(pool) else "a")
                chosen.append(name if i in found else f"_{name}")
                self.enter(value, chosen[-1])
            sizes = [self.option(o) for o in act.options]
            how = f"[{', '.join(sizes)}]" if sizes else str(count)
            return [f"{indent}{', '.join(chosen)} = split({base.text}, {how}, axis={axis})"]
        before = []
        sliced = act.op == "cut" or (act.op == "select" and act.form[0] != 0)
        if sliced and self.env[act.takes[0]].level < ATOM:
            value = act.takes[0]  # what is sliced has a name
            before = [self.assign(value, self.env[value], at, "", indent)]
        return before + self.give(
            act.name, self.expression(act), at, uses, indent, self.hinted(act)
        )

    def hinted(self, act: Step) -> str:
        """A name for what an operation gives: that of a projection, or `a` for attention."""
        if act.op == "softmax":
            return "a"
        for name in (act.module, *(self.modules.get(n, "") for n in act.takes)):
            short = name.rpartition(".")[2].removesuffix("_proj")
            if short in PROJECTIONS:
                self.modules[act.name] = name
                return PROJECTIONS[short] if act.op != "+" else ""
        return ""

    def call(self, act: Call, at: int, uses: dict[str, int], indent: str) -> list[str]:
        block = self.blocks(act.group)
        first, *others = [self.env[n] for n in act.takes]
        arguments = [w.text for w in others]
        for name in block.parameters:
            values = tuple(v for instance in act.instances for v in block.of_call(name, instance))
            arguments.append(self.scope.size(values, WIDTH, name).text)
        tail = f"({', '.join(arguments)})" if arguments else ""
        of = frozenset(n for w in (first, *others) for n in w.of)
        written = Written(f"{first.text} -> {block.name}{tail}", PIPE, of)
        if len(act.gives) == 1:
            return self.give(act.gives[0], written, at, uses, indent)
        chosen = []
        for value in act.gives:
            name = self.name(value, at, "")
            self.enter(value, name)
            self.last.setdefault(value, at + 1)
            chosen.append(name)
        return [f"{indent}{', '.join(chosen)} = {written.text}"]

    def round(self, act: Round, at: int, indent: str) -> list[str]:
        lines = []
        carried = []
        for before, out in act.carried:
            written = self.env[before]
            if before not in self.names or self.last.get(before, -1) > at:
                lines.append(self.assign(f"{before}.", written, at, "", indent))
                name = self.names[f"{before}."]
            else:
                name = self.names[before]
            self.names[before] = name
            self.env[before] = Written(name, ATOM, frozenset({before}))
            carried.append((name, before, out))
        count = self.scope.size(act.counts, SIZE, "experts" if act.choice else "layers")
        kind = f"choose 1 of {count.text}" if act.choice else f"repeat {count.text}"
        if act.growth:
            last = f"({count.text})" if count.level == SUM else count.text
            kind = f"for {self.scope.free('i')} in 1..{last}"
        lines.append(f"{indent}{kind}{' shared' if act.shared else ''}:")
        self.wanted |= {out: name for name, _, out in carried}
        alive = {n for n, last in self.last.items() if last > at} | {*taken(act)}
        alive -= {before for _, before, _ in carried}
        outs = tuple(out for _, _, out in carried)
        inner = self.lines(act.acts, outs, f"{indent}    ", True, alive)
        for name, _, out in carried:
            have = self.env[out].text
            if have != name:
                inner.append(f"{indent}    {name} = {have}")
            self.enter(out, name)
        return lines + inner

    # Expressions -----------------------------------------------------------------------------

    def option(self, option: Option) -> str:
        if isinstance(option.value, str):
            return option.value
        return self.scope.size(option.value, option.role, option.hint or option.key).text

    def expression(self, act: Step) -> Written:
        operands = [self.env[n] for n in act.takes]
        of = frozenset(n for w in operands for n in w.of)
        match act.op:
            case "zeros" | "param":
                shape = ", ".join(self.option(o) for o in act.options if o.key == "")
                more = "".join(f", {o.key}={self.option(o)}" for o in act.options if o.key)
                return Written(f"{act.op}([{shape}]{more})", ATOM)
            case "+" | "-" | "*" | "/":
                return self.signed(act, operands, of)
            case "neg":
                return Written(f"-{operands[0].within(ATOM)}", PRODUCT, of)
            case "einsum":
                return Written(
                    f'einsum("{act.form[0]}", {", ".join(w.text for w in operands)})', ATOM, of
                )
            case "concat":
                along = self.option(act.options[0])
                return Written(
                    f"concat({', '.join(w.text for w in operands)}, axis={along})", ATOM, of
                )
            case "rearrange":
                return Written(f"{operands[0].text} -> {self.view(act)}", PIPE, of)
            case "mean" | "sum" | "amax":
                return Written(f'{operands[0].text} -> {act.op}("{act.form[0]}")', PIPE, of)
            case "select":
                axis, index = int(str(act.form[0])), act.form[2]
                at = str(index) if index is not None else self.option(act.options[0])
                if axis == 0:
                    return Written(f"{operands[0].text} -> take({at})", PIPE, of)
                return Written(f"{operands[0].within(ATOM)}[{':, ' * axis}{at}]", ATOM, of)
            case "cut":
                axis, rank = (int(str(n)) for n in act.form)
                start, end = (self.option(o) for o in act.options)
                before = "..., " if axis == rank - 1 and axis else ":, " * axis
                return Written(f"{operands[0].within(ATOM)}[{before}{start}:{end}]", ATOM, of)
            case "expand":
                raise fail(
                    "operation",
                    f"`aten.expand` in `{act.module}` has no place in the language",
                    None,
                    "what is broadcast is known for keys of grouped-query attention alone",
                )
        said = [o for o in act.options if not is_usual(o)]
        options = [f"{o.key}={self.option(o)}" if o.key else self.option(o) for o in said]
        tail = (
            f"({', '.join([*(w.text for w in operands[1:]), *options])})"
            if options or operands[1:]
            else ""
        )
        return Written(f"{operands[0].text} -> {act.op}{tail}", PIPE, of)

    def signed(self, act: Step, operands: list[Written], of: frozenset[str]) -> Written:
        level = SUM if act.op in "+-" else PRODUCT
        space = " " if level == SUM else ""
        if len(operands) == 1:
            place, number = act.form
            text = str(number)
            if number == "sqrt":
                text = f"sqrt({self.option(act.options[0])})"
            left, right = (
                (operands[0].within(level), text)
                if place
                else (text, operands[0].within(level + 1))
            )
            return Written(f"{left}{space}{act.op}{space}{right}", level, of)
        left = operands[0].within(level)
        right = operands[1].within(level if act.op in "+*" else level + 1)
        return Written(f"{left}{space}{act.op}{space}{right}", level, of)

    def view(self, act: Step) -> str:
        """`rearrange`, with the sizes that a reader cannot see."""
        left, right = act.form
        assert isinstance(left, tuple)
        assert isinstance(right, tuple)
        sizes = {o.key: o.value for o in act.options if not isinstance(o.value, str)}
        roles = {o.key: o.role for o in act.options}
        called = _axes(left, right)
        said = []
        for group in (g for g in left if len(g) > 1):
            known = {a: self.scope.known(sizes[a], roles[a]) for a in group}
            unknown = [
                a
                for a, size in known.items()
                if size is None or (called[a] in ("h", "g") and size.text not in self.scope.atoms)
            ]
            omitted = (unknown or list(group))[-1]
            if len(unknown) > 1 and called[unknown[-1]] in ("h", "g"):
                omitted = unknown[0]
            for axis in group:
                if axis != omitted:
                    hint = {"h": "heads", "g": "groups"}.get(called[axis], called[axis] * 2)
                    said.append(
                        f"{called[axis]}={self.scope.size(sizes[axis], roles[axis], hint).text}"
                    )
        sides = [
            " ".join(_group([called[a] for a in group]) for group in groups)
            for groups in (left, right)
        ]
        return f'rearrange("{sides[0]} -> {sides[1]}"{"".join(f", {s}" for s in said)})'


def _group(names: list[str]) -> str:
    if not names:
        return "1"
    return names[0] if len(names) == 1 else f"({' '.join(names)})"


def _axes(left: tuple[tuple[str, ...], ...], right: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    """Letters for the axes of a pattern: (h e) for heads, (i j) for the sides of a map."""
    free = list("nmlbcdijkpqrstuvwxyzaefgh")
    found: dict[str, str] = {}

    def take(axis: str, *wanted: str) -> None:
        letter = next((c for c in wanted if c in free), free[0])
        free.remove(letter)
        found[axis] = letter

    for at, group in enumerate(left):
        if len(group) > 1:
            row = {2: ("h", "e") if at == len(left) - 1 else ("g", "r")}.get(
                len(group), ("a", "h", "e", "f", "g")
            )
            for axis, letter in zip(group, row, strict=False):
                take(axis, letter)
    order = [a for group in left for a in group]
    for group in right:
        if len(group) == 2 and not any(a in found for a in group):
            is_map = list(group) == order[-2:]
            for axis, letter in zip(group, ("i", "j") if is_map else ("h", "e"), strict=True):
                take(axis, letter)
        if len(group) == 3 and not any(a in found for a in group):
            for axis, letter in zip(group, ("g", "r", "e"), strict=True):
                take(axis, letter)
    maps = "i" in found.values()
    rest = [a for group in left for a in group if a not in found]
    letters = {1: "n" if len(order) > 1 else "d", 2: "nd", 3: "nmd", 4: "bnmd"}
    if maps:
        letters |= {1: "c", 2: "bc"}
    for axis, letter in zip(rest, letters.get(len(rest), "abcdpqrs"), strict=False):
        take(axis, letter)
    for axis in rest:
        if axis not in found:
            take(axis)
    return found
