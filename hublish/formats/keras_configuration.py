"""Find the parts of a Keras configuration that run code when Keras loads it.

A configuration is JSON: `config.json` of a `.keras` archive, `model_config` of an older `.h5` file, a model saved as
text, the metadata of a SavedModel. It is data except for three parts, all of which have passed Keras' safe mode before:
Python bytecode in base64, references to functions that Keras imports and calls (CVE-2025-1550, CVE-2025-8747,
CVE-2025-9906), and layers that unpickle or load other files (CVE-2025-49655).
"""

import builtins
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from hublish.formats.input_files import InvalidFileError

# Parts of a configuration: far more than a model of thousands of layers has.
_MAX_NODES: Final = 2_000_000
# Attributes of a Lambda layer that may be functions; each has a key with this ending beside it.
_FUNCTIONS: Final = ("function", "output_shape", "mask")
_LOADERS: Final = {
    "TorchModuleWrapper": "holds a PyTorch module as a pickle",
    "TFSMLayer": "loads a SavedModel from any path",
}
# Classes are named in this way; Keras calls nothing but their `from_config`.
_CLASS_NAME: Final = re.compile(r"(?:[\w.]+>)?_*[A-Z]\w*")
_KERAS: Final = re.compile(r"(?:tensorflow\.(?:python\.)?)?(?:keras|tf_keras|keras_hub|keras_nlp|keras_cv)(?:\.|$)")
# The parts of Keras with functions for models. Others read, write and download files, or switch safe mode off.
_MODELING: Final = re.compile(
    r"(?:\w+\.)*?(?:keras|tf_keras|keras_hub|keras_nlp|keras_cv)(?:\.src|\.api|\._tf_keras\.keras)*"
    r"\.(?:activations|losses|metrics|initializers|regularizers|constraints|ops|random|layers|optimizers)(?:\.\w+)*"
)
# Functions of `keras.ops` that Python has too; Keras writes its own as functions of `builtins`.
_SHARED: Final = frozenset(["abs", "all", "any", "map", "max", "min", "round", "slice", "sum"])


class Pairs(list[tuple[str, Any]]):
    """A JSON object with all its pairs: of two equal keys, one reader keeps the first and another one the last."""

    def all(self, key: str) -> list[Any]:
        """Return every value of a key."""
        return [value for name, value in self if name == key]


@dataclass(frozen=True, slots=True)
class KerasCode:
    """A part of a configuration that runs code."""

    place: str
    """In the JSON: `config.layers[1]`."""
    reason: str
    """As the end of a sentence: `whose Lambda layer holds Python bytecode`."""


def parse_json(text: bytes | str) -> Any:
    """Return the value of a JSON text, whose objects are `Pairs`.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    return json.loads(text, object_pairs_hook=Pairs)


def code_in_configuration(config: Any) -> KerasCode | None:
    """Return the first part of a parsed configuration that runs code, or None.

    Raises:
        InvalidFileError: it has more parts than any model.
    """
    for place, node in objects_in(config):
        if reason := _reason(node):
            return KerasCode(place or "its root", reason)
    return None


def objects_in(value: Any) -> Iterator[tuple[str, Pairs]]:
    """Yield every object inside a JSON value with its path.

    Raises:
        InvalidFileError: there are too many.
    """
    # A stack instead of recursion: nesting is bounded by the size of the JSON alone.
    pending: list[tuple[str, Any]] = [("", value)]
    for _ in range(_MAX_NODES):
        if not pending:
            return
        place, node = pending.pop()
        if isinstance(node, Pairs):
            yield place, node
            pending += [(f"{place}.{key}".lstrip("."), one) for key, one in node if isinstance(one, list)]
        elif isinstance(node, list):
            pending += [(f"{place}[{index}]", one) for index, one in enumerate(node) if isinstance(one, list)]
    raise InvalidFileError(f"its configuration has more than {_MAX_NODES} parts")


def _reason(node: Pairs) -> str:
    for name in _FUNCTIONS:
        if "lambda" in node.all(f"{name}_type"):
            return "whose Lambda layer holds Python bytecode"
    for name in map(str, node.all("class_name")):
        if reason := _reason_of_class(name, node):
            return reason
    return ""


def _reason_of_class(name: str, node: Pairs) -> str:
    short = re.split(r"[>.]", name)[-1]
    configs = node.all("config")
    if name == "__lambda__":
        return "which holds Python bytecode"
    if short == "Lambda" and any(isinstance(one, Pairs) and any(map(_is_code, one.all("function"))) for one in configs):
        return "whose Lambda layer holds Python bytecode"
    if short in _LOADERS:
        return f"whose layer {short} {_LOADERS[short]}"
    for module in node.all("module"):
        # Keras resolves only objects with both.
        names = map(str, configs) if name == "function" else (name,)
        for function in names:
            if configs and isinstance(module, str) and not _is_harmless(module, function):
                return f"that names {_shown(module)}.{_shown(function)}, which Keras imports"
    return ""


def _is_code(function: Any) -> bool:
    # Bytecode with its defaults and closure: a list, or how TensorFlow writes a tuple.
    return isinstance(function, list) and (not isinstance(function, Pairs) or "__tuple__" in function.all("class_name"))


def _is_harmless(module: str, name: str) -> bool:
    """Whether a reference leads to a class of a model, or to a function of Keras for models."""
    root = module.partition(".")[0]
    # Keras looks for these among its own functions and the registered ones first, and then in Python.
    if module == "builtins" or not module:
        return not hasattr(builtins, name) or name in _SHARED
    if _KERAS.match(module):
        return bool(_CLASS_NAME.fullmatch(name) or _MODELING.fullmatch(module)) and "__" not in module
    # Versions before 3.9 import any module. A class of a package is a custom layer, which a loader must have.
    return root not in sys.stdlib_module_names and bool(_CLASS_NAME.fullmatch(name))


def _shown(name: str) -> str:
    return ascii(name)[1:-1][:40]
