"""The parameters in the tensors of a quantized model, which packs several into one element.

The Hub counts in the same way: `getQuantizationMultiplier` and `shouldSkipTensor` in the package `@huggingface/hub` of
2026-08, `parse-safetensors-metadata.ts`. Scales and zero points are not parameters, and neither are scalars.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

# Bits of the integers into which smaller weights are packed.
_CONTAINERS: Final = {"U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32}
# Exponents alone: the scales of blocks, never weights.
_SCALES_ONLY: Final = frozenset(["F8_E8M0", "E8M0", "UE8"])
_AUXILIARY: Final = re.compile(
    r"weight_(?:scale(?:_inv|_2)?|global_scale|zero_point|shape|g_idx)|input_(?:scale|global_scale|zero_point)|zero_point"
)
_GPTQ_AUXILIARY: Final = frozenset(["qzeros", "g_idx", "scales"])
_BITSANDBYTES_AUXILIARY: Final = frozenset(["absmax", "quant_map", "nested_absmax", "nested_quant_map"])
# Bits of the weights that the name of a format or type contains.
_NAMED_BITS: Final = (("fp4", 4), ("int4", 4), ("nf4", 4), ("int2", 2))
_PLAIN_PATTERN: Final = re.compile(r"[^\\+?()\[\]{}|^$]*")
# Comparisons of patterns with names of tensors; a model of 90,000 tensors with 200 patterns takes two seconds.
_MOST_COMPARISONS: Final = 20_000_000


class StoredTensor(Protocol):
    """A tensor as the header of its file describes it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def dtype(self) -> str:
        """The type of its elements."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    @property
    def elements(self) -> int:
        """Number of elements."""


def count_by_dtype(tensors: Collection[StoredTensor], config: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of parameters by the type in which they are stored, sorted by type; empty if it is unknown.

    Args:
        tensors: all tensors of the model.
        config: its config.json, which describes how it was quantized; empty without one.
    """
    quantization = Quantization.of(config)
    if quantization.patterns * len(tensors) > _MOST_COMPARISONS:
        return {}
    counted: dict[str, int] = {}
    for tensor in tensors:
        if parameters := quantization.parameters_in(tensor):
            counted[tensor.dtype] = counted.get(tensor.dtype, 0) + parameters
    return dict(sorted(counted.items()))


@dataclass(frozen=True, slots=True)
class _Modules:
    """Names of modules, and patterns for them."""

    names: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, targets: Any) -> "_Modules":
        """Return the modules in a list of compressed-tensors: names, or regular expressions after `re:`.

        A configuration may be hostile, so its regular expressions never run: `.*` and the two ends are understood, and
        an expression with anything else matches nothing.
        """
        texts = _texts(targets)
        found = (_as_glob(each[3:]) for each in texts if each.startswith("re:"))
        return cls(frozenset(texts), tuple(pattern for pattern in found if pattern is not None))

    def __contains__(self, module: str) -> bool:
        return module in self.names or any(_glob(pattern, module) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class _Group:
    """The modules that are quantized in one way, of compressed-tensors."""

    targets: _Modules
    format: str
    bits: int


@dataclass(frozen=True, slots=True)
class Quantization:
    """How a model was quantized."""

    method: str = ""
    """Such as `gptq`; empty if it is not quantized."""
    bits: int = 0
    """Bits of a weight; 0 if the configuration does not name them."""
    in_4_bits: bool = False
    format: str = ""
    groups: tuple[_Group, ...] = ()
    ignored: _Modules = _Modules()
    """The modules that compressed-tensors left as they were."""
    unconverted: tuple[str, ...] = ()
    """The modules that other methods left as they were."""
    expert_bits: int = 0
    """Bits of a weight of a routed expert, if they differ from those of the rest."""
    declared: Mapping[str, Any] = field(default_factory=dict)
    """The section of the configuration."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Quantization":
        """Return the quantization in a config.json; models of several modalities describe it for the text model."""
        text = _mapping(config.get("text_config"))
        section = _mapping(config.get("quantization_config") or text.get("quantization_config"))
        if not section:
            return cls()
        groups = [_mapping(group) for group in _mapping(section.get("config_groups")).values()]
        experts = config.get("expert_dtype", text.get("expert_dtype"))
        return cls(
            method=_word(section.get("quant_method")),
            bits=_bits(section.get("bits")),
            in_4_bits=section.get("load_in_4bit") is True,
            format=_word(section.get("format")),
            groups=tuple(_group(group) for group in groups),
            ignored=_Modules.of(section.get("ignore")),
            unconverted=_texts(section.get("modules_to_not_convert")),
            expert_bits=_bits_in(_word(experts)),
            declared=section,
        )

    @property
    def patterns(self) -> int:
        """The number of patterns that each name of a tensor is compared with."""
        lists = (self.ignored.patterns, self.unconverted, *(group.targets.patterns for group in self.groups))
        return len(self.groups) + sum(map(len, lists))

    def parameters_in(self, tensor: StoredTensor) -> int:
        """Return the number of parameters in a tensor, 0 for one that holds none."""
        if not tensor.shape or self._is_auxiliary(tensor.name, tensor.dtype):
            return 0
        # The ratio is not a whole number for weights of 3 bits in integers of 32.
        return round(tensor.elements * self._factor(tensor.name, tensor.dtype))

    def _is_auxiliary(self, name: str, dtype: str) -> bool:
        if dtype in _SCALES_ONLY:
            return True
        suffix = name.rpartition(".")[2]
        if not self.declared or _AUXILIARY.fullmatch(suffix):
            return bool(self.declared)
        if self.method == "mxfp4":
            return dtype == "U8" and suffix.endswith("_scales")
        if self.method == "bitsandbytes":
            return suffix in _BITSANDBYTES_AUXILIARY or suffix.startswith("bitsandbytes__")
        return self.method in ("gptq", "awq") and suffix in _GPTQ_AUXILIARY and self._converts(name)

    def _factor(self, name: str, dtype: str) -> float:
        """Return the parameters in one element."""
        packed = self._packed_in(name, dtype) if self.declared else 1
        # Most tensors hold one parameter in each element either way, and names are compared with many patterns.
        return packed if packed == 1 or self._converts(name) else 1

    def _packed_in(self, name: str, dtype: str) -> float:
        """Return the parameters in one element, if the module of the tensor was quantized."""
        if self.method == "mxfp4":
            return 2 if dtype == "U8" and "_blocks" in name else 1
        if self.method in ("gptq", "awq") and name.rpartition(".")[2] == "qweight":
            return max(1, 32 // (self.bits or 4))
        if self.method == "compressed-tensors":
            return self._compressed(name, dtype)
        if self.method == "fp8":
            # The key is for the routed experts alone; shared ones are stored like the rest.
            routed = ".experts." in name and "shared_experts" not in name
            return _packing(dtype, self.expert_bits) if routed else 1
        if dtype != "U8":
            return 1
        if self.method in ("gptq", "awq"):
            return {4: 2, 2: 4}.get(self.bits, 1)
        return 2 if self.in_4_bits or (self.bits == 4 and self.method != "bitsandbytes") else 1

    def _compressed(self, name: str, dtype: str) -> float:
        module = _module_of(name)
        group = next((one for one in self.groups if module in one.targets), None)
        form = (group.format if group else "") or self.format
        if not form.endswith("pack-quantized"):
            return 1
        known = (group.bits if group else 0) or next((one.bits for one in self.groups if one.bits), 0)
        return _packing(dtype, known or _bits_in(form) or 4)

    def _converts(self, name: str) -> bool:
        """Return whether the module of a tensor was quantized."""
        if _module_of(name) in self.ignored:
            return False
        return not any(_glob(each, name) if "*" in each else each in name for each in self.unconverted)


def _packing(dtype: str, bits: int) -> float:
    container = _CONTAINERS.get(dtype, 0)
    return container / bits if 0 < bits < container else 1


def _group(group: Mapping[str, Any]) -> _Group:
    bits = _bits(_mapping(group.get("weights")).get("num_bits"))
    return _Group(_Modules.of(group.get("targets")), _word(group.get("format")), bits)


def _module_of(name: str) -> str:
    return name[: name.rfind(".weight")] if ".weight" in name else name


def _as_glob(expression: str) -> str | None:
    pattern = expression.removeprefix("^")
    pattern = pattern[:-1] if pattern.endswith("$") else f"{pattern}.*"
    pattern = pattern.replace(".*", "*").replace("\\.", ".")
    return pattern if _PLAIN_PATTERN.fullmatch(pattern) else None


def _glob(pattern: str, name: str) -> bool:
    first, *others = pattern.split("*")
    if not others:
        return pattern == name
    *middle, last = others
    position, end = len(first), len(name) - len(last)
    if not (name.startswith(first) and name.endswith(last)):
        return False
    for part in middle:
        found = name.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return position <= end


def _bits(value: Any) -> int:
    return value if type(value) is int and 0 < value <= 64 else 0


def _bits_in(name: str) -> int:
    return next((bits for part, bits in _NAMED_BITS if part in name), 0)


def _word(value: Any) -> str:
    return value.lower() if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
