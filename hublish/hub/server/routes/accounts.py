"""Who is calling."""

from hublish.hub.server.access import require_account
from hublish.hub.server.http import Request, Response, json_response
from hublish.hub.server.hub import Hub


def whoami(hub: Hub, request: Request) -> Response:
    """`GET /api/whoami-v2`."""
    account = require_account(hub, request)
    token = {"displayName": "embedded", "role": account.role}
    return json_response(
        {
            "type": "user",
            "id": account.user,
            "name": account.user,
            "fullname": account.user,
            "email": f"{account.user}@users.noreply.invalid",
            "emailVerified": True,
            "isPro": False,
            "orgs": [{"type": "org", "id": org, "name": org, "fullname": org} for org in account.orgs],
            "auth": {"type": "access_token", "accessToken": token},
        }
    )
