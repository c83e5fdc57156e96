"""Operations and what PyTorch calls them, a row each.

A `Layer` is a module: how it is spelled, the sizes that it takes first, and its options, `kernel:
kernel_size` where PyTorch has another name. A text is an expression of the input `{x}`, of the
parameters, of the sizes of the result `{y}` and of its sides `{sides}`, the last axes of a map.
"""

from __future__ import annotations

from closedform.data import dataclass

LAST = None  # works on the last axis, wherever that stands
ANY_MAP = -1  # a map with any number of sides


@dataclass(frozen=True)
class Layer:
    torch: str
    sizes: str
    options: str = ""
    sides: int | None = LAST  # a module for maps, and how many sides these have


@dataclass(frozen=True)
class OnMap:
    """An expression that needs a batch, channels, and then the sides of a map."""

    torch: str
    sides: int


CONV = "kernel: kernel_size, stride, padding, dilation, groups, bias"
TRANSPOSED = "kernel: kernel_size, stride, padding, output_padding, groups, bias, dilation"
POOL = "kernel: kernel_size, stride, padding"
AFFINE = "affine"

OPERATIONS: dict[str, Layer | OnMap | str] = {
    # elements
    "relu": "torch.relu({x})",
    "leaky_relu": "functional.leaky_relu({x})",
    "elu": "functional.elu({x})",
    "relu6": "functional.relu6({x})",
    "gelu": "functional.gelu({x})",
    "gelu_tanh": 'functional.gelu({x}, approximate="tanh")',
    "sigmoid": "torch.sigmoid({x})",
    "silu": "functional.silu({x})",
    "hardsigmoid": "functional.hardsigmoid({x})",
    "hardswish": "functional.hardswish({x})",
    "tanh": "torch.tanh({x})",
    "exp": "torch.exp({x})",
    "softplus": "functional.softplus({x})",
    "abs": "torch.abs({x})",
    "dropout": Layer("nn.Dropout", ""),
    # the last axis
    "softmax": "{x}.softmax(dim=-1)",
    "normalize": "functional.normalize({x}, dim=-1)",
    "linear": Layer("nn.Linear", "n, out", "bias"),
    "layernorm": Layer("nn.LayerNorm", "n", "affine: elementwise_affine, bias"),
    "rmsnorm": Layer("nn.RMSNorm", "n", "affine: elementwise_affine"),
    # tables, keys and values
    "embed": Layer("nn.Embedding", "vocabulary, out"),
    "kv_cache": "{x}",
    # maps
    "conv1d": Layer("nn.Conv1d", "c, out", CONV, 1),
    "conv2d": Layer("nn.Conv2d", "c, out", CONV, 2),
    "conv3d": Layer("nn.Conv3d", "c, out", CONV, 3),
    "conv_transpose1d": Layer("nn.ConvTranspose1d", "c, out", TRANSPOSED, 1),
    "conv_transpose2d": Layer("nn.ConvTranspose2d", "c, out", TRANSPOSED, 2),
    "conv_transpose3d": Layer("nn.ConvTranspose3d", "c, out", TRANSPOSED, 3),
    "batchnorm": Layer("nn.BatchNorm{k}d", "c", AFFINE, ANY_MAP),
    "batchnorm1d": Layer("nn.BatchNorm1d", "c", AFFINE, ANY_MAP),
    "batchnorm2d": Layer("nn.BatchNorm2d", "c", AFFINE, 2),
    "batchnorm3d": Layer("nn.BatchNorm3d", "c", AFFINE, 3),
    "groupnorm": Layer("nn.GroupNorm", "groups, c", AFFINE, ANY_MAP),
    "instancenorm": Layer("nn.InstanceNorm{k}d", "c", AFFINE, ANY_MAP),
    "instancenorm1d": Layer("nn.InstanceNorm1d", "c", AFFINE, 1),
    "instancenorm2d": Layer("nn.InstanceNorm2d", "c", AFFINE, 2),
    "instancenorm3d": Layer("nn.InstanceNorm3d", "c", AFFINE, 3),
    "maxpool1d": Layer("nn.MaxPool1d", "", f"{POOL}, ceil_mode", 1),
    "maxpool2d": Layer("nn.MaxPool2d", "", f"{POOL}, ceil_mode", 2),
    "maxpool3d": Layer("nn.MaxPool3d", "", f"{POOL}, ceil_mode", 3),
    "avgpool1d": Layer("nn.AvgPool1d", "", POOL, 1),
    "avgpool2d": Layer("nn.AvgPool2d", "", POOL, 2),
    "avgpool3d": Layer("nn.AvgPool3d", "", POOL, 3),
    "adaptive_avgpool1d": Layer("nn.AdaptiveAvgPool1d", "out", "", 1),
    "adaptive_avgpool2d": Layer("nn.AdaptiveAvgPool2d", "out", "", 2),
    "adaptive_avgpool3d": Layer("nn.AdaptiveAvgPool3d", "out", "", 3),
    "adaptive_maxpool1d": Layer("nn.AdaptiveMaxPool1d", "out", "", 1),
    "adaptive_maxpool2d": Layer("nn.AdaptiveMaxPool2d", "out", "", 2),
    "adaptive_maxpool3d": Layer("nn.AdaptiveMaxPool3d", "out", "", 3),
    "global_avgpool": OnMap("{x}.mean(dim={sides})", ANY_MAP),
    "global_maxpool": OnMap("{x}.amax(dim={sides})", ANY_MAP),
    "pad2d": OnMap("functional.pad({x}, ({left}, {right}, {top}, {bottom}))", 2),
    "upsample1d": OnMap("functional.interpolate({x}, size={y}, mode={mode})", 1),
    "upsample2d": OnMap("functional.interpolate({x}, size={y}, mode={mode})", 2),
    "upsample3d": OnMap("functional.interpolate({x}, size={y}, mode={mode})", 3),
    "resize1d": OnMap("functional.interpolate({x}, size={y}, mode={mode})", 1),
    "resize2d": OnMap("functional.interpolate({x}, size={y}, mode={mode})", 2),
    "resize3d": OnMap("functional.interpolate({x}, size={y}, mode={mode})", 3),
    # any axes
    "mean": 'reduce({x}, {pattern}, "mean")',
    "sum": 'reduce({x}, {pattern}, "sum")',
    "amax": 'reduce({x}, {pattern}, "max")',
    "take": "{x}[:, {index}]",
    "roll": "{x}.roll(1, dims=1)",
}

# How an attribute is called that holds a layer which nothing else names.
SHORT = {
    "conv1d": "conv", "conv2d": "conv", "conv3d": "conv", "conv_transpose1d": "conv",
    "conv_transpose2d": "conv", "conv_transpose3d": "conv", "embed": "embedding",
    "layernorm": "norm", "rmsnorm": "norm", "batchnorm": "norm", "batchnorm1d": "norm",
    "batchnorm2d": "norm", "batchnorm3d": "norm", "groupnorm": "norm", "instancenorm": "norm",
    "instancenorm1d": "norm", "instancenorm2d": "norm", "instancenorm3d": "norm",
    "maxpool1d": "pool", "maxpool2d": "pool", "maxpool3d": "pool", "avgpool1d": "pool",
    "avgpool2d": "pool", "avgpool3d": "pool", "adaptive_avgpool1d": "pool",
    "adaptive_avgpool2d": "pool", "adaptive_avgpool3d": "pool", "adaptive_maxpool1d": "pool",
    "adaptive_maxpool2d": "pool", "adaptive_maxpool3d": "pool",
}  # fmt: skip

# What a file may name with `as` beside operations: of the input and of the arguments.
EXTRAS = {
    "fft": "torch.fft.fft({x})",
    "real": "{x}.real",
    "neighbours": "neighbours({x}, {0})",
    "relative_pairs": "relative_pairs({x}, {0})",
}

# Functions that are written into a module which calls them.
HELPERS = {
    "neighbours": '''def neighbours(x, count):
    """The `count` tokens around each token, zeros beyond the ends: ... n e -> ... n count e."""
    before = (count - 1) // 2
    x = functional.pad(x, (0, 0, before, count - 1 - before))
    return x.unfold(-2, count, 1).transpose(-1, -2)
''',
    "relative_pairs": '''def relative_pairs(table, side):
    """The row of the table for each pair of places in a window of side x side."""
    place = torch.arange(side, device=table.device)
    apart = place[:, None] - place[None, :] + side - 1
    index = apart[:, None, :, None] * (2 * side - 1) + apart[None, :, None, :]
    return rearrange(table[index.flatten()], "(n m) h -> h n m", n=side**2)
''',
    "mixture": '''def mixture(gate, count, experts, x):
    """Each token through the `count` experts with the largest gates, weighted by these."""
    weights, chosen = gate.topk(count, dim=-1)
    weights = (weights / weights.sum(dim=-1, keepdim=True)).flatten(0, -2)
    chosen, rows = chosen.flatten(0, -2), x.flatten(0, -2)
    shape = (1,) * (x.dim() - 2)
    if x.is_meta:  # nothing to choose by: the first experts take all tokens
        made = [expert(rows.view(*shape, *rows.shape)) for expert in experts[:count]]
        return sum(made).view(*x.shape[:-1], -1)
    y = 0
    for index, expert in enumerate(experts):
        token, slot = torch.where(chosen == index)
        made = expert(rows[token].view(*shape, *rows[token].shape)).flatten(0, -2)
        made = made * weights[token, slot, None]
        y = y + made.new_zeros(len(rows), made.shape[-1]).index_add(0, token, made)
    return y.view(*x.shape[:-1], -1)
''',
}
