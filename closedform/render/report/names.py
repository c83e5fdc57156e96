"""What the symbols of a document mean: sizes, abbreviations, and the sizes before stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sympy import Expr, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.solve.closed import symbols_of
from closedform.derive.solve.stages import stage_runs
from closedform.derive.trace.lines import nodes_of
from closedform.grammar import tree
from closedform.render.language import Language


@dataclass(frozen=True)
class SymbolRow:
    symbol: w.Symbol
    meaning: str
    default: w.Written | None


@dataclass(frozen=True)
class Definition:
    """`symbol = formula`: an abbreviation, or a size before the first stage."""

    symbol: w.Symbol
    formula: w.Written
    meaning: str


class Names:
    """The names in what is shown, in the conditions that it rests on, and in what defines them.

    `starts` are the sizes before the first stage, D_0 = 3: those that are shown are kept.
    """

    def __init__(
        self,
        derivation: Derivation,
        shown: tuple[object, ...],
        starts: Mapping[str, Expr],
        order: forms.Order,
        words: Language,
    ) -> None:
        self.derivation, self.order, self.words = derivation, order, words
        symbols = [node for node in nodes_of(shown) if isinstance(node, w.Symbol)]
        before = {symbol.name for symbol in symbols if (symbol.index or "").endswith("-1")}
        self.starts = {n: v for n, v in starts.items() if n.rpartition("_")[0] in before}
        printed = {symbol.name for symbol in symbols}
        defined = [*self.starts.values(), *(fact.condition for fact in derivation.facts)]
        self.lets = self._lets(printed, defined)
        spelled = (derivation.known.spelled[symbol] for symbol in self.lets)
        self.used = printed | _names_in([*spelled, *defined])
        while more := self._in_defaults() - self.used:
            self.used |= more

    def _lets(self, printed: set[str], defined: Iterable[Expr]) -> list[Symbol]:
        """The abbreviations that stand there, and those that they need, each after these."""
        families = self.derivation.stage_symbols
        spelled = self.derivation.known.spelled
        waiting = [s for s in spelled if printed & {s.name, families.get(s, ("",))[0]}]
        waiting += [symbol for value in defined for symbol in value.free_symbols]
        return with_needed(self.derivation, waiting)

    def _in_defaults(self) -> set[str]:
        """The names in the defaults of those that are used."""
        defaults = self.derivation.defaults
        return _names_in(
            defaults[symbol]
            for name, family in self.derivation.symbols.items()
            if self.used & {name, *(symbol.name for symbol in family)}
            for symbol in family
            if symbol in defaults
        )

    def symbols(self) -> tuple[SymbolRow, ...]:
        """The dims; those of a block in its own sizes have no meaning told."""
        names, rows = self.derivation.declared, []
        told = {symbol.name for symbol in self.lets}
        for name, family in self.derivation.symbols.items():
            declaration = names[name].declaration if name in names else None
            spellings = {name, *(symbol.name for symbol in family)}
            if not spellings & self.used or not isinstance(declaration, tree.Dim):
                continue
            told |= spellings
            stage = declaration.length is not None
            symbol = w.Symbol(name, "s" if stage else None)
            rows.append(SymbolRow(symbol, declaration.meaning or "", self._default(family, stage)))
        if self.derivation.generic:
            own = (symbol.name for symbol in symbols_of(self.derivation))
            more = (name for name in own if name in self.used and name not in told)
            rows += [SymbolRow(w.Symbol(name), "", None) for name in more]
        return tuple(rows)

    def _default(self, family: tuple[Symbol, ...], stage: bool) -> w.Written | None:
        defaults = [self.derivation.defaults.get(symbol) for symbol in family]
        if any(value is None for value in defaults):
            return None
        parts = tuple(forms.write(value, self.order) for value in defaults)
        return w.Function("", parts) if stage else parts[0]

    def where(self) -> tuple[Definition, ...]:
        """The abbreviations, each after those it needs, and what enters the first stage."""
        families: dict[str, dict[int, Expr]] = {}
        for symbol in self.lets:
            family, at = self.derivation.stage_symbols.get(symbol, (symbol.name, 0))
            families.setdefault(family, {})[at] = self.derivation.known.spelled[symbol]
        rows: list[Definition] = []
        starts = list(self._starts())
        for family, values in families.items():
            alone = values.pop(0, None)  # a size of the whole model, beside those of its stages
            if alone is not None:
                written = forms.shortest(alone, self.order)
                rows.append(Definition(w.Symbol(family), written, self._meaning(family)))
            if values:
                rows += [*starts, *self._of_stages(family, values)]
                starts = []
        return (*rows, *starts)

    def _starts(self) -> Iterator[Definition]:
        for name, value in self.starts.items():
            family, _, index = name.rpartition("_")
            yield Definition(w.Symbol(family, index), forms.write(value, self.order), "")

    def _meaning(self, name: str) -> str:
        entity = self.derivation.declared.get(name)
        if entity and isinstance(entity.declaration, tree.Let):
            return entity.declaration.meaning or ""
        return ""

    def _of_stages(self, family: str, values: dict[int, Expr]) -> Iterator[Definition]:
        """`m_1 = I/4`, then `m_s = m_(s-1)/2` once for all the stages that have it so."""
        declared = self._meaning(family)
        for run in stage_runs(values, self.derivation.stage_symbols):
            if run.first == run.last:
                written = forms.shortest(values[run.first], self.order)
                yield Definition(w.Symbol(family, str(run.first)), written, declared)
            else:
                stages = self.words.tr("for s = {first}..{last}", first=run.first, last=run.last)
                meaning = f"{declared}, {stages}" if declared else stages
                yield Definition(w.Symbol(family, "s"), run.write(self.order), meaning)


def meaning(derivation: Derivation, symbol: Symbol) -> str:
    """What the file says of a size or an abbreviation; nothing where it says nothing."""
    family, _ = derivation.stage_symbols.get(symbol, (symbol.name, 0))
    entity = derivation.declared.get(family)
    declaration = entity.declaration if entity else None
    told = declaration.meaning if isinstance(declaration, tree.Dim | tree.Let) else None
    return told or ""


def with_needed(derivation: Derivation, waiting: Iterable[Symbol]) -> list[Symbol]:
    """The abbreviations among symbols, and those that they need, in the order of definition."""
    spelled = derivation.known.spelled
    found: set[Symbol] = set()
    waiting = list(waiting)
    while waiting:
        symbol = waiting.pop()
        if symbol in spelled and symbol not in found:
            found.add(symbol)
            waiting.extend(spelled[symbol].free_symbols)
    return [symbol for symbol in spelled if symbol in found]


def _names_in(values: Iterable[Expr]) -> set[str]:
    return {symbol.name for value in values for symbol in value.free_symbols}
