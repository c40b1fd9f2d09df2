"""A token is known from the environment, an argument, or the file of `hf auth login`."""

from pathlib import Path

import pytest

from hublish.base.own_credentials import own_credentials
from hublish.schemas.secrets.masking import redact


def test_a_token_in_the_environment_or_on_the_command_line_is_a_secret() -> None:
    secrets = own_credentials({"HF_TOKEN": "s3cr3t-value"}, "given-token", None)
    assert redact("the values s3cr3t-value and given-token", secrets) == "the values *** and ***"


def test_a_secret_inside_a_longer_one_is_masked_last() -> None:
    secrets = own_credentials({"HF_TOKEN": "abcdef", "HUGGING_FACE_HUB_TOKEN": "abcdefghij"})
    assert redact("abcdefghij", secrets) == "***"


def test_an_empty_or_tiny_value_is_not_a_secret() -> None:
    assert own_credentials({"HF_TOKEN": "a", "HF_OIDC_ID_TOKEN": ""}) == ()


@pytest.mark.parametrize("variable", ["HF_TOKEN_PATH", "HF_HOME", "XDG_CACHE_HOME", "HOME"])
def test_the_saved_token_is_a_secret(tmp_path: Path, variable: str) -> None:
    places = {"HF_TOKEN_PATH": "token", "HF_HOME": "", "XDG_CACHE_HOME": "huggingface", "HOME": ".cache/huggingface"}
    path = tmp_path / places[variable]
    file = path if variable == "HF_TOKEN_PATH" else path / "token"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("s3cr3t-value\n")
    assert own_credentials({variable: str(file if variable == "HF_TOKEN_PATH" else tmp_path)}) == ("s3cr3t-value",)
