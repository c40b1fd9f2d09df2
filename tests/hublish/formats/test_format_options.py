from typing import Any

import pytest

from hublish.formats.copy import Copy
from hublish.formats.format_options import InvalidOptionsError, SafetensorsOptions, validate_options
from hublish.formats.safetensors import Safetensors


def test_options_become_an_instance_of_the_serializers_model() -> None:
    options = validate_options(Safetensors(), {"max_shard_size": "20MB", "metadata": {"epoch": "3"}})
    assert options == SafetensorsOptions(max_shard_size=20_000_000, metadata={"epoch": "3"})


def test_five_gigabytes_is_the_default_as_in_huggingface_hub() -> None:
    assert SafetensorsOptions().max_shard_size == 5 * 10**9


@pytest.mark.parametrize(
    ("options", "path", "message", "hint"),
    [
        ({"max_shard": 1}, "max_shard", "unknown option 'max_shard'", "rename it to 'max_shard_size'"),
        (
            {"quantize": 4},
            "quantize",
            "unknown option 'quantize'",
            "known options: max_shard_size, metadata, key, include",
        ),
        ({"dtype": "F16"}, "dtype", "expected float64, float32, float16", "write 'float16'"),
        ({"max_shard_size": "big"}, "max_shard_size", "expected a size such as 5GB", "KB, MB, GB or TB"),
        ({"max_shard_size": 0}, "max_shard_size", "must be greater than 0", "larger"),
        ({"metadata": {"epoch": 3}}, "metadata.epoch", "expected a string, got the number 3", "quote it"),
        ({"metadata": "text"}, "metadata", "expected a mapping, got a string", "`key: value` lines"),
    ],
)
def test_an_invalid_option_is_named(options: dict[str, Any], path: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidOptionsError, match="are not valid for serializer 'safetensors'") as caught:
        validate_options(Safetensors(), options)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert message in problem.message
    assert hint in problem.hint
    assert problem.of_key == message.startswith("unknown")


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(InvalidOptionsError) as caught:
        validate_options(Safetensors(), {"max_shard_size": -1, "renames": {}, "metadata": 1})
    assert len(caught.value.problems) == 3


def test_a_serializer_without_options_rejects_any() -> None:
    with pytest.raises(InvalidOptionsError) as caught:
        validate_options(Copy(), {"level": 9})
    assert caught.value.problems[0].hint == "remove it: serializer 'copy' has no options"


def test_a_wrong_value_is_never_echoed() -> None:
    with pytest.raises(InvalidOptionsError) as caught:
        validate_options(Safetensors(), {"max_shard_size": "hf_secret", "metadata": {"a": ["hf_secret"]}})
    assert "hf_secret" not in str(caught.value)
