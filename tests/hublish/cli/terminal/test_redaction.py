"""No token is ever printed: the terminal masks known secrets, and every kind of credential."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cli.terminal.redaction import redact_document, secrets_in
from hublish.schemas.secrets.masking import redact

TOKEN = "hf_" + "aB3dE6gH9jK2mN5pQ8" * 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"401 for {TOKEN}!", "401 for hf_…!"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer …"),
        ("hf_jwt_eyJhbGciOi.J9.sig-x and hf_oauth_abcdefgh1", "hf_jwt_… and hf_oauth_…"),
        ("the value s3cr3t-value here", "the value *** here"),
    ],
)
def test_tokens_are_masked_by_shape_and_by_value(text: str, shown: str) -> None:
    assert redact(text, secrets_in({"HF_TOKEN": "s3cr3t-value"})) == shown


def test_the_value_of_the_option_is_a_secret_too() -> None:
    assert redact("got given-token", secrets_in({}, "given-token", None)) == "got ***"


def test_a_secret_within_a_longer_one_leaves_no_rest() -> None:
    secrets = secrets_in({"HF_TOKEN": "abcdef", "HUGGING_FACE_HUB_TOKEN": "abcdefghij"})
    assert redact("abcdefghij", secrets) == "***"


def test_an_empty_or_tiny_value_masks_nothing() -> None:
    assert redact("a cat", secrets_in({"HF_TOKEN": "a", "HF_OIDC_ID_TOKEN": ""})) == "a cat"


def test_documents_are_redacted_in_depth() -> None:
    document = {"error": {"message": TOKEN, "problems": [{"hint": f"x {TOKEN}", "line": 3}], "location": None}}
    assert redact_document(document) == {
        "error": {"message": "hf_…", "problems": [{"hint": "x hf_…", "line": 3}], "location": None}
    }


@given(before=st.text(), after=st.text())
def test_a_known_secret_never_comes_through(before: str, after: str) -> None:
    assert "s3cr3t-value" not in redact(f"{before}s3cr3t-value{after}", ("s3cr3t-value",))
