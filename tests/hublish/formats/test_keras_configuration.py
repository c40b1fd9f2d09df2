"""Parts of a Keras configuration that run code are found; layers, custom layers and functions of Keras are not."""

from typing import Any

import pytest

from hublish.formats.input_files import InvalidFileError
from hublish.formats.keras_configuration import Pairs, code_in_configuration, objects_in


def pairs(value: Any) -> Any:
    if isinstance(value, dict):
        return Pairs((key, pairs(one)) for key, one in value.items())
    return [pairs(one) for one in value] if isinstance(value, list) else value


def reference(module: str | None, name: str, config: Any = None) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": {} if config is None else config, "registered_name": None}


def function(module: str | None, name: str) -> dict[str, Any]:
    return reference(module, "function", name)


BYTECODE = ["4wEAAAA=", None, None]
HOSTILE: dict[str, dict[str, Any]] = {
    "a lambda of Keras 3": {"class_name": "__lambda__", "config": {"value": {"code": "4wEAAAA="}}},
    "a lambda of Keras 2": {"class_name": "Lambda", "config": {"function": BYTECODE, "function_type": "lambda"}},
    "a registered Lambda": {"class_name": "keras>Lambda", "config": {"function": BYTECODE}},
    "a tuple": {"class_name": "Lambda", "config": {"function": {"class_name": "__tuple__", "items": BYTECODE}}},
    "a lambda for the shape": {
        "class_name": "Lambda",
        "config": {"function": "relu", "function_type": "function", "output_shape": [], "output_shape_type": "lambda"},
    },
    "a function of a module": function("os", "system"),
    "a function of a package": function("numpy.lib", "load"),
    "a function of Python": function("builtins", "exec"),
    "another function of Python": function("builtins", "divmod"),
    "a function as a class": reference("subprocess", "run"),
    "a class of a module": reference("subprocess", "Popen"),
    "a download": function("keras.utils", "get_file"),
    "a download, as a class": reference("keras.utils", "get_file"),
    "a download by its other name": function("keras.src.utils.file_utils", "get_file"),
    "safe mode": function("keras.config", "enable_unsafe_deserialization"),
    "safe mode by its other name": function("keras.src.saving.serialization_lib", "enable_unsafe_deserialization"),
    "another model": function("keras.models", "load_model"),
    "another model in TensorFlow": function("tensorflow.keras.models", "load_model"),
    "a file": function("tensorflow.io", "read_file"),
    "a module of PyTorch": reference("keras.layers", "TorchModuleWrapper", {"module": "UEsDBA=="}),
    "a SavedModel": reference("keras.layers", "TFSMLayer", {"filepath": "/tmp/x"}),
}
CLEAN: dict[str, dict[str, Any]] = {
    "a layer": reference("keras.layers", "Dense", {"units": 3, "activation": "relu"}),
    "a model": reference("keras.src.models.functional", "Functional"),
    "a model of TensorFlow": reference("tensorflow.python.keras.engine.functional", "Functional"),
    "an operation": reference("keras.src.ops.numpy", "Concatenate"),
    "an optimizer": reference("keras.src.backend.torch.optimizers.torch_adam", "Adam"),
    "a function of Keras": function("builtins", "relu"),
    "a function of Keras with a name of Python": function("builtins", "sum"),
    "a function by its module": function("keras.activations", "gelu"),
    "a function of the operations": function("keras.src.ops.nn", "softmax"),
    "a registered function": function("builtins", "my_package>my_activation"),
    "a registered layer": {"module": None, "class_name": "Mine", "config": {}, "registered_name": "Custom>Mine"},
    "a custom layer": reference("my_package.layers", "AttentionPooling"),
    "a layer of Keras 2": {"class_name": "Dense", "config": {"units": 3}},
    "a Lambda of a function by name": reference("keras.layers", "Lambda", {"function": function("builtins", "mine")}),
    "a type": {"class_name": "__tensor__", "config": {"value": [1], "dtype": "int32"}},
    "a package of Keras": reference("keras_hub.src.models.bert.bert_backbone", "BertBackbone"),
    "another document": {"module": "os", "class_name": "TestCase", "time": 3},
}


@pytest.mark.parametrize("node", HOSTILE.values(), ids=HOSTILE)
def test_code_is_found(node: dict[str, Any]) -> None:
    code = code_in_configuration(pairs({"config": {"layers": [CLEAN["a layer"], node]}}))
    assert code is not None
    assert code.place.startswith("config.layers[1]")


@pytest.mark.parametrize("node", CLEAN.values(), ids=CLEAN)
def test_a_model_s_own_parts_are_clean(node: dict[str, Any]) -> None:
    assert code_in_configuration(pairs({"config": {"layers": [node]}})) is None


def test_the_reason_names_the_function() -> None:
    code = code_in_configuration(pairs(function("os", "system")))
    assert code is not None
    assert code.reason == "that names os.system, which Keras imports"


def test_a_configuration_of_too_many_parts_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hublish.formats.keras_configuration._MAX_NODES", 10)
    with pytest.raises(InvalidFileError, match="more than 10 parts"):
        list(objects_in([[]] * 20))
