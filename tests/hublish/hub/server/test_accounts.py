import json
import re
from pathlib import Path

import pytest

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.accounts import Account, AccountError, Accounts


def test_a_token_belongs_to_its_account(tmp_path: Path) -> None:
    token = Accounts(tmp_path).add(Account("ann", ("acme",), role="read"))
    assert Accounts(tmp_path).of(token) == Account("ann", ("acme",), role="read")
    assert Accounts(tmp_path).of("hf_other") is None


def test_an_account_keeps_its_token(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    first = accounts.add(Account("ann"))
    assert accounts.add(Account("ann")) == first
    assert accounts.add(Account("ann", role="read")) != first
    assert accounts.add(Account("ann"), "hf_given") == "hf_given"
    assert accounts.of(first) == accounts.of("hf_given")


def test_a_token_keeps_the_time_at_which_it_was_issued(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    token = accounts.add(Account("ann"))
    path = tmp_path / "accounts.json"
    earlier = re.sub(r'"created": ?"[^"]*"', '"created": "2020-01-31T00:00:00.000Z"', path.read_text())
    path.write_text(earlier)
    assert accounts.add(Account("ann")) == accounts.add(Account("ann"), token) == token
    found = accounts.of(token)
    assert found is not None
    assert found.token_created == "2020-01-31T00:00:00.000Z"


def test_a_token_of_an_earlier_version_has_no_time(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    token = accounts.add(Account("ann"))
    path = tmp_path / "accounts.json"
    content = json.loads(path.read_text())
    del content["tokens"][token]["created"]
    path.write_text(json.dumps(content))
    assert accounts.of(token) == Account("ann")
    assert accounts.add(Account("ann")) == token


@pytest.mark.parametrize("name", ["", "a b", "../x", "a <b>", "x\n", "a/b"])
def test_names_that_would_break_commits_or_folders_are_refused(tmp_path: Path, name: str) -> None:
    for account in (Account(name), Account("ann", (name,))):
        with pytest.raises(AccountError, match="invalid name"):
            Accounts(tmp_path).add(account)


@pytest.mark.parametrize("token", ["", "a b", "hf_\n", "hf_\xe9", "x" * 501, "\t"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(tmp_path: Path, token: str) -> None:
    with pytest.raises(AccountError, match="visible ASCII") as caught:
        Accounts(tmp_path).add(Account("ann"), token)
    assert not token.strip() or token not in str(caught.value)
    for arguments in ({"token": token}, {"users": [("ann", token)]}):
        with pytest.raises(AccountError, match="visible ASCII"):
            EmbeddedHub(tmp_path, **arguments)


def test_a_name_or_token_of_another_user_is_refused(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    owner = accounts.add(Account("me", admin=True), "hf_of_me")
    accounts.add(Account("ann"), "hf_of_ann")
    for account, token, reason in (
        (Account("me"), "hf_new", "is the owner"),
        (Account("eve"), "hf_of_ann", "belongs to the user ann"),
        (Account("eve"), "hf_of_me", "belongs to the user me"),
        (Account("Ann"), "hf_new", "case alone"),
    ):
        with pytest.raises(AccountError, match=reason) as caught:
            accounts.add(account, token)
        assert token not in str(caught.value)
    assert accounts.of(owner) == Account("me", admin=True)
    assert accounts.of("hf_new") is None


class TestOfAHub:
    def test_users_exist_from_the_start_and_after_a_restart(self, tmp_path: Path) -> None:
        users = [("ann", "hf_of_ann"), ("eve", "hf_of_eve"), ("eve", "second")]
        for _ in range(2):
            with EmbeddedHub(tmp_path, users=users) as hub:
                assert hub.add_user("ann") == "hf_of_ann"
                assert hub.add_user("zoe", token="of_zoe", role="read") == "of_zoe"
                assert hub._hub is not None
                assert {hub._hub.accounts.of(token) for _, token in users} == {Account("ann"), Account("eve")}

    def test_a_hub_that_is_not_running_says_how_to_add_users(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError, match="users"):
            EmbeddedHub(tmp_path).add_user("ann")

    def test_a_start_that_fails_leaves_no_server(self, tmp_path: Path) -> None:
        hub = EmbeddedHub(tmp_path, users=[("me", "hf_of_me")])
        with pytest.raises(AccountError, match="is the owner"):
            hub.start()
        assert hub.endpoint == ""
        with EmbeddedHub(tmp_path) as other:
            assert other.endpoint
