"""What the LaTeX of each row of tests/truth/formulas.jsonl is read as, and of which block it is.

A formula is a piece of the row's LaTeX: the whole of it, or what is left without the words around.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pasted:
    """A formula, the block that it is of, what its symbols are there, and the verdict.

    `told` is the difference, or what is said to explain it.
    """

    latex: str
    file: str
    part: str
    measure: str
    where: str = ""
    when: str = ""
    word: str = "proved"
    told: str = ""


def wrong(
    latex: str, file: str, part: str, measure: str, where: str = "", when: str = "", told: str = ""
) -> Pasted:
    """A formula that is refuted."""
    return Pasted(latex, file, part, measure, where, when, "refuted", told)


READ: dict[str, list[Pasted]] = {
    "T1-conv-flops": [
        Pasted(
            r"\text{FLOPs}=2\times K^2\times C_{in}\times C_{out}\times H_{out}\times H_{out}",
            "claims/layers", "Stem", "flops", "K = 7, C_{in} = 3, C_{out} = 64, H_{out} = 112",
        ),
        wrong(
            r"\text{FLOPs}=2\times K^2\times C_{in}\times C_{out}\times H_{out}\times H_{out}",
            "zoo/convolutions", "Plain", "flops",
            "K = kernel, C_{in} = c, C_{out} = out, H_{out} = m",
            told="2 c out kernel^2 (w - h) (h - kernel + 1)",
        ),
    ],
    "T1-groupconv": [
        Pasted(
            r"G\times(2K^2\frac{C_{in}}{G}H_{out}W_{out}\frac{C_{out}}{G})"
            r"=2K^2C_{in}H_{out}W_{out}\frac{C_{out}}{G}",
            "zoo/convolutions", "Grouped", "flops",
            "G = groups, K = kernel, C_{in} = c, C_{out} = out, H_{out} = h, W_{out} = w",
        ),
    ],
    "T1-swin-omega": [
        Pasted(
            r"\Omega(\text{MSA})=4hwC^2+2(hw)^2C", "claims/products", "MapScores", "macs", "C = d"
        ),
        Pasted(
            r"\Omega(\text{W-MSA})=4hwC^2+2M^2hwC",
            "zoo/attention", "WindowedAttention", "macs", "C = d, M = side",
        ),
    ],
    "T1-xca": [
        Pasted(r"O(Nd^2/h)", "claims/products", "ChannelScores", "macs", "N = n, d = h e"),
    ],
    "T1-mbv2-block": [
        Pasted(
            r"h\cdot w\cdot d'\cdot t(d'+k^2+d'')",
            "zoo/convolutions", "InvertedResidual", "macs",
            "d' = c, t = expansion, k = kernel, d'' = out",
        ),
        wrong(
            r"h\cdot w\cdot d'\cdot t(d'+k^2+d'')",
            "claims/T1-mbv2-block", "First", "macs", "d' = c, t = 1, d'' = out", "2 | k - 1",
            told="-c^2 h w",
        ),
    ],
    "T1-narayanan-params": [
        Pasted(
            r"P=12lh^2\left(1+\frac{13}{12h}+\frac{V+s}{12lh}\right)",
            "claims/transformers", "Megatron", "params", "l = L, h = D, s = S",
        ),
        wrong(
            r"P=12lh^2\left(1+\frac{13}{12h}+\frac{V+s}{12lh}\right)",
            "claims/T1-narayanan-params", "GPT2", "params", "l = L, h = D, s = S",
            told="it holds without layernorm (line 12) (2 D)",
        ),
    ],
    "T1-kaplan-N": [
        Pasted(
            r"N\approx 2d_{model}n_{layer}(2d_{attn}+d_{ff})=12n_{layer}d_{model}^2",
            "zoo/scaling", "Decoder", "params",
            "d_{model} = D, n_{layer} = L, d_{attn} = A, d_{ff} = F", "A == D, F == 4*D",
        ),
    ],
    "T1-swiglu-83": [
        Pasted(
            r"3\cdot d\cdot\frac83d=2\cdot d\cdot4d",
            "zoo/llama", "SwiGLU", "params", "", "hidden == 8*d/3",
        ),
        Pasted(
            r"f=256\lceil\frac{2\cdot4d/3}{256}\rceil", "claims/sizes", "SwiGLUHidden", "row"
        ),
    ],
    "T1-lora": [Pasted(r"r(d+k)", "zoo/lora", "Adapted", "trainable")],
    "T1-lstm-gru": [
        Pasted(r"4(nm+n^2+n)", "claims/layers", "OneBiasLSTM", "params"),
        Pasted(r"3(nm+n^2+n)", "claims/layers", "OneBiasGRU", "params"),
    ],
    "T1-seed5-attn-ffn": [
        Pasted(
            r"2NDD_{ff}", "claims/layers", "FeedForward", "macs", "N = n, D = d, D_{ff} = hidden"
        ),
    ],
    "T1-tconv-dilated": [
        Pasted(
            r"H_{out}=\lfloor\frac{H+2p-d(k-1)-1}{s}\rfloor+1",
            "claims/sizes", "Convolved", "row",
            "H = h, p = padding, d = dilation, k = kernel, s = stride",
        ),
        Pasted(
            r"\text{tconv MACs}=C_{in}C_{out}k^2H_{in}W_{in}",
            "zoo/convolutions", "Transposed", "macs",
            "C_{in} = c, C_{out} = out, k = kernel, H_{in} = h, W_{in} = w",
        ),
    ],
    "T1-attn-headfree": [
        Pasted(
            r"8td_{model}^2+4t^2d_{model}",
            "zoo/attention", "GlobalAttention", "flops", "t = n, d_{model} = d",
        ),
    ],
    "T1-param-primitives": [
        Pasted(
            r"(K_hK_wC_{in}+1)C_{out}",
            "claims/layers", "Convolution", "params",
            "K_h = kh, K_w = kw, C_{in} = c, C_{out} = out",
        ),
        Pasted(r"(in+1)\,out", "claims/layers", "Affine", "params", "in = n, out = out"),
        Pasted(
            r"(D+1)F+(F+1)D", "claims/layers", "FeedForward", "params", "D = d, F = hidden"
        ),
        wrong(
            r"(K_hK_wC_{in}+1)C_{out}",
            "claims/T1-param-primitives", "Grouped", "params",
            "K_h = kh, K_w = kw, C_{in} = c, C_{out} = out",
        ),
    ],
    "T2-vit-int": [
        Pasted(
            r"\text{FLOPs}=L(N(4D^2+2DD_{ff})+2N^2D)+n_pP^2CD+5(2L+1)ND",
            "claims/counted_norms", "ViT", "macs",
            "D_{ff} = F, n_p = N - 1, C = 3", "B == 5, Q == 1",
        ),
    ],
    "T2-gpt2-nanogpt": [
        Pasted(
            r"n_e s+n_eV+L(12n_e^2+2n_e)+n_e",
            "claims/transformers", "NanoGPT", "params", "n_e = D, s = S",
        ),
        Pasted(
            r"\text{fwd}=L(24sn_e^2+4s^2n_e)+2sn_eV",
            "claims/transformers", "NanoGPT", "flops", "n_e = D, s = S",
        ),
    ],
    "T2-llama-family": [
        Pasted(
            r"2Vd+L(2d\,n_hd_h+2d\,n_{kv}d_h+3df+2d)+d",
            "zoo/llama", "Llama", "params", "d = D, n_h = H, d_h = E, n_{kv} = G, f = F",
        ),
    ],
    "T2-mixtral": [
        Pasted(
            r"\text{total}=2Vd+L(attn+E\cdot3df+dE+2d)+d",
            "zoo/llama", "Mixtral", "params",
            "d = D, E = X, f = F, attn = 2 D H E + 2 D G E",
        ),
    ],
    "T2-bert": [
        Pasted(
            r"(V+s+2)h+2h+L(12h^2+13h)+(h^2+h)",
            "claims/transformers", "BERT", "params", "s = S, h = D",
        ),
    ],
    "T3-mixer": [
        Pasted(
            r"L(2SD_S C+2SCD_C)",
            "claims/mixer_features", "Layers", "macs",
            "L = depth, S = n, D_S = across, C = d, D_C = within",
        ),
    ],
    "X-seed1-numpatches": [
        wrong(
            r"(N-P)/S+1",
            "claims/X-seed1-numpatches", "Steps", "token",
            "N = i, P = patch, S = stride", "stride | i - patch",
        ),
    ],
    "X-seed5-params": [
        wrong(
            r"3D^2", "zoo/attention", "GlobalAttention", "params", "D = d", told="d (d + 4)"
        ),
    ],
    "X-pvt2-omega-sra": [
        wrong(
            r"\Omega(\text{SRA})=\frac{2h^2w^2c}{R^2}+hwc^2R^2",
            "claims/X-pvt2-omega-sra", "SRA", "macs", "R = r",
            told="-h w c^2 (r + 1) (r - 1)",
        ),
    ],
    "X-lstm-blog": [
        wrong(
            r"4(mn+m+m)", "claims/X-lstm-blog", "LSTM", "params", told="4 (n^2 + n - 2 m)"
        ),
    ],
    "T4-pvt2-linSRA": [
        wrong(
            r"\Omega(\text{Linear SRA})=2hwP^2c",
            "claims/T4-pvt2-linSRA", "Linear", "macs", "h w = n, P = p",
            told="it holds without conv2d (c^2 p^2) and linear (2 c^2 (p^2 + n))",
        ),
    ],
    "T5-vaswani-table1": [
        Pasted(r"O(n^2d)", "claims/products", "Scores", "macs"),
        wrong(r"O(n^2d)", "claims/T5-vaswani-table1", "Attention", "macs", told="4 n d^2"),
        Pasted(r"O(nd^2)", "claims/layers", "Recurrence", "macs"),
        Pasted(r"O(knd^2)", "claims/layers", "Convolution1d", "macs"),
        Pasted(r"O(rnd)", "claims/products", "RestrictedScores", "macs"),
        Pasted(r"O(knd+nd^2)", "claims/layers", "Separable1d", "macs"),
    ],
    "T5-linformer": [Pasted(r"O(nk)", "zoo/attention", "Linformer", "macs")],
    "T5-performer": [
        Pasted(r"O(Lrd)", "claims/products", "FeatureScores", "macs", "L = n"),
        wrong(r"O(Lrd)", "claims/T5-performer", "Performer", "macs", "L = n", told="4 n d^2"),
    ],
    "T5-linear-attn": [
        Pasted(r"O(Nd^2)", "zoo/attention_linear", "LinearAttention", "macs", "N = n"),
    ],
    "T5-longformer": [
        Pasted(r"O(n\times w)", "zoo/attention", "SlidingAttention", "macs", "w = window"),
    ],
    "T5-fastformer": [
        Pasted(
            r"O(N\cdot d)", "zoo/attention_linear", "AdditiveMixing", "macs", "N = n, d = h e"
        ),
        wrong(r"O(N\cdot d)", "claims/T5-fastformer", "Additive", "macs", "N = n", told="3 n d^2"),
    ],
    "T5-fnet": [
        Pasted(r"O(nd\log n+nd\log d)", "zoo/fnet", "FourierMixing", "butterfly"),
    ],
}  # fmt: skip

NOT_READ: dict[str, str] = {
    "T1-dwsep-ratio": "a quotient of two measures",
    "T1-narayanan-flops": "training",
    "T1-korthikanti-mem": "bytes of activations",
    "T1-kv-cache": "bytes",
    "T3-chinchilla": "words between the terms of a table",
    "X-seed1-total": "a sum of orders",
    "X-seed5-xH": "words",
    "X-seed5-conv-vs-attn-units": "words",
    "X-seed2-params": "words",
    "X-seed3-gflops": "words",
    "X-seed4-params": "words",
    "X-blog-72-V16": "training",
    "X-blog-12bhs2": "training",
    "X-mfu-blog": "training",
    "X-kv-llama3-8b": "bytes for a token",
    "X-zero-20psi": "bytes of the states of an optimizer",
    "T4-kaplan-C": "for one token of several",
    "T4-6ND": "training",
    "T4-palm": "training",
    "T4-train-time": "time",
    "T4-pvt1-SRA": "words",
    "T4-conv-shapes-seed4": "sizes of a kernel, and words",
}
