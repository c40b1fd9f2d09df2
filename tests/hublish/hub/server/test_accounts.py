from pathlib import Path

import pytest

from hublish.hub.server.accounts import Account, Accounts


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


@pytest.mark.parametrize("name", ["", "a b", "../x", "a <b>", "x\n", "a/b"])
def test_names_that_would_break_commits_or_folders_are_refused(tmp_path: Path, name: str) -> None:
    for account in (Account(name), Account("ann", (name,))):
        with pytest.raises(ValueError, match="invalid name"):
            Accounts(tmp_path).add(account)
