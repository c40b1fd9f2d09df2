"""Parameters in packed tensors: the cases of the Hub's own counter, `@huggingface/hub`."""

from dataclasses import dataclass
from math import prod
from typing import Any

import pytest

from hublish.cards.facts.quantized_counts import count_by_dtype
from tests.hublish.cards.facts.releases import derived, weights


@dataclass(frozen=True)
class Stored:
    """A tensor in a header."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)


GPTQ = {"quant_method": "gptq", "bits": 4}
AWQ = {"quant_method": "awq", "bits": 4, "modules_to_not_convert": ["lm_head"]}
MXFP4 = {"quant_method": "mxfp4", "modules_to_not_convert": ["model.*.self_attn", "router"]}
BNB = {"quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": False}
FP8 = {"quant_method": "fp8"}


def packed(bits: int | None, form: str = "pack-quantized", **others: Any) -> dict[str, Any]:
    """Return a configuration of compressed-tensors."""
    group = {"targets": ["Linear"], "weights": {} if bits is None else {"num_bits": bits}}
    return {"quant_method": "compressed-tensors", "format": form, "config_groups": {"group_0": group}, **others}


MIXED = packed(4) | {
    "config_groups": {
        "a": {"targets": ["re:.*experts.*"], "weights": {"num_bits": 2}},
        "b": {"targets": ["model.lm_head"], "weights": {"num_bits": 8}, "format": "int-quantized"},
        "c": {"targets": ["re:^model\\.q_proj$"], "weights": {"num_bits": 8}},
    }
}
EXPERT = "layers.0.ffn.experts.0.w1.weight"

# quantization_config, name, type, shape, parameters
CASES: dict[str, tuple[dict[str, Any] | None, str, str, tuple[int, ...], int]] = {
    "not quantized": (None, "w", "I32", (10,), 10),
    "a scalar": (None, "w", "F32", (), 0),
    "an empty tensor": (None, "w", "F32", (0, 3), 0),
    "exponents alone": (None, "w", "F8_E8M0", (10,), 0),
    "packed types at face value": (None, "w", "F4", (10,), 10),
    "gptq": (GPTQ, "l.qweight", "I32", (10,), 80),
    "gptq of 3 bits": ({**GPTQ, "bits": 3}, "l.qweight", "I32", (10,), 100),
    "gptq without bits": ({"quant_method": "gptq"}, "l.qweight", "I32", (10,), 80),
    "gptq with odd bits": ({**GPTQ, "bits": -1}, "l.qweight", "I32", (10,), 80),
    "gptq scales": (GPTQ, "l.scales", "F16", (10,), 0),
    "gptq zero points": (GPTQ, "l.qzeros", "I32", (10,), 0),
    "gptq indices": (GPTQ, "l.g_idx", "I32", (10,), 0),
    "gptq bias": (GPTQ, "l.bias", "F16", (10,), 10),
    "gptq in upper case": ({**GPTQ, "quant_method": "GPTQ"}, "l.qweight", "I32", (10,), 80),
    "gptq in bytes": (GPTQ, "l.weight", "U8", (10,), 20),
    "awq": (AWQ, "l.qweight", "I32", (10,), 80),
    "awq, left as it was": (AWQ, "model.lm_head.qweight", "I32", (10,), 10),
    "mxfp4 blocks": (MXFP4, "model.layers.0.mlp.experts.gate_blocks", "U8", (10,), 20),
    "mxfp4 scales": (MXFP4, "model.layers.0.mlp.experts.gate_scales", "U8", (10,), 0),
    "mxfp4 scales that are learned": (MXFP4, "model.gate_scales", "F32", (10,), 10),
    "mxfp4, left as it was": (MXFP4, "model.router.x_blocks", "U8", (10,), 10),
    "bitsandbytes": (BNB, "l.weight", "U8", (10, 1), 20),
    "bitsandbytes state": (BNB, "l.weight.absmax", "U8", (10,), 0),
    "bitsandbytes quant state": (BNB, "l.weight.quant_state.bitsandbytes__nf4", "U8", (90,), 0),
    "bitsandbytes of 8 bits": ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "w", "I8", (10,), 10),
    "bitsandbytes norm": (BNB, "l.norm", "BF16", (10,), 10),
    "compressed in I32": (packed(4), "l.weight_packed", "I32", (10,), 80),
    "compressed in U8": (packed(4), "l.weight_packed", "U8", (10,), 20),
    "compressed of 2 bits": (packed(2), "l.weight_packed", "I32", (10,), 160),
    "compressed of 3 bits": (packed(3), "l.weight_packed", "I32", (3,), 32),
    "compressed of 8 bits in U8": (packed(8), "l.weight_packed", "U8", (10,), 10),
    "compressed, bits in the format": (packed(None, "mxfp4-pack-quantized"), "l.weight_packed", "U8", (10,), 20),
    "compressed, not packed": (packed(8, "int-quantized"), "l.weight", "I8", (10,), 10),
    "compressed floats": (packed(8, "float-quantized"), "l.weight", "F8_E4M3", (10,), 10),
    "compressed shape": (packed(4), "l.weight_shape", "I64", (2,), 0),
    "compressed scale": (packed(4), "l.weight_scale", "BF16", (10,), 0),
    "compressed indices": (packed(4), "l.weight_g_idx", "I32", (10,), 0),
    "compressed, ignored": (packed(4, ignore=["lm_head"]), "lm_head.weight", "I32", (10,), 10),
    "compressed, ignored by pattern": (packed(4, ignore=["re:.*gate$"]), "l.gate.weight", "I32", (10,), 10),
    "compressed, an unknown pattern": (packed(4, ignore=["re:.*(a+)+$"]), "l.gate.weight", "I32", (10,), 80),
    "groups by pattern": (MIXED, "l.experts.weight_packed", "I32", (10,), 160),
    "a group of another format": (MIXED, "model.lm_head.weight", "I32", (10,), 10),
    "an anchored group": (MIXED, "model.q_proj.weight_packed", "I32", (10,), 40),
    "no group": (MIXED, "model.k_proj.weight_packed", "I32", (10,), 160),
    "fp8": (FP8, "l.weight", "F8_E4M3", (10,), 10),
    "fp8 scale": (FP8, "l.weight_scale_inv", "F32", (10,), 0),
    "fp8 without narrower experts": (FP8, EXPERT, "I8", (10,), 10),
    "an unknown method": ({"quant_method": "new", "bits": 4}, "l.weight", "U8", (10,), 20),
    "no method": ({"load_in_4bit": True}, "l.weight", "U8", (10,), 20),
}


@pytest.mark.parametrize("case", CASES)
def test_counts_as_the_hub_does(case: str) -> None:
    section, name, dtype, shape, parameters = CASES[case]
    config = {} if section is None else {"quantization_config": section}
    assert count_by_dtype([Stored(name, dtype, shape)], config) == ({dtype: parameters} if parameters else {})
    assert count_by_dtype([Stored(name, dtype, shape)], {"text_config": config}) == count_by_dtype(
        [Stored(name, dtype, shape)], config
    )


@pytest.mark.parametrize(
    ("name", "expert", "parameters"),
    [
        (EXPERT, "fp4", 20),
        (EXPERT, "fp8", 10),
        (EXPERT, "fp6", 10),
        ("l.shared_experts.experts.w.weight", "fp4", 10),
        ("l.router.weight", "fp4", 10),
    ],
)
def test_experts_may_be_narrower(name: str, expert: str, parameters: int) -> None:
    config = {"quantization_config": FP8, "expert_dtype": expert}
    assert count_by_dtype([Stored(name, "I8", (10,))], config) == {"I8": parameters}


HOSTILE: list[Any] = [
    [],
    "gptq",
    4,
    {"quant_method": 4},
    {"quant_method": ["gptq"]},
    {"quant_method": "gptq", "bits": "4"},
    {"quant_method": "gptq", "bits": 10**30},
    {"quant_method": "gptq", "bits": float("nan")},
    {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": [1]},
    {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"a": 1, "b": {"weights": 2}}},
    {"quant_method": "compressed-tensors", "format": 3, "ignore": "re:.*", "config_groups": {"a": {"targets": 7}}},
    {"quant_method": "awq", "modules_to_not_convert": {"a": 1}},
    {"ignore": [1, None, "re:"]},
]


@pytest.mark.parametrize("section", HOSTILE)
def test_any_configuration_is_survived(section: Any) -> None:
    files = {"model.safetensors": weights(w=("I32", [4])), "config.json": {"quantization_config": section}}
    assert derived(files)["model.tensors"].value == 1


def test_too_many_patterns_leave_the_count_unknown() -> None:
    section = {"quant_method": "awq", "modules_to_not_convert": [f"*a{index}*" for index in range(100_000)]}
    tensors = [Stored(f"l{index}", "I32", (1,)) for index in range(1000)]
    assert count_by_dtype(tensors, {"quantization_config": section}) == {}
