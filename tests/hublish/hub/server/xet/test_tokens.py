import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.xet.tokens import ADDRESS_LIFETIME, LIFETIME, Access, Address, Scope, Signer

NOW = 1_700_000_000
SIGNER = Signer(b"s" * 32, lambda: NOW)
READ = Access("read", "model:acme:x", "ann")


@pytest.mark.parametrize("scope", ["read", "write"])
@pytest.mark.parametrize("user", ["ann", ""])
def test_a_token_contains_its_scope_its_repository_and_its_user(scope: Scope, user: str) -> None:
    access = Access(scope, "dataset:acme:a.b-c", user)
    token, expires = SIGNER.issue(access)
    assert SIGNER.check(token) == access
    assert expires == NOW + LIFETIME


def test_a_token_expires() -> None:
    assert Signer(b"s" * 32, lambda: NOW + LIFETIME).check(SIGNER.issue(READ)[0]) is None


def test_a_token_signed_with_another_secret_is_refused() -> None:
    assert SIGNER.check(Signer(b"t" * 32, lambda: NOW).issue(READ)[0]) is None


def test_a_read_token_cannot_be_turned_into_a_write_token() -> None:
    token, _ = SIGNER.issue(READ)
    assert SIGNER.check(token.replace(".read.", ".write.")) is None


@given(at=st.integers(0, 1000), character=st.characters())
def test_a_changed_token_is_refused(at: int, character: str) -> None:
    token, _ = SIGNER.issue(READ)
    at %= len(token)
    changed = token[:at] + character + token[at + 1 :]
    assert changed == token or SIGNER.check(changed) is None


@given(token=st.text())
def test_arbitrary_text_is_not_a_token(token: str) -> None:
    assert SIGNER.check(token) is None


def query_of(address: Address) -> list[str]:
    query = SIGNER.sign_address(address, READ).partition("?")[2].replace("%3D", "=")
    return [part.partition("=")[2] for part in query.split("&")]


def test_a_signed_address_is_valid_for_its_range_until_it_expires() -> None:
    address = Address("/xorbs/a", 10, 20)
    query = query_of(address)
    assert SIGNER.permits("/xorbs/a", *query) == (address, READ)
    assert SIGNER.permits("/xorbs/b", *query) is None
    assert Signer(b"s" * 32, lambda: NOW + ADDRESS_LIFETIME).permits("/xorbs/a", *query) is None


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("value", ["", "0-99", "9999999999", "YWNtZS95IGV2ZQ=="])
def test_a_changed_address_is_refused(at: int, value: str) -> None:
    query = query_of(Address("/xorbs/a", 10, 20))
    query[at] = value
    assert SIGNER.permits("/xorbs/a", *query) is None


def test_a_token_is_not_a_signature_of_an_address() -> None:
    token, expires = SIGNER.issue(READ)
    claims, _, signature = token.rpartition(".")
    assert SIGNER.permits(claims, "", "", str(expires), signature) is None
