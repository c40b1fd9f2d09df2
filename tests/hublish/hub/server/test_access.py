from contextlib import nullcontext

import pytest

from hublish.hub.server.access import require_namespace
from hublish.hub.server.accounts import Account
from hublish.hub.server.refusals import HubError


@pytest.mark.parametrize(
    ("account", "writes"),
    [
        (Account("ann"), False),
        (Account("acme"), True),
        (Account("ann", ("acme",)), True),
        (Account("ann", ("acme",), role="read"), False),
        (Account("ann", admin=True), True),
    ],
)
def test_writing_needs_membership_and_a_write_token(account: Account, writes: bool) -> None:
    with nullcontext() if writes else pytest.raises(HubError, match="write"):
        require_namespace(account, "acme")
