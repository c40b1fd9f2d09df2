import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.xet.tokens import LIFETIME, Access, Scope, Signer

NOW = 1_700_000_000
SIGNER = Signer(b"s" * 32, lambda: NOW)
LATER = Signer(b"s" * 32, lambda: NOW + LIFETIME)


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_token_contains_its_scope_and_repository(scope: Scope) -> None:
    token, expires = SIGNER.issue(scope, "/datasets/acme/a.b-c")
    assert SIGNER.check(token) == Access(scope, "/datasets/acme/a.b-c", expires)
    assert expires == NOW + LIFETIME


def test_a_token_expires() -> None:
    assert LATER.check(SIGNER.issue("read", "acme/x")[0]) is None


def test_a_token_signed_with_another_secret_is_refused() -> None:
    assert SIGNER.check(Signer(b"t" * 32, lambda: NOW).issue("write", "acme/x")[0]) is None


def test_a_read_token_cannot_be_turned_into_a_write_token() -> None:
    token, _ = SIGNER.issue("read", "acme/x")
    assert SIGNER.check(token.replace(".read.", ".write.")) is None


@given(at=st.integers(0, 1000), character=st.characters())
def test_a_changed_token_is_refused(at: int, character: str) -> None:
    token, _ = SIGNER.issue("read", "acme/x")
    at %= len(token)
    changed = token[:at] + character + token[at + 1 :]
    assert changed == token or SIGNER.check(changed) is None


@given(token=st.text())
def test_arbitrary_text_is_not_a_token(token: str) -> None:
    assert SIGNER.check(token) is None


def test_a_signed_address_is_valid_for_its_path_until_it_expires() -> None:
    path, _, query = SIGNER.sign_address("/xorbs/a").partition("?")
    expires, signature = (part.partition("=")[2] for part in query.split("&"))
    assert SIGNER.permits(path, expires, signature)
    assert not SIGNER.permits("/xorbs/b", expires, signature)
    assert not SIGNER.permits(path, str(int(expires) + 1), signature)
    assert not SIGNER.permits(path, expires, "")
    assert not LATER.permits(path, expires, signature)


def test_a_token_is_not_a_signature_of_an_address() -> None:
    token, expires = SIGNER.issue("read", "acme/x")
    claims, _, signature = token.rpartition(".")
    assert not SIGNER.permits(claims, str(expires), signature)
