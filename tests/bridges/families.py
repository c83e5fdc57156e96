"""Random small configurations of the families, and what transformers counts for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

Keys = dict[str, Any]

# The class that each family counts.
CLASSES = {
    "albert": "AlbertForMaskedLM",
    "bert": "BertForMaskedLM",
    "bloom": "BloomForCausalLM",
    "convnext": "ConvNextForImageClassification",
    "deepseek_v2": "DeepseekV2ForCausalLM",
    "deepseek_v3": "DeepseekV3ForCausalLM",
    "deit": "DeiTForImageClassification",
    "distilbert": "DistilBertForMaskedLM",
    "falcon": "FalconForCausalLM",
    "gemma": "GemmaForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "gemma3_text": "Gemma3ForCausalLM",
    "gpt2": "GPT2LMHeadModel",
    "gpt_neox": "GPTNeoXForCausalLM",
    "llama": "LlamaForCausalLM",
    "mamba": "MambaForCausalLM",
    "mistral": "MistralForCausalLM",
    "mixtral": "MixtralForCausalLM",
    "opt": "OPTForCausalLM",
    "phi3": "Phi3ForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen2_moe": "Qwen2MoeForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "qwen3_moe": "Qwen3MoeForCausalLM",
    "roberta": "RobertaForMaskedLM",
    "swin": "SwinForImageClassification",
    "t5": "T5ForConditionalGeneration",
    "vit": "ViTForImageClassification",
}


def _text(r: Random) -> Keys:
    """Sizes of a decoder as most of them name these."""
    heads, e = r.choice([2, 4, 6, 8]), r.choice([4, 8, 16])
    return {
        "vocab_size": r.randint(100, 900),
        "hidden_size": heads * e,
        "intermediate_size": r.randint(20, 300),
        "num_hidden_layers": r.randint(1, 5),
        "num_attention_heads": heads,
        "num_key_value_heads": r.choice([n for n in (1, 2, 4, heads) if heads % n == 0]),
        "max_position_embeddings": r.randint(40, 300),
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "tie_word_embeddings": r.random() < 0.5,
    }


def _headed(r: Random) -> Keys:
    """With a width of a head that need not be that of the model."""
    return _text(r) | {"head_dim": r.choice([4, 8, 16, 32])}


def _biased(r: Random) -> Keys:
    return _headed(r) | {"attention_bias": r.random() < 0.5}


def _llama(r: Random) -> Keys:
    return _biased(r) | {"mlp_bias": r.random() < 0.5}


def _gpt2(r: Random) -> Keys:
    heads = r.choice([1, 2, 4, 6])
    return {
        "vocab_size": r.randint(100, 900),
        "n_positions": r.randint(20, 300),
        "n_embd": heads * r.choice([4, 8, 16]),
        "n_head": heads,
        "n_layer": r.randint(1, 5),
        "n_inner": r.choice([None, r.randint(20, 300)]),
        "bos_token_id": 0,
        "eos_token_id": 0,
        "tie_word_embeddings": r.random() < 0.5,
    }


def _neox(r: Random) -> Keys:
    keys = _text(r) | {"attention_bias": r.random() < 0.5}
    del keys["num_key_value_heads"]
    return keys


def _opt(r: Random) -> Keys:
    heads = r.choice([1, 2, 4, 6])
    width = heads * r.choice([4, 8, 16])
    return {
        "vocab_size": r.randint(100, 900),
        "hidden_size": width,
        "ffn_dim": r.randint(20, 300),
        "num_hidden_layers": r.randint(1, 5),
        "num_attention_heads": heads,
        "max_position_embeddings": r.randint(20, 300),
        "word_embed_proj_dim": r.choice([width, 12, 20]),
        "do_layer_norm_before": r.random() < 0.7,
        "_remove_final_layer_norm": r.random() < 0.3,
        "enable_bias": r.random() < 0.6,
        "tie_word_embeddings": r.random() < 0.5,
    }


def _bloom(r: Random) -> Keys:
    heads = r.choice([1, 2, 4, 6])
    return {
        "vocab_size": r.randint(100, 900),
        "hidden_size": heads * r.choice([4, 8, 16]),
        "n_head": heads,
        "n_layer": r.randint(1, 5),
        "tie_word_embeddings": r.random() < 0.5,
    }


def _falcon(r: Random) -> Keys:
    heads, new = r.choice([2, 4, 6]), r.random() < 0.5
    width = heads * r.choice([4, 8, 16])
    return {
        "vocab_size": r.randint(100, 900),
        "hidden_size": width,
        "num_hidden_layers": r.randint(1, 5),
        "num_attention_heads": heads,
        "num_kv_heads": r.choice([None, 1, 2, heads]),
        "multi_query": r.random() < 0.5,
        "new_decoder_architecture": new,
        "parallel_attn": new or r.random() < 0.6,
        "num_ln_in_parallel_attn": r.choice([None, None, 1, 2]),
        "bias": r.random() < 0.5,
        "alibi": r.random() < 0.3,
        "ffn_hidden_size": r.choice([4 * width, r.randint(20, 300)]),
        "tie_word_embeddings": r.random() < 0.5,
    }


def _bert(r: Random) -> Keys:
    heads = r.choice([1, 2, 4, 6])
    return {
        "vocab_size": r.randint(100, 900),
        "hidden_size": heads * r.choice([4, 8, 16]),
        "intermediate_size": r.randint(20, 300),
        "num_hidden_layers": r.randint(1, 5),
        "num_attention_heads": heads,
        "max_position_embeddings": r.randint(20, 300),
        "type_vocab_size": r.randint(1, 3),
        "pad_token_id": 0,
        "tie_word_embeddings": r.random() < 0.5,
    }


def _albert(r: Random) -> Keys:
    return _bert(r) | {"embedding_size": r.choice([12, 16, 40])}


def _distilbert(r: Random) -> Keys:
    heads = r.choice([1, 2, 4, 6])
    return {
        "vocab_size": r.randint(100, 900),
        "dim": heads * r.choice([4, 8, 16]),
        "hidden_dim": r.randint(20, 300),
        "n_layers": r.randint(1, 5),
        "n_heads": heads,
        "max_position_embeddings": r.randint(20, 300),
        "sinusoidal_pos_embds": r.random() < 0.2,
        "tie_word_embeddings": r.random() < 0.5,
    }


def _t5(r: Random) -> Keys:
    return {
        "vocab_size": r.randint(100, 900),
        "d_model": r.choice([16, 24, 60]),
        "d_kv": r.choice([4, 8, 10]),
        "d_ff": r.randint(20, 300),
        "num_layers": r.randint(1, 4),
        "num_decoder_layers": r.choice([None, 1, 3]),
        "num_heads": r.randint(1, 6),
        "relative_attention_num_buckets": r.choice([8, 16, 32]),
        "feed_forward_proj": r.choice(["relu", "gated-gelu"]),
        "tie_word_embeddings": r.random() < 0.5,
    }


def _vit(r: Random) -> Keys:
    heads, patch = r.choice([1, 2, 4, 6]), r.choice([2, 4, 8])
    return {
        "image_size": patch * r.randint(2, 6),
        "patch_size": patch,
        "num_channels": r.choice([1, 3]),
        "hidden_size": heads * r.choice([4, 8, 16]),
        "intermediate_size": r.randint(20, 300),
        "num_hidden_layers": r.randint(1, 5),
        "num_attention_heads": heads,
        "qkv_bias": r.random() < 0.5,
        "num_labels": r.randint(2, 30),
    }


def _swin(r: Random) -> Keys:
    heads = r.choice([1, 2, 3])
    return {
        "image_size": 4 * r.choice([8, 12, 14, 16]),
        "patch_size": 4,
        "num_channels": r.choice([1, 3]),
        "embed_dim": heads * r.choice([4, 8]),
        "depths": [r.randint(1, 3) for _ in range(4)],
        "num_heads": [heads, 2 * heads, 4 * heads, 8 * heads],
        "window_size": r.choice([4, 7]),
        "mlp_ratio": r.choice([2.0, 3.0, 4.0]),
        "qkv_bias": r.random() < 0.5,
        "use_absolute_embeddings": r.random() < 0.3,
        "num_labels": r.randint(2, 30),
    }


def _convnext(r: Random) -> Keys:
    return {
        "image_size": 32 * r.randint(1, 3),
        "patch_size": r.choice([2, 4]),
        "num_channels": r.choice([1, 3]),
        "hidden_sizes": [r.randint(4, 40) for _ in range(4)],
        "depths": [r.randint(1, 3) for _ in range(4)],
        "layer_scale_init_value": r.choice([0.0, 1e-6]),
        "num_labels": r.randint(2, 30),
    }


def _mixtral(r: Random) -> Keys:
    experts = r.randint(2, 8)
    return _headed(r) | {
        "num_local_experts": experts,
        "num_experts_per_tok": r.randint(1, experts),
    }


def _qwen_moe(r: Random) -> Keys:
    experts = r.randint(2, 8)
    return _text(r) | {
        "num_experts": experts,
        "num_experts_per_tok": r.randint(1, experts),
        "moe_intermediate_size": r.randint(10, 100),
        "decoder_sparse_step": r.choice([1, 1, 1, 2]),
    }


def _qwen2_moe(r: Random) -> Keys:
    shared = {"shared_expert_intermediate_size": r.randint(10, 100)}
    return _qwen_moe(r) | shared | {"qkv_bias": r.random() < 0.5}


def _qwen3_moe(r: Random) -> Keys:
    flags = {"attention_bias": r.random() < 0.5}
    return _qwen_moe(r) | flags | {"head_dim": r.choice([4, 8, 16, 32])}


def _deepseek(r: Random) -> Keys:
    layers, experts = r.randint(1, 5), r.choice([4, 8])
    keys = _text(r)
    return keys | {
        "num_hidden_layers": layers,
        "num_key_value_heads": keys["num_attention_heads"],
        "q_lora_rank": r.choice([None, r.randint(8, 40)]),
        "kv_lora_rank": r.randint(8, 40),
        "qk_nope_head_dim": r.choice([4, 8, 10]),
        "qk_rope_head_dim": r.choice([4, 8]),
        "v_head_dim": r.choice([4, 8, 10]),
        "moe_intermediate_size": r.randint(10, 100),
        "n_routed_experts": experts,
        "n_shared_experts": r.randint(1, 3),
        "num_experts_per_tok": r.randint(1, 4),
        "first_k_dense_replace": r.randint(0, layers),
        "n_group": 2,
        "topk_group": 1,
        "attention_bias": r.random() < 0.5,
    }


def _mamba(r: Random) -> Keys:
    return {
        "vocab_size": r.randint(100, 900),
        "hidden_size": r.choice([16, 24, 60]),
        "state_size": r.choice([4, 8, 16]),
        "num_hidden_layers": r.randint(1, 5),
        "expand": r.choice([1, 2, 3]),
        "conv_kernel": r.randint(2, 5),
        "use_bias": r.random() < 0.5,
        "use_conv_bias": r.random() < 0.5,
        "time_step_rank": r.choice(["auto", r.randint(1, 9)]),
        "tie_word_embeddings": r.random() < 0.5,
    }


DRAWN: dict[str, Callable[[Random], Keys]] = {
    "albert": _albert,
    "bert": _bert,
    "bloom": _bloom,
    "convnext": _convnext,
    "deepseek_v2": _deepseek,
    "deepseek_v3": _deepseek,
    "deit": _vit,
    "distilbert": _distilbert,
    "falcon": _falcon,
    "gemma": _biased,
    "gemma2": _biased,
    "gemma3_text": _biased,
    "gpt2": _gpt2,
    "gpt_neox": _neox,
    "llama": _llama,
    "mamba": _mamba,
    "mistral": _headed,
    "mixtral": _mixtral,
    "opt": _opt,
    "phi3": _text,
    "qwen2": _text,
    "qwen2_moe": _qwen2_moe,
    "qwen3": _biased,
    "qwen3_moe": _qwen3_moe,
    "roberta": _bert,
    "swin": _swin,
    "t5": _t5,
    "vit": _vit,
}

# Values of keys that a family may or may not cover.
ODD: dict[str, list[Any]] = {
    "hidden_act": ["relu", "gelu", "silu", "gelu_new"],
    "activation_function": ["relu", "gelu", "gelu_new"],
    "activation": ["relu", "gelu"],
    "feed_forward_proj": ["relu", "gated-gelu", "gated-silu", "gelu"],
    "num_hidden_groups": [1, 2],
    "inner_group_num": [1, 2],
    "layer_norm_elementwise_affine": [True, False],
    "is_decoder": [True, False],
    "add_cross_attention": [True, False],
    "layer_types": [["full_attention"] * 3, ["sliding_attention", "full_attention"]],
    "num_experts_per_tok": [1, 2],
    "moe_layer_freq": [1, 2],
    "mlp_only_layers": [[], [0], [0, 2]],
    "decoder_sparse_step": [1, 2],
    "num_key_value_heads": [1, 2, None],
    "head_dim": [8, 12, None],
    "use_qk_norm": [True],
    "sliding_window": [4, None],
    "num_layers": [2, 4],
    "depths": [[1, 2], [1, 1, 2, 1]],
    "architectures": [["Another"], None],
}

# Keys that are `null` in some of the files that people have.
NULL = {
    "attention_bias",
    "bias",
    "ffn_hidden_size",
    "first_k_dense_replace",
    "head_dim",
    "intermediate_size",
    "layer_types",
    "mlp_bias",
    "mlp_only_layers",
    "moe_layer_freq",
    "multi_query",
    "n_inner",
    "n_shared_experts",
    "new_decoder_architecture",
    "num_decoder_layers",
    "num_key_value_heads",
    "num_kv_heads",
    "num_ln_in_parallel_attn",
    "parallel_attn",
    "q_lora_rank",
    "qkv_bias",
    "rope_parameters",
    "sliding_window",
    "tie_word_embeddings",
    "time_step_rank",
    "word_embed_proj_dim",
}


def saved(family: str, keys: Keys) -> Keys:
    """A configuration as transformers writes it."""
    from transformers import AutoConfig

    config = AutoConfig.for_model(family, architectures=[CLASSES[family]], **keys)
    written: Keys = json.loads(config.to_json_string())
    return written


def plain(family: str, r: Random) -> Keys:
    """A random small one as it is saved."""
    return saved(family, DRAWN[family](r))


def wild(family: str, r: Random) -> tuple[Keys, int]:
    """One as people have them, that transformers takes, and its parameters: keys left out, `null`,
    flags turned, values that are seldom."""
    while True:
        keys = _spoiled(plain(family, r), r)
        params = counted(keys)
        if params is not None:
            return keys, params


def _spoiled(keys: Keys, r: Random) -> Keys:
    free = sorted(keys.keys() - {"model_type", "architectures"})
    for key in free:
        if isinstance(keys[key], bool) and r.random() < 0.3:
            keys[key] = not keys[key]
    for key in r.sample(free, r.randint(0, 3)):
        del keys[key]
    empty = sorted(NULL & {*keys})
    for key in r.sample(empty, min(len(empty), r.choice([0, 0, 1, 2]))):
        keys[key] = None
    known = sorted(ODD.keys() & {*keys})
    for key in r.sample(known, min(len(known), r.choice([0, 0, 1]))):
        keys[key] = r.choice(ODD[key])
    if r.random() < 0.1:
        key = r.choice(sorted(ODD))
        keys.setdefault(key, r.choice(ODD[key]))
    return keys


def counted(keys: Keys) -> int | None:
    """The parameters of the class on the meta device; None where transformers refuses the keys."""
    import torch
    import transformers
    from transformers import AutoConfig

    given = {key: value for key, value in keys.items() if key != "model_type"}
    name = (keys.get("architectures") or [CLASSES[keys["model_type"]]])[0]
    try:
        config = AutoConfig.for_model(keys["model_type"], **given)
        with torch.device("meta"):
            model = getattr(transformers, name)(config)
    except Exception:  # whatever it raises
        return None
    return sum(p.numel() for p in model.parameters())
