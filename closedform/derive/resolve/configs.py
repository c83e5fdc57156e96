"""Configurations of models (`config.json`) as presets, by the `config` of their family.

A configuration is data: names with numbers, texts, truth values or lists of these. What a family
does not read, ignore or restrict is refused by its name, since it may change what is counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import PurePath
from typing import Any, TypeAlias

from closedform.data import dataclass
from closedform.errors import ClosedformError, Source, Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in

# What the library that writes these files keeps in each of them, and that changes no count: where
# it comes from, tokens with a meaning, initialization, dropout, epsilons, what a call gives back.
_NEUTRAL = """
    _attn_implementation _attn_implementation_autoset _name_or_path attention_dropout
    attention_probs_dropout_prob attn_pdrop bad_words_ids begin_suppress_tokens bos_token_id
    chunk_size_feed_forward classifier_dropout cls_token_id decoder_start_token_id dropout
    dropout_rate dtype embd_pdrop eos_token_id finetuning_task forced_bos_token_id
    forced_eos_token_id gradient_checkpointing hidden_dropout hidden_dropout_prob id2label
    initializer_factor initializer_range label2id layer_norm_eps layer_norm_epsilon
    mask_token_id model_type output_attentions output_hidden_states pad_token_id prefix
    problem_type resid_pdrop return_dict return_dict_in_generate rms_norm_eps rope_parameters
    rope_scaling rope_theta sep_token_id task_specific_params tokenizer_class torch_dtype
    torchscript transformers_version unk_token_id use_cache
"""
NEUTRAL = frozenset(_NEUTRAL.split())

NULL = "null"  # in a condition: what a key is that has no value

MODERATE = re.compile(r"-?\d{1,40}(\.\d{1,40})?([eE][-+]?\d{1,2})?")  # numbers as they are saved

Value: TypeAlias = Fraction | str | bool | tuple[Any, ...]


@dataclass(frozen=True)
class Configuration:
    """A configuration: the value of each key that has one, those that are `null`, and where the
    keys stand.
    """

    source: Source
    values: Mapping[str, Value | Mapping[str, Any]]
    empty: frozenset[str] = frozenset()

    @property
    def family(self) -> str:
        """Its `model_type`. Raises ClosedformError where there is none."""
        found = self.values.get("model_type")
        if not isinstance(found, str):
            message = f"`{self.source.name}` does not say its `model_type`"
            help_ = 'a configuration begins with one: {"model_type": "llama", ...}'
            raise fail("config", message, Span(self.source, 0, 1), help_)
        return found

    @property
    def title(self) -> str:
        """What it is called: the name that it keeps, or that of its file."""
        named = self.values.get("_name_or_path")
        if isinstance(named, str) and named:
            return named
        path = PurePath(self.source.name)
        return path.parent.name if path.stem == "config" and path.parent.name else path.stem

    def place(self, key: str) -> Span:
        """Where a key stands."""
        found = re.search(re.escape(json.dumps(key)) + r"\s*:", self.source.text)
        start = found.start() if found else 0
        return Span(self.source, start, start + len(json.dumps(key)))


def read_configuration(source: Source) -> Configuration:
    """The configuration that a text holds.

    Raises ClosedformError for a text that is no JSON object.

    >>> read_configuration(Source("config.json", '{"model_type": "llama", "n": 3}')).values["n"]
    Fraction(3, 1)
    """

    def refused(text: str) -> Any:
        shown = text if len(text) < 20 else f"{text[:20]}..."
        raise fail("config", f"`{source.name}` has the value {shown}", None, "sizes are numbers")

    def number(text: str) -> Fraction:
        return Fraction(text) if MODERATE.fullmatch(text) else refused(text)

    try:
        found = json.loads(
            source.text, parse_int=number, parse_float=number, parse_constant=refused
        )
    except json.JSONDecodeError as error:
        place = Span(source, error.pos, error.pos + 1)
        message = f"this is no JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise fail("config", message, place, "give a `config.json` as it was saved") from None
    except (RecursionError, ValueError):
        message = f"`{source.name}` cannot be read as JSON: it is nested too deep, or a number is"
        raise fail("config", f"{message} too long", None, "give it as it was saved") from None
    if not isinstance(found, dict):
        help_ = 'a configuration is an object: {"model_type": "llama", ...}'
        raise fail("config", "this is no configuration", Span(source, 0, 1), help_)
    labels = found.get("id2label")
    if isinstance(labels, dict):
        found.setdefault("num_labels", Fraction(len(labels)))
    values = {k: _frozen(v) for k, v in found.items() if v is not None}
    return Configuration(source, values, frozenset(found.keys() - values.keys()))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def preset_of(
    node: tree.Config,
    configuration: Configuration,
    sizes: Mapping[str, int | None],
    ignored: Collection[str] = (),
) -> tree.Preset:
    """The preset that a configuration is; `sizes` are the names that are no keys, with the number
    of elements of those that are lists of a fixed one.

    Raises ClosedformError for a key that the family needs and that is not there, for one that it
    does not cover and that is not `ignored`, and for a value that it does not allow.
    """
    _check_ignored(node, configuration, ignored)
    _check_covered(node, configuration, {*sizes}, ignored)
    reader = _Reader(configuration, sizes, node)
    for line in node.lines:
        if isinstance(line, tree.Only):
            for condition in line.conditions:
                reader.check(condition)
    bindings = tuple(
        replace(b, value=reader.size(b))
        for line in node.lines
        if isinstance(line, tree.Given)
        for b in line.bindings
    )
    return tree.Preset(configuration.title, node.of, bindings, (), span=node.span)


def _check_ignored(node: tree.Config, given: Configuration, ignored: Collection[str]) -> None:
    """Refuse to ignore what is not there, and what the family reads or restricts."""
    for key in ignored:
        if key not in given.values:
            near = suggestion(key, given.values) or "name a key as it stands there"
            raise fail("argument", f"`{given.source.name}` has no key `{key}`", None, near)
        if key in keys_of(node, ignored=False):
            where = f'`config "{node.family}"` ({node.span})'
            message = f"`{key}` is read by {where}, and cannot be ignored"
            raise fail("argument", message, None, "ignore what it does not cover")


def _check_covered(
    node: tree.Config, given: Configuration, sizes: set[str], ignored: Collection[str]
) -> None:
    covered = keys_of(node) - sizes | {*ignored}
    unknown = [k for k in given.values if k not in NEUTRAL | covered | {"num_labels"}]
    if unknown:
        where = f'`config "{node.family}"` ({node.span})'
        option = f"--ignore {','.join(unknown)}"
        raise ClosedformError(
            *(
                fail(
                    "config",
                    f"`{key}` is not covered by {where}",
                    given.place(key),
                    f"where it changes nothing that is counted, ask with {option}, or add there: "
                    f"ignore {key}",
                ).diagnostics[0]
                for key in unknown
            )
        )


def keys_of(node: tree.Config, ignored: bool = True) -> set[str]:
    """The names that a family reads or restricts, and those that are `ignored`."""
    found: set[str] = set()
    for line in node.lines:
        if isinstance(line, tree.Ignore) and not ignored:
            continue
        read = [b.value for b in line.bindings] if isinstance(line, tree.Given) else [line]
        found |= set().union(*map(names_in, read))
    return found - {NULL}


class _MissingKeyError(Exception):
    """A key that is read is not there."""


class _Reader:
    """Puts the values of the keys in the place of their names."""

    def __init__(
        self, given: Configuration, sizes: Mapping[str, int | None], node: tree.Config
    ) -> None:
        self.given = given
        self.sizes = sizes
        self.node = node

    def size(self, binding: tree.Binding) -> tree.Expression:
        """The expression of a binding, its keys as what they are."""
        try:
            put: tree.Expression = self._put(binding.value)
            self._check_elements(binding, put)
            return put
        except _MissingKeyError as error:
            key, file = str(error), self.given.source.name
            raise fail(
                "config",
                f"`{file}` has no `{key}`, from which {binding.name.name} is read",
                binding.span,
                suggestion(key, self.given.values) or f"add it to the configuration: {key}",
            ) from None

    def _check_elements(self, binding: tree.Binding, put: tree.Expression) -> None:
        """Refuse a list of more or fewer stages than the family has, where it was given."""
        name, key, length = binding.name.name, binding.value, self.sizes.get(binding.name.name)
        if not isinstance(key, tree.Name) or not isinstance(put, tree.ListOf) or length is None:
            return
        if len(put.items) != length:
            message = (
                f"`{self.node.family}` is counted only where `{key.name}` has {length} elements"
            )
            note = f"{name} is read from it at {binding.span}"
            help_ = f"{len(put.items)} are given, and no family covers this yet"
            raise fail("config", message, self.given.place(key.name), help_, note)

    def check(self, condition: tree.Expression) -> None:
        """Refuse values that the family does not allow. Keys that are not there are as it says."""
        try:
            holds = self._holds(condition)
        except _MissingKeyError:
            return
        if not holds:
            keys = [n for n in sorted(names_in(condition)) if n in self.given.values]
            place = self.given.place(keys[0]) if keys else condition.span
            message = f"`{self.node.family}` is counted only where {show(condition)}"
            note = f"said at {condition.span}"
            raise fail("config", message, place, "no family covers this yet", note)

    def _put(self, node: Any) -> Any:
        match node:
            case tree.Name():
                return node if node.name in self.sizes else self._literal(node)
            case tree.AnyOf():
                return self._first(node)
            case tree.Choice():
                for value, condition in node.cases:
                    if self._holds(condition):
                        return self._put(value)
                return self._put(node.otherwise)
            case tree.Call():
                arguments = tuple(replace(a, value=self._put(a.value)) for a in node.arguments)
                return replace(node, arguments=arguments)
            case tree.Node():
                return replace(node, **{n: self._put(v) for n, v in vars(node).items()})
            case tuple():
                return tuple(map(self._put, node))
        return node

    def _first(self, node: tree.AnyOf) -> tree.Expression:
        """The first that is there: `num_key_value_heads or H`."""
        if isinstance(node.operands[-1], tree.Boolean) and node.operands[-1].value:
            self._check_flag(node.operands[:-1])
        for operand in node.operands[:-1]:
            with suppress(_MissingKeyError):
                found: tree.Expression = self._put(operand)
                return found
        last: tree.Expression = self._put(node.operands[-1])
        return last

    def _check_flag(self, operands: tuple[tree.Expression, ...]) -> None:
        """Refuse a flag that holds where it is not there, and that is `null`: it does not hold."""
        for key in operands:
            if isinstance(key, tree.Name) and key.name in self.given.empty:
                message = f"`{key.name}` is null, and true or false is read"
                place, help_ = self.given.place(key.name), "say which of the two it is"
                raise fail("config", message, place, help_)

    def _literal(self, node: tree.Name) -> tree.Expression:
        if node.name not in self.given.values:
            raise _MissingKeyError(node.name)
        value = self.given.values[node.name]
        if isinstance(value, Mapping):
            message = f"`{node.name}` is an object, and a number, text or list is read"
            raise fail("config", message, self.given.place(node.name), "ignore it, or name a key")
        return literal(value, node.span)

    def _holds(self, node: tree.Expression) -> bool:
        match node:
            case tree.AllOf():
                return all(self._holds(part) for part in node.operands)
            case tree.AnyOf():
                return any(self._holds(part) for part in node.operands)
            case tree.Not():
                return not self._holds(node.operand)
            case tree.Comparison(tree.Name(key), ("==" | "!=") as operator, tree.Name(name)) if (
                name == NULL
            ):
                return (key in self.given.empty) == (operator == "==")
            case tree.Comparison(left, ("==" | "!=") as operator, right):
                return (self._value(left) == self._value(right)) == (operator == "==")
        value = self._value(node)
        if not isinstance(value, bool):
            help_ = "conditions on keys are of the form: key == value"
            raise fail("config", f"`{show(node)}` is no condition", node.span, help_)
        return value

    def _value(self, node: tree.Expression) -> Value:
        put = self._put(node)
        match put:
            case tree.Number() | tree.Text() | tree.Boolean():
                return put.value
            case tree.ListOf():
                return tuple(map(self._value, put.items))
        help_ = "a number, a text, a truth value or a key can stand here"
        raise fail("config", f"`{show(node)}` is not known before the sizes are", node.span, help_)


def literal(value: Value, span: Span) -> tree.Expression:
    """A value as it is written in the language."""
    match value:
        case bool():
            return tree.Boolean(value, span=span)
        case str():
            return tree.Text(value, span=span)
        case tuple():
            return tree.ListOf(tuple(literal(v, span) for v in value), span=span)
    number = tree.Number(abs(value), span=span)
    return tree.Negative(number, span=span) if value < 0 else number


def families(file: tree.File) -> Iterator[tree.Config]:
    """The families of configurations that a file describes."""
    return (d for d in file.declarations if isinstance(d, tree.Config))
