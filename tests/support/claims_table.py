"""Where each published formula of tests/truth/formulas.jsonl is claimed, refused, or left out.

A place is a file, `zoo/vit` of the zoo or `claims/layers` of tests/claims, and a block or model of
it. A claim is the text that stands there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

CLAIMED: dict[str, list[tuple[str, str, str]]] = {
    "T1-conv-flops": [
        ("zoo/convolutions", "Plain", "flops == 2*kernel^2*c*out*m*n"),
        ("claims/layers", "Stem", "flops == 2*7^2*3*64*112*112"),
    ],
    "T1-groupconv": [
        (
            "zoo/convolutions",
            "Grouped",
            "flops == groups*2*kernel^2*(c/groups)*(out/groups)*h*w",
        ),
        (
            "claims/layers",
            "GroupedConvolution",
            "flops == 2*kh*kw*c*(h - kh + 1)*(w - kw + 1)*out/groups",
        ),
    ],
    "T1-swin-omega": [
        ("claims/products", "MapScores", "macs == 4*h*w*d^2 + 2*(h*w)^2*d"),
        (
            "zoo/attention",
            "WindowedAttention",
            "macs == 4*h*w*d^2 + 2*side^2*h*w*d",
        ),
        ("zoo/swin", "WindowAttention", "macs == 4*h*w*d^2 + 2*side^2*h*w*d"),
    ],
    "T1-xca": [
        ("claims/products", "ChannelScores", "macs == 2*n*(h*e)^2/h"),
        ("zoo/attention_linear", "CrossCovariance", "macs == 4*n*d^2 + 2*n*d^2/heads"),
    ],
    "T1-dwsep-ratio": [
        ("zoo/convolutions", "Separable", "macs == (1/out + 1/kernel^2)*(kernel^2*c*out*h*w)")
    ],
    "T1-mbv2-block": [
        (
            "zoo/convolutions",
            "InvertedResidual",
            "macs == h*w*c*expansion*(c + kernel^2 + out)",
        ),
        (
            "zoo/mobilenet_v2",
            "InvertedResidual",
            "macs == h*w*c*expansion*(c + kernel^2 + out)",
        ),
    ],
    "T1-narayanan-params": [
        (
            "claims/transformers",
            "Megatron",
            "params == 12*L*D^2*(1 + 13/(12*D) + (V + S)/(12*L*D))",
        ),
        ("zoo/gpt2", "GPT2", "params == 12*L*D^2*(1 + 13/(12*D) + (V + S)/(12*L*D)) + 2*D"),
    ],
    "T1-kaplan-N": [
        ("zoo/scaling", "Decoder", "params == 2*D*L*(2*A + F)"),
        ("zoo/scaling", "Decoder", "params == 12*L*D^2"),
    ],
    "T1-swiglu-83": [
        ("zoo/llama", "SwiGLU", "params == 2*d*(4*d)"),
        ("claims/sizes", "SwiGLUHidden", "row == 256*ceil(8*d/3/256)"),
    ],
    "T1-lora": [
        ("zoo/lora", "Adapted", "trainable == r*(d + k)"),
        ("zoo/lora", "LoRA", "trainable == 2*(2*L)*D*R"),
    ],
    "T1-lstm-gru": [
        ("claims/layers", "OneBiasLSTM", "params == 4*(n*m + n^2 + n)"),
        ("claims/layers", "TwoBiasLSTM", "params == 4*(n*m + n^2 + 2*n)"),
        ("claims/layers", "OneBiasGRU", "params == 3*(n*m + n^2 + n)"),
        ("zoo/recurrent", "LSTM", "params == 4*(N*M + N^2 + N)"),
    ],
    "T1-seed5-attn-ffn": [
        ("zoo/attention", "OneHead", "macs == 3*n*d*e + 2*n^2*e"),
        ("claims/layers", "FeedForward", "macs == 2*n*d*hidden"),
    ],
    "T1-tconv-dilated": [
        (
            "claims/sizes",
            "Convolved",
            "row == floor((h + 2*padding - dilation*(kernel - 1) - 1)/stride) + 1",
        ),
        ("zoo/convolutions", "Transposed", "macs == kernel^2*c*out*h*w"),
        ("zoo/convolutions", "Dilated", "macs == kernel^2*c*out*h*w"),
    ],
    "T1-attn-headfree": [("zoo/attention", "GlobalAttention", "flops == 8*n*d^2 + 4*n^2*d")],
    "T1-param-primitives": [
        ("claims/layers", "Convolution", "params == (kh*kw*c + 1)*out"),
        ("claims/layers", "GroupedConvolution", "params == (kh*kw*(c/groups) + 1)*out"),
        ("claims/layers", "Affine", "params == (n + 1)*out"),
        ("claims/layers", "FeedForward", "params == (d + 1)*hidden + (hidden + 1)*d"),
    ],
    "T2-vit-int": [
        (
            "claims/counted_norms",
            "ViT",
            "macs == L*(N*(4*D^2 + 2*D*F) + 2*N^2*D) + (N - 1)*P^2*3*D + 5*(2*L + 1)*N*D",
        )
    ],
    "T2-timm-87": [],  # its formulas are the models themselves: see NUMBERS
    "T2-gpt2-nanogpt": [
        ("claims/transformers", "NanoGPT", "params == D*S + D*V + L*(12*D^2 + 2*D) + D"),
        ("claims/transformers", "NanoGPT", "flops == L*(24*S*D^2 + 4*S^2*D) + 2*S*D*V"),
    ],
    "T2-llama-family": [
        ("zoo/llama", "Llama", "params == 2*V*D + L*(2*D*H*E + 2*D*G*E + 3*D*F + 2*D) + D")
    ],
    "T2-mixtral": [
        (
            "zoo/llama",
            "Mixtral",
            "params == 2*V*D + L*(2*D*H*E + 2*D*G*E + 3*X*D*F + D*X + 2*D) + D",
        ),
        (
            "claims/transformers",
            "ActiveMixtral",
            "params == 2*V*D + L*(2*D*H*E + 2*D*G*E + X*3*D*F + D*X + 2*D) + D - L*(X - K)*3*D*F",
        ),
    ],
    "T2-bert": [
        (
            "claims/transformers",
            "BERT",
            "params == (V + S + 2)*D + 2*D + L*(12*D^2 + 13*D) + D^2 + D",
        )
    ],
    "T3-swin-table": [("zoo/swin", "WindowAttention", "macs == 4*h*w*d^2 + 2*side^2*h*w*d")],
    "T3-pvt1": [
        ("zoo/pvt", "SRA", "macs == 3*n*d^2 + 2*n*d^2/r^2 + 2*n^2*d/r^2"),
        ("zoo/pvt", "SRA", "params == 4*d^2 + 4*d + (r^2*d^2 + 3*d if r > 1 else 0)"),
    ],
    "T3-pvt2": [
        ("zoo/pvt2", "ConvMLP", "macs == 2*n*d*hidden + 9*n*hidden"),
        (
            "zoo/pvt2_linear",
            "LinearSRA",
            "macs == 2*n*d^2 + 3*pooled^2*d^2 + 2*n*pooled^2*d",
        ),
    ],
    "T3-fvit": [
        ("zoo/fastformer", "AdditiveAttention", "macs == 3*n*d^2 + 4*n*d"),
        ("claims/fvit", "ViT", "macs under hooks == 144*T*D^2 + 3*N*P^2*D + D*C"),
        ("claims/fvit", "FViT", "macs under hooks == 132*T*D^2 + 3*N*P^2*D + D*C"),
    ],
    "T3-resnet": [],  # a table of figures: see NUMBERS
    "T3-mobilenetv1": [
        ("zoo/convolutions", "Separable", "macs == kernel^2*c*h*w + c*out*h*w"),
    ],
    "T3-mixer": [
        ("zoo/mixer", "MixerLayer", "macs == 2*n*d*(across + within)"),
        (
            "claims/mixer_features",
            "Layers",
            "macs == depth*(2*n*across*d + 2*n*d*within)",
        ),
    ],
    "T3-vit-table1": [
        (
            "zoo/vit",
            "ViT",
            "params == (3*P^2 + 2 + T)*D + L*(4*D^2 + 2*D*F + 9*D + F) + 2*D + (D + 1)*C",
        )
    ],
    "T3-chinchilla": [
        ("claims/transformers", "Chinchilla", "params == L*(13*D^2 + 15*D) + V*D + 2*D"),
        (
            "claims/chinchilla",
            "Trained",
            "3*flops under chinchilla == 3*L*(8*S*D*D + 4*S^2*D + 3*H*S^2 + 4*S*D*(4*D))",
        ),
    ],
    "T1-kv-cache": [("claims/memory", "Decoded", "cache_bytes == 4*B*S*L*D")],
    "X-zero-20psi": [("claims/memory", "Trained", "state_bytes under adam_mixed == 16*params")],
    "T4-train-time": [
        (
            "claims/training",
            "Recomputed",
            "training == 96*B*S*L*D^2*(1 + S/(6*D) + V/(16*L*D))",
        ),
    ],
    "X-seed1-numpatches": [
        (
            "zoo/patches",
            "SteppedPatches",
            "token == (floor((i - patch)/stride) + 1)^2",
        ),
        (
            "zoo/patches",
            "OverlappingPatches",
            "token == (floor((i - patch)/(patch - overlap)) + 1)^2",
        ),
    ],
    "X-seed1-total": [
        ("zoo/vit", "ViT", "macs == L*(4*T*D^2 + 2*T^2*D + 2*T*D*F) + 3*N*P^2*D + D*C")
    ],
    "X-seed5-xH": [("zoo/attention", "GlobalAttention", "macs == 4*n*d^2 + 2*n^2*d")],
    "X-seed5-params": [
        (
            "zoo/vit",
            "ViT",
            "params == (3*P^2 + 2 + T)*D + L*(4*D^2 + 2*D*F + 9*D + F) + 2*D + (D + 1)*C",
        )
    ],
    "X-seed5-conv-vs-attn-units": [
        ("zoo/vit", "ViT", "macs == L*(4*T*D^2 + 2*T^2*D + 2*T*D*F) + 3*N*P^2*D + D*C")
    ],
    "X-seed2-params": [
        ("zoo/attention", "GlobalAttention", "params == 4*d^2 + 4*d"),
        ("zoo/attention", "WindowedAttention", "params == 4*d^2 + 4*d"),
    ],
    "X-seed4-params": [
        (
            "zoo/attention",
            "SpatialReductionAttention",
            "params == 4*d^2 + 4*d + r^2*d^2 + d + 2*d",
        )
    ],
    "X-pvt2-omega-sra": [("claims/products", "ReducedScores", "macs == 2*h^2*w^2*c/r^2 + h*w*c^2")],
    "X-kv-llama3-8b": [
        ("zoo/llama", "Attention", "cache == 2*n*groups*e"),
        ("zoo/llama", "Llama", "cache == 2*L*S*G*E"),
    ],
    "X-lstm-blog": [("claims/layers", "OneBiasLSTM", "params == 4*(n*m + n^2 + n)")],
    "T4-kaplan-C": [("zoo/scaling", "Decoder", "flops == S*(2*2*D*L*(2*A + F) + 2*2*L*S*A)")],
    "T4-pvt1-SRA": [
        (
            "zoo/attention",
            "SpatialReductionAttention",
            "macs == 3*h*w*d^2 + 2*h*w*d^2/r^2 + 2*(h*w)^2*d/r^2",
        )
    ],
    "T4-pvt2-linSRA": [
        (
            "zoo/pvt2_linear",
            "LinearSRA",
            "macs == 2*n*d^2 + 3*pooled^2*d^2 + 2*n*pooled^2*d",
        )
    ],
    "T4-conv-shapes-seed4": [
        ("claims/sizes", "GridPatches", "row == p^2"),
        ("claims/sizes", "SidedPatches", "row == i^2/p^2"),
        ("zoo/patches", "Patches", "token == (i/patch)^2"),
    ],
    "T5-vaswani-table1": [
        ("claims/products", "Scores", "macs == 2*n^2*d"),
        ("claims/layers", "Recurrence", "macs == 2*n*d^2"),
        ("claims/layers", "Convolution1d", "macs == k*n*d^2"),
        ("claims/products", "RestrictedScores", "macs == 2*r*n*d"),
        ("claims/layers", "Separable1d", "macs == k*n*d + n*d^2"),
    ],
    "T5-linformer": [
        ("claims/products", "ProjectedScores", "macs == 4*n*r*d"),
        ("zoo/attention", "Linformer", "macs == 4*n*d^2 + 4*n*k*d"),
        ("zoo/attention", "Linformer", "macs in O(n*k) as n, k grow"),
    ],
    "T5-performer": [
        ("claims/products", "FeatureScores", "macs == 4*n*r*d + 2*n*r"),
        ("zoo/attention_linear", "Performer", "macs in O(n*r) as n, r grow"),
    ],
    "T5-linear-attn": [
        ("claims/products", "SummarizedOneHead", "macs == 2*n*d^2 + n*d"),
        ("zoo/attention_linear", "LinearAttention", "macs in O(n*d^2) as n, d grow"),
    ],
    "T5-longformer": [
        ("claims/products", "RestrictedScores", "macs == 2*r*n*d"),
        ("zoo/attention", "SlidingAttention", "macs in O(n*window) as n, window grow"),
    ],
    "T5-fastformer": [
        ("zoo/fastformer_unscored", "UnscoredAttention", "macs == 3*n*d^2 + 2*n*d"),
        ("zoo/attention_linear", "AdditiveMixing", "macs in O(n*h*e) as n, h, e grow"),
    ],
    "T5-fnet": [
        ("zoo/fnet", "FourierMixing", "butterfly == n*d*(log(n, 2) + log(d, 2))/2"),
        (
            "zoo/fnet",
            "FourierMixing",
            "butterfly in O(n*d*log(n, 2) + n*d*log(d, 2)) as n, d grow",
        ),
    ],
    "T1-narayanan-flops": [
        (
            "claims/training",
            "Recomputed",
            "training == 96*B*S*L*D^2*(1 + S/(6*D) + V/(16*L*D))",
        ),
    ],
    "T1-korthikanti-mem": [
        ("claims/kept", "Alone", "kept == L*(S*B*D*(34 + 5*H*S/D) + 8*S*B)"),
        (
            "claims/kept",
            "TensorParallel",
            "kept == L*(S*B*D*(10 + 24/T + 5*H*S/(D*T)) + 8*S*B)",
        ),
        ("claims/kept", "TensorParallelAgain", "kept == L*(S*B*D*(10 + 24/T) + 8*S*B)"),
        (
            "claims/kept",
            "SequenceParallel",
            "kept == L*(S*B*D*(34/T + 5*H*S/(D*T)) + 8*S*B/T)",
        ),
        ("claims/kept", "SequenceParallelAgain", "kept == L*(S*B*D*(34/T) + 8*S*B/T)"),
    ],
    "X-blog-72-V16": [
        ("claims/training", "Decoder", "training == 72*B*S*L*D^2*(1 + S/(6*D) + V/(12*L*D))")
    ],
    "X-blog-12bhs2": [
        ("claims/training", "Decoder", "training == 72*B*S*L*D^2*(1 + S/(6*D) + V/(12*L*D))")
    ],
    "X-mfu-blog": [
        ("claims/training", "Decoder", "training == 72*B*S*L*D^2*(1 + S/(6*D) + V/(12*L*D))")
    ],
    "T4-6ND": [
        (
            "claims/training",
            "Decoder",
            "training == 6*B*S*(params - 13*L*D - 2*D) + 12*B*S^2*L*D",
        ),
    ],
    "T4-palm": [
        (
            "claims/training",
            "Decoder",
            "training == 6*B*S*(params - 13*L*D - 2*D) + 12*B*S^2*L*D",
        ),
    ],
}

# Derived minus claimed, worked out by hand from the notes of the row; beside each file is the whole
# text of its refusal. A name is the id of a formula, and a variant after it.
REFUSED: dict[str, str] = {
    # Wrong.
    "X-seed1-numpatches": "((i - patch)/stride + 1)*(i - patch)/stride",
    "X-seed1-numpatches-overlap": (
        "(floor((i - patch)/(patch - overlap)) + 1)^2 - ((i - patch)/overlap + 1)^2"
    ),
    "X-seed1-total": "3*N*P^2*D - (N - 1)*L*(4*T*D^2 + 2*T^2*D + 2*T*D*F)",
    "X-seed1-total-token": "3*N*P^2*D + L*(4*D^2 + 2*T*D + 2*D*F)",
    "X-seed5-xH": "4*n*d^2 + 2*n^2*d - heads*(3*n*d^2 + 2*n^2*d)",
    "X-seed5-xH-cut": "n*d^2",
    "X-seed5-params": "D + D + T*D + L*(D^2 + 4*D + 4*D) + 2*D + (D + 1)*C",
    "X-seed5-conv-vs-attn-units": "-3*N*P^2*D",
    "X-seed5-conv-vs-attn-units-flops": "L*(4*T*D^2 + 2*T^2*D + 2*T*D*F) + D*C",
    "X-seed2-params": "(4*d^2 + 4*d)*(1 - side^2/(h*w))",
    "X-seed4-params": "r^2*c^2 + c + 2*c",
    "X-pvt2-omega-sra": "-(r^2 - 1)*h*w*c^2",
    "X-kv-llama3-8b": "2*n*(d/heads)*(groups - heads)",
    "X-lstm-blog": "4*(n^2 + n - 2*m)",
    "T4-conv-shapes-seed4": "p^2 - i^2/p^2",
    # Right but for what they leave out.
    "T2-vit-int": "D*C - 5*(2*L + 1)*T*D",
    "T3-fvit-vit": "D*C",
    "T3-fvit-fastformer": "D*C",
    "T4-kaplan-C": "2*L*S*S*A",
    "T4-pvt1-SRA": "3*h*w*c^2 + 2*h*w*c^2/r^2",
    "T4-pvt2-linSRA": "2*n*c^2 + 3*p^2*c^2",
    "T5-linformer": "4*n*d^2",
    "T5-performer": "4*n*d^2",
    "T5-linear-attn": "4*n*d^2",
    "T5-longformer": "4*n*d^2",
    "T5-fnet": "n*d*log(d, 2)/2",
    "T4-6ND": "12*B*S^2*L*D - 6*B*S*(13*L*D + 2*D)",
    "T4-palm": "-6*B*S*(13*L*D + 2*D)",
    "X-blog-72-V16": "-B*S*D*V/2",
    "X-mfu-blog": "6*B*S^2*L*D + 3*B*S*D*V/2",
    "X-blog-12bhs2": "12*b*d*n^2*(l - 1)",
    "X-zero-20psi": "-4*params",
    "T4-train-time": "(16*B*S^2*L*D - 2*B*S*V*D - 8*B*S*(13*L*D + 2*D))/(n*X)",
    # Exact where they say so, and refused beyond.
    "T1-mbv2-block": "-h*w*c^2",
    "T1-narayanan-params": "2*D",
    "T1-param-primitives": "kh*kw*(c/groups - c)*out",
    "T1-seed5-attn-ffn": "n*d^2",
}

# Orders that are refused, and the terms that grow faster as the message prints them.
OUTGROWN: dict[str, str] = {
    "T5-vaswani-table1": "4 n d^2",
    "T5-fastformer": "3 n d^2",
}

LATER: dict[str, str] = {
    "X-seed3-gflops": "no formula: a count is called a rate",
}


@dataclass(frozen=True)
class At:
    """The value of a measure at a preset or at sizes.

    `digits` when a source rounds to so many, `beyond` for what it is known to count too much.
    """

    file: str
    part: str | None
    what: str
    preset: str | None = None
    sizes: tuple[tuple[str, int | tuple[int, ...]], ...] = ()
    digits: int | None = None
    beyond: int = 0


def at(
    file: str,
    part: str | None,
    what: str,
    preset: str | None = None,
    digits: int | None = None,
    **sizes: int | tuple[int, ...],
) -> At:
    return At(file, part, what, preset, tuple(sizes.items()), digits)


def both(
    file: str, preset: str | None = None, part: str | None = None, **sizes: int | tuple[int, ...]
) -> dict[str, list[At]]:
    """Parameters and multiply-accumulates of one place."""
    return {
        "params": [at(file, part, "params", preset, **sizes)],
        "flops": [at(file, part, "macs", preset, **sizes)],
    }


def params(
    file: str, preset: str | None = None, part: str | None = None, **sizes: int | tuple[int, ...]
) -> dict[str, list[At]]:
    return {"params": [at(file, part, "params", preset, **sizes)]}


def macs(
    file: str, preset: str | None = None, part: str | None = None, **sizes: int | tuple[int, ...]
) -> dict[str, list[At]]:
    return {"flops": [at(file, part, "macs", preset, **sizes)]}


def counted(price: int, digits: int | None, **sizes: int) -> list[At]:
    """A Vision Transformer with a price for each element of a norm."""
    return [at("claims/counted_norms", "ViT", "macs", None, digits, B=price, **sizes)]


def swin(
    preset: str | None, side: int, image: int, width: int, heads: int, third: int
) -> dict[str, list[At]]:
    """Parameters, and multiply-accumulates with 1 for each element of a norm, in millions.

    The last norm is counted for (image/4)^2/2^4 tokens, and there are (image/4)^2/4^3: an error of
    the published counter, which the notes of the row give.
    """
    depths = (2, 2, third, 2)
    sizes = {"B": 1, "P": 4, "M": side, "I": image, "D": width, "H": heads, "K": depths}
    tokens = (image // 4) ** 2
    model = at("claims/counted_norms", "Swin", "macs", None, -6, **sizes)
    model = replace(model, beyond=(tokens // 2**4 - tokens // 4**3) * 8 * width)
    if preset is None:
        return {"params": [at("claims/counted_norms", "Swin", "params", **sizes)], "flops": [model]}
    return {"params": [at("zoo/swin", None, "params", preset)], "flops": [model]}


def llama(**sizes: int) -> dict[str, list[At]]:
    return params("zoo/llama", part="Llama", S=1, **sizes)


def chinchilla(layers: int, width: int) -> dict[str, list[At]]:
    return params("claims/transformers", part="Chinchilla", V=32000, S=2048, D=width, H=8, L=layers)


# For each number of a forward pass: config of the row -> params or flops -> where it is derived.
NUMBERS: dict[str, dict[str, dict[str, list[At]]]] = {
    "T1-conv-flops": {
        "3->64,K7,s2,p3,224->112": {
            "params": [at("claims/layers", "Stem", "params")],
            "flops": [at("claims/layers", "Stem", "flops")],
        }
    },
    "T1-groupconv": {
        "ResNeXt50 32x4d stage-1 3x3 128ch 56x56": {
            "params": [at("claims/layers", "GroupedStage", "params")],
            "flops": [at("claims/layers", "GroupedStage", "flops")],
        }
    },
    "T1-swin-omega": {
        "h=w=56,C=96,M=7 MSA": macs("claims/products", None, "MapScores", h=56, w=56, d=96),
        "h=w=56,C=96,M=7 W-MSA": macs(
            "zoo/attention", None, "WindowedAttention", h=56, w=56, d=96, side=7, heads=3
        ),
    },
    "T1-xca": {"N=196,d=384,h=8": macs("claims/products", None, "ChannelScores", n=196, h=8, e=48)},
    "T1-narayanan-params": {
        "GPT-3 l=96,h=12288,V=51200,s=2048": params(
            "claims/transformers", "GPT-3, as Megatron counts it", "Megatron"
        )
    },
    "T1-narayanan-flops": {
        "GPT-3 B=1536,s=2048,l=96,h=12288,V=51200": {
            "flops": [
                at(
                    "claims/training",
                    "Recomputed",
                    "training",
                    B=1536,
                    S=2048,
                    D=12288,
                    H=96,
                    L=96,
                    V=51200,
                )
            ]
        }
    },
    "T1-korthikanti-mem": {
        "s=2048,b=1,h=12288,a=96": {
            "flops": [
                replace(
                    at(
                        "claims/kept",
                        "Alone",
                        "kept",
                        B=1,
                        S=2048,
                        D=12288,
                        H=96,
                        L=1,
                        V=1,
                        T=1,
                    ),
                    beyond=-8 * 2048,  # two numbers of each norm for a token
                )
            ]
        }
    },
    "T1-lora": {
        "GPT-3 Wq,Wv r=1": {"params": [at("zoo/lora", None, "trainable", "GPT-3 175B, rank 1")]},
        "GPT-3 Wq,Wv r=8": {"params": [at("zoo/lora", None, "trainable", "GPT-3 175B, rank 8")]},
    },
    "T1-lstm-gru": {"m=n=512": params("claims/layers", None, "OneBiasLSTM", m=512, n=512)},
    "T2-vit-int": {
        "ViT-B/16-224 (deit-base)": {
            "params": [at("zoo/vit", None, "params", "ViT-B/16")],
            "flops": counted(5, None, D=768, H=12, L=12),
        },
        "DeiT-Ti": {
            "params": [at("zoo/vit", None, "params", "ViT-Ti/16")],
            "flops": counted(5, None, D=192, H=3, L=12),
        },
        "DeiT-S": {
            "params": [at("zoo/vit", None, "params", "ViT-S/16")],
            "flops": counted(5, None, D=384, H=6, L=12),
        },
        "ViT-B/32-384": {
            "params": [at("zoo/vit", None, "params", "ViT-B/32 at 384")],
            "flops": counted(5, None, I=384, P=32, D=768, H=12, L=12),
        },
        "ViT-B/16-384": {
            "params": [at("zoo/vit", None, "params", "ViT-B/16 at 384")],
            "flops": counted(5, None, I=384, D=768, H=12, L=12),
        },
        "ViT-L/16-384": {
            "params": [at("zoo/vit", None, "params", "ViT-L/16 at 384")],
            "flops": counted(5, None, I=384, D=1024, H=16, L=24),
        },
        "DeiT-Ti-distilled (2 extra tokens, 2 heads)": {
            "params": [at("zoo/deit", None, "params", "DeiT-Ti distilled")],
            "flops": counted(5, None, D=192, H=3, L=12, Q=2),
        },
    },
    "T2-timm-87": {
        "Swin-T": both("zoo/swin", "Swin-T"),
        "Swin-S": both("zoo/swin", "Swin-S"),
        "Swin-B": both("zoo/swin", "Swin-B"),
        "PVTv2-B2": both("zoo/pvt2", "PVTv2-B2"),
        "PVTv2-B2-Li": both("zoo/pvt2_linear", "PVTv2-B2-Li"),
        "PVTv1-Tiny": both("zoo/pvt", "PVT-Tiny"),
        "PVTv1-Small": both("zoo/pvt", "PVT-Small"),
        "PVTv1-Medium": both("zoo/pvt", "PVT-Medium"),
        "PVTv1-Large": both("zoo/pvt", "PVT-Large"),
        "Mixer-B/16": both("zoo/mixer", "Mixer-B/16"),
        "gMLP-S16": both("claims/gmlp", "gMLP-S/16"),
        "ConvNeXt-T": both("zoo/convnext", "ConvNeXt-T"),
        "ResNet-18": both("zoo/resnet_basic", "ResNet-18"),
        "ResNet-50 (v1.5)": both("zoo/resnet", "ResNet-50"),
        "ResNeXt50-32x4d": both("zoo/resnext", "ResNeXt-50 32x4d"),
        "VGG-16": both("zoo/vgg", "VGG-16"),
        "DenseNet-121": both("zoo/densenet", "DenseNet-121"),
        "MobileNetV1": both("zoo/mobilenet_v1", "1.0 MobileNet-224"),
        "MobileNetV2": both("zoo/mobilenet_v2", "MobileNetV2"),
        "EfficientNet-B0": both("zoo/efficientnet", "EfficientNet-B0"),
        "EfficientNet-B7@600": both("zoo/efficientnet", "EfficientNet-B7"),
        "Twins-SVT-S": both("claims/twins", "Twins-SVT-S"),
        "XCiT-S12/16": both("claims/xcit", "XCiT-S12/16"),
        "PoolFormer-S12": both("claims/poolformer", "PoolFormer-S12"),
        "DiT-XL/2@32x32x4": both("claims/dit", "DiT-XL/2"),
        "AlexNet (torchvision)": both("zoo/alexnet", "AlexNet"),
    },
    "T2-gpt2-nanogpt": {
        "bias=False": {
            "params": [at("claims/transformers", "NanoGPT", "params", "nanoGPT")],
            "flops": [at("claims/transformers", "NanoGPT", "flops", "nanoGPT")],
        },
        "GPT-2 real (biases, LN bias)": params("zoo/gpt2", "GPT-2 at 1024"),
        "medium": params("zoo/gpt2", "GPT-2 medium at 1024"),
        "large": params("zoo/gpt2", "GPT-2 large at 1024"),
        "xl": params("zoo/gpt2", "GPT-2 XL at 1024"),
    },
    "T2-llama-family": {
        "LLaMA/Llama-2-7B": params("zoo/llama", "Llama-2-7B", "Llama"),
        "13B": params("zoo/llama", "Llama-2-13B", "Llama"),
        "33B": llama(V=32000, D=6656, H=52, L=60),
        "65B": llama(V=32000, D=8192, H=64, L=80),
        "Llama-2-70B (8 kv)": params("zoo/llama", "Llama-2-70B", "Llama"),
        "Llama-3-8B": params("zoo/llama", "Llama-3-8B", "Llama"),
        "Llama-3-70B": llama(V=128256, D=8192, H=64, G=8, F=28672, L=80),
        "Llama-3.1-405B": llama(V=128256, D=16384, H=128, G=8, F=53248, L=126),
        "Mistral-7B": params("zoo/llama", "Mistral-7B", "Llama"),
        "TinyLlama": llama(V=32000, D=2048, H=32, G=4, E=64, F=5632, L=22),
    },
    "T2-mixtral": {
        "total": params("zoo/llama", "Mixtral-8x7B", "Mixtral"),
        "active": params("claims/transformers", "Mixtral-8x7B, active", "ActiveMixtral"),
    },
    "T2-bert": {
        "base V30522": params("zoo/bert", "BERT-base at 512"),
        "large": params("zoo/bert", "BERT-large at 512"),
        "chinese-roberta V21128": params("claims/transformers", "BERT-base, V21128", "BERT"),
    },
    "T3-swin-table": {
        "Swin-T": swin("Swin-T", 7, 224, 96, 3, 6),
        "Swin-S": swin("Swin-S", 7, 224, 96, 3, 18),
        "Swin-B": swin("Swin-B", 7, 224, 128, 4, 18),
        "Swin-B-384 M12": swin("Swin-B at 384", 12, 384, 128, 4, 18),
        "Swin-L": swin("Swin-L", 7, 224, 192, 6, 18),
        "Swin-L-384": swin(None, 12, 384, 192, 6, 18),
    },
    "T3-pvt1": {
        "Tiny 2,2,2,2": both("zoo/pvt", "PVT-Tiny"),
        "Small 3,4,6,3": both("zoo/pvt", "PVT-Small"),
        "Medium 3,4,18,3": both("zoo/pvt", "PVT-Medium"),
        "Large 3,8,27,3": both("zoo/pvt", "PVT-Large"),
    },
    "T3-pvt2": {
        "B0": both("zoo/pvt2", "PVTv2-B0"),
        "B1": both("zoo/pvt2", "PVTv2-B1"),
        "B2": both("zoo/pvt2", "PVTv2-B2"),
        "B2-Li": both("zoo/pvt2_linear", "PVTv2-B2-Li"),
        "B3": both("zoo/pvt2", "PVTv2-B3"),
        "B4": both("zoo/pvt2", "PVTv2-B4"),
        "B5 (E=4)": both("zoo/pvt2", "PVTv2-B5"),
    },
    "T3-fvit": {
        "ViT-B/16": {
            "params": [at("zoo/vit", None, "params", "ViT-B/16 at 384")],
            "flops": [at("zoo/vit", None, "macs under hooks", "ViT-B/16 at 384", -5)],
        },
        "Fastformer-B/16": {
            "params": [at("zoo/fastformer_unscored", None, "params", "FViT-B/16 unscored")],
            "flops": [at("zoo/fastformer", None, "macs under hooks", "FViT-B/16", -5)],
        },
        "ViT-B/32": {
            "params": [at("zoo/vit", None, "params", "ViT-B/32 at 384")],
            "flops": [at("zoo/vit", None, "macs under hooks", "ViT-B/32 at 384", -5)],
        },
        "Fastformer-B/32": {
            "params": [at("zoo/fastformer_unscored", None, "params", "FViT-B/32 unscored")],
            "flops": [at("zoo/fastformer", None, "macs under hooks", "FViT-B/32", -5)],
        },
    },
    "T3-resnet": {
        "18": both("zoo/resnet_basic", "ResNet-18"),
        "34 (optA/optB)": {
            "params": [at("zoo/resnet_basic", None, "params", "ResNet-34")],
            "flops": [
                at("claims/resnet_v1", "ResNetA", "macs", "ResNet-34, option A"),
                at("zoo/resnet_basic", None, "macs", "ResNet-34"),
            ],
        },
        "50 v1": both("claims/resnet_v1", "ResNet-50 v1", "ResNet"),
        "101 v1": both("claims/resnet_v1", "ResNet-101 v1", "ResNet"),
        "152 v1": both("claims/resnet_v1", "ResNet-152 v1", "ResNet"),
    },
    "T3-mobilenetv1": {
        "1.0-224": both("zoo/mobilenet_v1", "1.0 MobileNet-224"),
        "0.75": both("zoo/mobilenet_v1", "0.75 MobileNet-224"),
        "0.5": both("zoo/mobilenet_v1", "0.5 MobileNet-224"),
        "0.25": both("zoo/mobilenet_v1", "0.25 MobileNet-224"),
        "192": macs("zoo/mobilenet_v1", "1.0 MobileNet-192"),
        "160": macs("zoo/mobilenet_v1", "1.0 MobileNet-160"),
        "128": macs("zoo/mobilenet_v1", "1.0 MobileNet-128"),
    },
    "T3-mixer": {
        side: params("claims/mixer_features", side)
        for side in ("S/32", "S/16", "B/32", "B/16", "L/32", "L/16", "H/14")
    },
    "T3-vit-table1": {
        "Base/16 (head/no head)": {
            "params": [
                at("zoo/vit", None, "params", "ViT-B/16"),
                at("zoo/vit_features", None, "params", "ViT-B/16"),
            ]
        },
        "Large/16": {
            "params": [
                at("zoo/vit", None, "params", "ViT-L/16"),
                at("zoo/vit_features", None, "params", D=1024, H=16, L=24),
            ]
        },
        "Large/32": {
            "params": [
                at("zoo/vit", None, "params", "ViT-L/32"),
                at("zoo/vit_features", None, "params", "ViT-L/32"),
            ]
        },
        "Huge/14": {
            "params": [
                at("zoo/vit", None, "params", "ViT-H/14"),
                at("zoo/vit_features", None, "params", "ViT-H/14"),
            ]
        },
    },
    "T3-chinchilla": {
        "10L d640": chinchilla(10, 640),
        "20L d1024": chinchilla(20, 1024),
        "24L d1280": chinchilla(24, 1280),
        "26L d1792": chinchilla(26, 1792),
        "28L d2048": chinchilla(28, 2048),
        "40L d3584": chinchilla(40, 3584),
    },
}

# Numbers of formulas that are claimed, but that are not of a forward pass.
NUMBERS_LATER: dict[tuple[str, str, str], str] = {
    ("T4-6ND", "GPT-3 175B x 300B", "flops"): "both factors are rounded figures",
    ("T4-train-time", "GPT-3 1024xA100 140TF/s", "flops"): "days; all factors are rounded figures",
    ("T1-kv-cache", "LLaMA-7B per token", "flops"): "bytes: test_cache_numbers",
    ("T1-kv-cache", "InternLM2-20B claim b16 s512+32", "flops"): "bytes: test_cache_numbers",
    ("T2-gpt2-nanogpt", "fwd+bwd", "flops"): "training",
    ("T2-gpt2-nanogpt", "PaLM formula on same", "flops"): "training",
    **{
        ("T3-chinchilla", config, "flops"): "training: a third of it is expected in its file"
        for config in ("10L d640", "20L d1024", "24L d1280", "26L d1792", "28L d2048", "40L d3584")
    },
    (
        "T4-kaplan-C",
        "InternLM2-20B blog: N=20e9,L48,n1024,d6144",
        "flops",
    ): "N is a rounded figure; its parts are compared in test_kaplan_number",
}
