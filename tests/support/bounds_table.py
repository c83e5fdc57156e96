"""Bounds beside what was measured on an H100: the table and the plot of docs/costs.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from sympy import Integer

import closedform
from closedform.derive.measures.rows import InBytes
from closedform.derive.solve.numbers import settle
from closedform.explore.model import Part
from closedform.reason.machines.roofline import Bounds
from closedform.reason.machines.rows import machine
from helpers import ROOT

ROWS: list[dict[str, Any]] = [
    json.loads(line, parse_float=Fraction)
    for line in (ROOT / "tests" / "truth" / "h100.jsonl").read_text("utf-8").splitlines()
]
OPERATIONS = closedform.loads(
    '''\
"""What was measured, as it is written here."""

dim N, M, B, D, E, F, H, T
dim C, O, I, K, G, S

op copy(x: [...]) -> y: [...]:
    """y = x."""

op seen(q: [b, h, n, e], k: [b, h, m, e]) -> y: [b, h, n, m]:
    """Scores of the tokens that are not later, of which tiles make no others."""
    mac = b*h*e*n*(n + 1)/2

op mixed(a: [b, h, n, m], v: [b, h, m, e]) -> y: [b, h, n, e]:
    """Values, mixed by them."""
    mac = b*h*e*n*(n + 1)/2

block Attention(q: [b, h, n, e], k: [b, h, m, e], v: [b, h, m, e]):
    a = einsum("b h n e, b h m e -> b h n m", q, k) -> softmax
    return einsum("b h n m, b h m e -> b h n e", a, v)

block Causal(q: [b, h, n, e], k: [b, h, m, e], v: [b, h, m, e]):
    return seen(q, k) -> softmax -> mixed(v)

model Copy(x: [N]):
    return x -> copy

model Add(x: [N]):
    return x + x

model Gelu(x: [N]):
    return x -> gelu

model Softmax(x: [N/4096, 4096]):
    return x -> softmax

model LayerNorm(x: [N/4096, 4096]):
    return x -> layernorm

assume 4096 | N

model Matmul(x: [D, D], y: [D, D]):
    return einsum("i j, j k -> i k", x, y)

model Linear(x: [T, D]):
    return x -> linear(O, bias=false)

model Conv(x: [B, C, I, I]):
    return x -> conv2d(O, kernel=K, stride=S, padding=floor(K/2), groups=G, bias=false)

assume G | C, G | O

model Fused(q: [B, H, T, E], k: [B, H, T, E], v: [B, H, T, E]):
    return Attention(q, k, v, fused=true)

model FusedCausal(q: [B, H, T, E], k: [B, H, T, E], v: [B, H, T, E]):
    return Causal(q, k, v, fused=true)

model WrittenOut(q: [B, H, T, E], k: [B, H, T, E], v: [B, H, T, E]):
    return Attention(q, k, v)

model Decode(q: [B, G, H/G, E], k: [B, G, T, E], v: [B, G, T, E]):
    return Attention(q, k, v)

assume G | H
''',
    name="measured.arch",
)


@dataclass(frozen=True)
class Row:
    """A measured time in ms beside its bound."""

    kind: str
    what: str
    bound: Fraction
    measured: Fraction
    at_work: bool

    @property
    def ratio(self) -> Fraction:
        return self.measured / self.bound


def of_operation(row: Mapping[str, Any]) -> tuple[Part, dict[str, int], str]:
    """The model of a row about one operation, its sizes, and how it is called."""
    match row["kind"]:
        case "copy" | "add" | "gelu" | "softmax" | "layernorm" as kind:
            model = {"layernorm": "LayerNorm"}.get(kind, kind.capitalize())
            return OPERATIONS[model], {"N": row["elements"]}, f"{row['elements']:,} elements"
        case "matmul":
            return OPERATIONS["Matmul"], {"D": row["n"]}, f"{row['n']:,} x {row['n']:,}"
        case "linear":
            sizes = {"T": row["tokens"], "D": row["n"], "O": row["out"]}
            return (
                OPERATIONS["Linear"],
                sizes,
                f"{row['tokens']:,} x {row['n']:,} to {row['out']:,}",
            )
        case "conv2d":
            names = {"B": "batch", "C": "channels", "O": "out", "I": "side", "K": "kernel"}
            names |= {"S": "stride", "G": "groups"}
            sizes = {name: row[key] for name, key in names.items()}
            k, i = row["kernel"], row["side"]
            about = (
                f"{k} x {k}, {row['channels']} to {row['out']}, {i} x {i}, {row['batch']} images"
            )
            groups = f", {row['groups']} groups" * (row["groups"] > 1)
            return OPERATIONS["Conv"], sizes, about + groups
        case "attention":
            sizes = {"B": 1, "H": row["heads"], "T": row["tokens"], "E": row["head"]}
            how = row["what"].rpartition(", ")[0]
            models = {
                "fused, not causal": "Fused",
                "fused, causal": "FusedCausal",
                "products written out": "WrittenOut",
            }
            return OPERATIONS[models[how]], sizes, f"{how}, {row['tokens']:,} tokens"
        case "decode attention":
            sizes = {"B": row["batch"], "H": 32, "G": 8, "E": 128, "T": row["kept"]}
            about = f"{row['kept']:,} kept, {row['batch']} at once"
            return OPERATIONS["Decode"], sizes, about
    raise AssertionError(row["kind"])


def of_model(row: Mapping[str, Any]) -> tuple[Part, str, dict[str, int], str] | None:
    """The model of a row about a whole model, its preset and sizes; None for one that trains."""
    what = row["what"]
    if "backward" in what:
        return None
    if what.startswith("timm/"):
        name = what.split("/")[1].split()[0]
        file, preset = {
            "vit_base_patch16_224": ("vit", "ViT-B/16"),
            "vit_tiny_patch16_224": ("vit", "ViT-Ti/16"),
            "resnet50": ("resnet", "ResNet-50"),
        }[name]
        return closedform.zoo(file), preset, {}, f"{name}, {row['batch']} images"
    if "kept" in row:
        model = closedform.zoo("decoding")["Llama"]
        sizes = {"L": 4, "T": row["kept"], "S": 1}
        preset = "Llama-3-8B, a token after 128k"
        return model, preset, sizes, f"Llama-3-8B, 4 layers, a token after {row['kept']:,}"
    sizes = {"L": 4, "S": row["tokens"]}
    about = f"Llama-3-8B, 4 layers, {row['tokens']:,} tokens"
    return closedform.zoo("llama")["Llama"], "Llama-3-8B", sizes, about


def bounds() -> list[Row]:
    """Every measured row beside its bound."""
    found = []
    for row in ROWS:
        if row["kind"] == "machine":
            continue
        dtype = {"float32": "fp32"}.get(row.get("dtype", ""), "bf16")
        if row["kind"] != "model":
            model, sizes, about = of_operation(row)
            bound = model.roofline("H100", dtype, **sizes)
            parts, about = bound, about + ", float32" * (dtype == "fp32")
        else:
            asked = of_model(row)
            if asked is None:
                continue
            model, preset, sizes, about = asked
            parts = in_batch(model, preset, sizes, row.get("batch", 1))
        least = 1000 * sum((p.seconds for p in parts), Fraction(0))
        by_work = sum((p.seconds for p in parts if p.at_work), Fraction(0))
        found.append(Row(row["kind"], about, least, Fraction(row["ms"]), 2000 * by_work >= least))
    return found


def in_batch(model: Part, preset: str, sizes: Mapping[str, int], batch: int) -> Any:
    """The bounds of a model whose file is of one image: weights are read once for all images."""
    project, entity = model._project, model._entity
    derivation, on = project.derivation(entity), machine("H100")
    values = dict(project.values(project.preset(preset)))
    values |= {derivation.symbols[name][0]: Integer(n) for name, n in sizes.items()}
    each, once = Fraction(2 * batch), Fraction(2)
    moved = InBytes((("reads", each), ("loads", once), ("writes", each)))
    row = replace(project.typed("bf16").measure("moved_bytes"), amount=moved)
    peak = on.peak("bf16") / batch
    walk = Bounds(derivation, project.measure("flops"), row, peak, Fraction(on.bandwidth))
    return walk.of(settle(derivation, values))


def table(rows: list[Row]) -> str:
    """The rows as a table of Markdown."""
    lines = ["| | | least, ms | measured, ms | times | bound by |", "|---|---|--:|--:|--:|---|"]
    for row in rows:
        times = f"{digits(row.bound)} | {digits(row.measured)} | {digits(row.ratio)}"
        bound = "work" if row.at_work else "memory"
        lines.append(f"| {row.kind} | {row.what} | {times} | {bound} |")
    return "\n".join(lines) + "\n"


def digits(value: Fraction) -> str:
    """A number to three digits."""
    near = Context(prec=3).divide(Decimal(value.numerator), Decimal(value.denominator))
    return format(near, "f")


def pictures() -> dict[str, str]:
    """The drawings of the page by their names."""
    from closedform.render.pictures.roofs import measured_picture

    model = closedform.zoo("decoding")["Llama"]
    roof = model.roofline("H100", "bf16", preset="Llama-3-8B, 128k tokens", S=2048)
    found = [(row.kind, row.bound, row.measured) for row in bounds()]
    title = "NVIDIA H100: measured times over their bounds; dotted, 1.5 times the bound"
    return {"roof.svg": roof.plot().svg(), "bounds.svg": measured_picture(found, title).svg()}
