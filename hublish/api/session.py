"""From an endpoint to a Hub that answers: the public one, any URL, or the embedded one for the length of a call."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hublish.base.progress import SILENT, Progress
from hublish.hub.client.caller import OURSELVES, Caller
from hublish.hub.client.hub import Hub
from hublish.hub.client.library import default_endpoint
from hublish.schemas.documents.file_names import GITIGNORE, STATE_FOLDER

EMBEDDED = "embedded"
"""The endpoint that means: the Hub in `.hublish/hub` beside hub.yaml."""


@contextmanager
def connected(
    endpoint: str | None,
    token: str | bool | None,
    folder: Path,
    progress: Progress = SILENT,
    caller: Caller = OURSELVES,
) -> Iterator[Hub]:
    """Speak to a Hub.

    Args:
        endpoint: a URL, None for HF_ENDPOINT or else the public Hub, or `embedded`.
        token: a token, None or True for the saved one, False for none; the embedded Hub needs none.
        folder: where `.hublish/hub` lies, for `embedded`.
        progress: told about transfers.
        caller: the library that speaks, for the user agent.
    """
    if endpoint != EMBEDDED:
        yield Hub((endpoint or default_endpoint()).rstrip("/"), token, progress, caller=caller)
        return
    from hublish.hub.server.server import EmbeddedHub

    with EmbeddedHub(own_folder(folder) / "hub") as embedded:
        yield Hub(embedded.endpoint, embedded.token, progress, name=EMBEDDED, caller=caller)


def own_folder(folder: Path) -> Path:
    """Return `.hublish` in a folder, made and hidden from git."""
    own = folder / STATE_FOLDER
    own.mkdir(exist_ok=True)
    ignore = own / GITIGNORE
    if not ignore.exists():
        ignore.write_text("*\n")
    return own
