"""What each operation of a trace is in the language: the table of what is known.

What no row of the table knows is refused by name, unless a file declares an `op` for it.
"""

from __future__ import annotations

from collections.abc import Callable

from closedform.torch.steps.layers import adaptive, addmm, conv, embedding, linear, norm, pool
from closedform.torch.steps.pointwise import (
    averaged,
    elementwise,
    gelu,
    hardtanh,
    power,
    sign,
    softmax,
)
from closedform.torch.steps.products import attention, einsum, grouped, matmul
from closedform.torch.steps.rows import Rows, Step
from closedform.torch.steps.views import (
    concat,
    cut,
    expanded,
    index,
    part,
    roll,
    select,
    split,
    stack,
    topk,
    transposed,
    unbind,
    viewed,
)

TABLE: dict[str, Callable[[Rows], list[Step]]] = {
    "aten.linear": linear, "aten.addmm": addmm, "aten.mm": matmul, "aten.matmul": matmul,
    "aten.bmm": matmul, "aten.einsum": einsum, "aten.scaled_dot_product_attention": attention,
    "aten.conv1d": conv(1), "aten.conv2d": conv(2), "aten.conv3d": conv(3),
    "aten.layer_norm": norm("layernorm", 2), "aten.batch_norm": norm("batchnorm", 1),
    "aten.group_norm": norm("groupnorm", 2), "aten.rms_norm": norm("rmsnorm", 2),
    "aten.max_pool2d": pool("maxpool", 2), "aten.max_pool1d": pool("maxpool", 1),
    "aten.avg_pool2d": pool("avgpool", 2), "aten.avg_pool1d": pool("avgpool", 1),
    "aten.adaptive_avg_pool2d": adaptive("avgpool", 2),
    "aten.adaptive_avg_pool1d": adaptive("avgpool", 1),
    "aten.adaptive_max_pool2d": adaptive("maxpool", 2), "aten.relu": elementwise("relu"),
    "aten.gelu": gelu, "aten.silu": elementwise("silu"), "aten.sigmoid": elementwise("sigmoid"),
    "aten.tanh": elementwise("tanh"), "aten.hardswish": elementwise("hardswish"),
    "aten.hardsigmoid": elementwise("hardsigmoid"), "aten.relu6": elementwise("relu6"),
    "aten.leaky_relu": elementwise("leaky_relu"), "aten.elu": elementwise("elu"),
    "aten.softplus": elementwise("softplus"), "aten.exp": elementwise("exp"),
    "aten.abs": elementwise("abs"), "aten.hardtanh": hardtanh, "aten.softmax": softmax,
    "aten._softmax": softmax, "aten.embedding": embedding, "aten.add": sign("+"),
    "aten.sub": sign("-"), "aten.mul": sign("*"), "aten.div": sign("/"), "aten.pow": power,
    "aten.neg": elementwise("neg"), "aten.cat": concat, "aten.stack": stack, "aten.select": select,
    "aten.slice": cut, "aten.split": split, "aten.split_with_sizes": split, "aten.chunk": split,
    "aten.unbind": unbind, "getitem": part, "aten.transpose": transposed,
    "aten.permute": transposed, "aten.t": transposed, "aten.view": viewed, "aten.reshape": viewed,
    "aten.flatten": viewed, "aten.unflatten": viewed, "aten.unsqueeze": viewed,
    "aten._unsafe_view": viewed, "aten.squeeze": viewed, "aten.expand": expanded,
    "aten.mean": averaged("mean"), "aten.sum": averaged("sum"), "aten.amax": averaged("amax"),
    "aten.roll": roll, "aten.index": index, "aten.topk": topk, "aten._grouped_mm": grouped,
    "transformers.grouped_mm_fallback": grouped,
}  # fmt: skip


def steps(rows: Rows) -> list[Step]:
    """The steps of one operation; raises ClosedformError for one that has no place."""
    name = rows.node.target.removeprefix("aten.").strip("_")
    if name in rows.known.declared:
        takes = tuple(t for t in rows.takes if t not in rows.known.parameters)
        return [rows.step(name, takes=takes)]
    if rows.node.target not in TABLE:
        raise rows.refuse()
    return TABLE[rows.node.target](rows)
