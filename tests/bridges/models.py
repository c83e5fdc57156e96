"""The modules whose traces stand in traces/: a ViT and a ResNet, some of transformers and timm."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.scale = (dim // heads) ** -0.5

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        split = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads)
        q, k, v = split.permute(2, 0, 3, 1, 4).unbind(0)
        a = (q @ k.transpose(-2, -1) * self.scale).softmax(dim=-1)
        return self.proj((a @ v).transpose(1, 2).reshape(b, n, c))


class MLP(nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = MLP(dim, dim * ratio)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, patch: int, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, patch, patch)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x).flatten(2).transpose(1, 2)


class ViT(nn.Module):
    def __init__(
        self,
        size: int = 32,
        patch: int = 8,
        dim: int = 24,
        depth: int = 3,
        heads: int = 3,
        ratio: int = 4,
        classes: int = 10,
    ) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(patch, dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, (size // patch) ** 2 + 1, dim))
        self.blocks = nn.Sequential(*[Block(dim, heads, ratio) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


class Bottleneck(nn.Module):
    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        out = 4 * width
        self.conv1 = nn.Conv2d(before, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or before != out:
            short = nn.Conv2d(before, out, 1, stride, bias=False)
            self.downsample = nn.Sequential(short, nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        if self.downsample is not None:
            x = self.downsample(x)
        y += x
        return self.relu(y)


class ResNet(nn.Module):
    def __init__(
        self, width: int = 16, a: int = 2, b: int = 3, c: int = 2, d: int = 2, classes: int = 10
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        before = width
        for s, count in enumerate([a, b, c, d]):
            layers = []
            for i in range(count):
                layers.append(Bottleneck(before, width * 2**s, 2 if s and i == 0 else 1))
                before = 4 * width * 2**s
            setattr(self, f"layer{s + 1}", nn.Sequential(*layers))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(before, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Undecided(nn.Module):
    """What it does depends on the numbers in its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum() > 0 else x


def gpt2(
    dim: int = 48, depth: int = 3, heads: int = 4, vocab: int = 100, positions: int = 64
) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    if dim % heads:
        raise ValueError("sizes that do not go together")
    sizes = {"n_layer": depth, "n_embd": dim, "n_head": heads, "n_positions": positions}
    tokens = {"vocab_size": vocab, "bos_token_id": 0, "eos_token_id": 0}
    return GPT2LMHeadModel(GPT2Config(**sizes, **tokens, n_inner=4 * dim))


def llama(
    dim: int = 48,
    depth: int = 3,
    heads: int = 6,
    groups: int = 2,
    vocab: int = 100,
    hidden: int = 80,
) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=dim,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        num_key_value_heads=groups,
        vocab_size=vocab,
        intermediate_size=hidden,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config)


class Both(nn.Module):
    """An encoder and a decoder, each with its tokens."""

    def __init__(self, m: Any) -> None:
        super().__init__()
        self.m = m

    def forward(self, a: Tensor, b: Tensor) -> Any:
        return self.m(input_ids=a, decoder_input_ids=b).logits


def t5(
    dim: int = 48, depth: int = 3, heads: int = 4, kv: int = 8, hidden: int = 96, vocab: int = 100
) -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"num_layers": depth, "num_decoder_layers": depth, "num_heads": heads}
    config = T5Config(**sizes, d_model=dim, d_kv=kv, d_ff=hidden, vocab_size=vocab)
    return Both(T5ForConditionalGeneration(config))


def mixtral(
    dim: int = 48,
    depth: int = 2,
    heads: int = 6,
    groups: int = 2,
    vocab: int = 100,
    hidden: int = 80,
    experts: int = 4,
    used: int = 2,
) -> Any:
    from transformers import MixtralConfig, MixtralForCausalLM

    if dim % heads or heads % groups or dim // heads % 2 or used > experts:
        raise ValueError("sizes that do not go together")
    config = MixtralConfig(
        hidden_size=dim,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        num_key_value_heads=groups,
        vocab_size=vocab,
        intermediate_size=hidden,
        num_local_experts=experts,
        num_experts_per_tok=used,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    return MixtralForCausalLM(config)


def hf_vit() -> Any:
    from transformers import ViTConfig, ViTForImageClassification

    sizes = {"image_size": 32, "patch_size": 8, "hidden_size": 24, "num_hidden_layers": 3}
    config = ViTConfig(**sizes, num_attention_heads=3, intermediate_size=96, num_labels=10)
    return ViTForImageClassification(config)


class Pooled(nn.Module):
    """A pool whose last window reaches over the edge, and layers behind it."""

    def __init__(self, ceil_mode: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=ceil_mode)
        self.layer1 = nn.Sequential(*[Bottleneck(8, 2, 1) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        return self.layer1(self.pool(self.conv(x)))


def densenet(
    growth: int = 8, a: int = 2, b: int = 2, c: int = 2, d: int = 2, classes: int = 10
) -> Any:
    from timm.models.densenet import DenseNet

    return DenseNet(growth_rate=growth, block_config=(a, b, c, d), num_classes=classes)
