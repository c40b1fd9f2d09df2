"""Users and their tokens, in one file only its owner may read."""

import secrets
import string
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from hublish.hub.server.files import locked, read_json, write_json
from hublish.hub.server.names import is_valid_name

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever a token stands for."""

    user: str
    orgs: tuple[str, ...] = ()
    """Organizations the user writes for."""
    admin: bool = False
    """Reads and writes in every namespace: the owner of the embedded Hub."""
    role: str = "write"
    """What this token allows: `read` or `write`."""

    def belongs_to(self, namespace: str) -> bool:
        """Tell whether the account sees and owns what is in `namespace`."""
        return self.admin or namespace == self.user or namespace in self.orgs

    def may_write(self, namespace: str) -> bool:
        """Tell whether this token writes in `namespace`."""
        return self.role == "write" and self.belongs_to(namespace)


@dataclass(frozen=True, slots=True)
class _File:
    users: dict[str, dict[str, object]] = field(default_factory=dict)
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)


class Accounts:
    """The accounts of one root; read from disk on every call, since other processes add to them."""

    def __init__(self, root: Path) -> None:
        self._path = root / "accounts.json"
        self._lock = root / "locks" / "accounts.lock"
        self._scratch = root / "incoming"

    def of(self, token: str) -> Account | None:
        """Return the account a token belongs to, or None."""
        content = self._read()
        known = content.tokens.get(token)
        return replace(self._account(content, known["user"]), role=known["role"]) if known else None

    def add(self, account: Account, token: str | None = None) -> str:
        """Register an account with a token and return the token.

        Without one, a token the same account already has is returned, or else a new one.

        Raises:
            ValueError: A name the Hub does not allow; names of users go into commits and folders.
        """
        for name in (account.user, *account.orgs):
            if not is_valid_name(name):
                msg = f"invalid name of a user or organization: {name[:80]!r}"
                raise ValueError(msg)
        with locked(self._lock):
            content = self._read()
            token = token or self._existing(content, account) or new_token()
            user = asdict(account)
            content.users[user.pop("user")] = {"orgs": user["orgs"], "admin": user["admin"]}
            content.tokens[token] = {"user": account.user, "role": account.role}
            write_json(self._path, asdict(content), scratch=self._scratch, mode=0o600)
            return token

    def _read(self) -> _File:
        return _File(**read_json(self._path, {}))

    @staticmethod
    def _existing(content: _File, account: Account) -> str | None:
        wanted = {"user": account.user, "role": account.role}
        return next((token for token, known in content.tokens.items() if known == wanted), None)

    @staticmethod
    def _account(content: _File, user: str) -> Account:
        known = content.users[user]
        orgs = known["orgs"]
        assert isinstance(orgs, list)
        return Account(user, tuple(orgs), admin=bool(known["admin"]))


def new_token() -> str:
    """Return an unguessable token in the Hub's form."""
    return "hf_" + "".join(secrets.choice(_ALPHABET) for _ in range(34))
