"""Keep git from reading the configuration of the machine that the tests run on."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import MappingProxyType

# A hook of `git lfs install --system` would turn pointers into files, a global excludes file would hide files, and a
# credential helper or a signing key would ask a person.
GIT_ALONE = MappingProxyType(
    {
        "GIT_CONFIG_NOSYSTEM": "1",
        # A file that cannot exist: git replaces the file that `git config --global` writes, and root could replace the
        # null device itself.
        "GIT_CONFIG_GLOBAL": str(Path(os.devnull, "gitconfig")),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }
)
"""The variables that make git ignore the system's and the user's configuration."""

GIT_AUTHOR = MappingProxyType(
    {
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
)
"""The author that commits of a test have."""


CLIENT_SETTINGS = MappingProxyType(
    {
        # Seconds that the client waits for a response on a busy machine; by itself it waits 10.
        "HF_HUB_ETAG_TIMEOUT": "300",
        "HF_HUB_DOWNLOAD_TIMEOUT": "300",
        # No test uses TLS, and parsing the certificates of this machine takes a third of the time of a small publish.
        # One certificate, without its key, since xet opens no connection without any.
        "SSL_CERT_FILE": str(Path(__file__).with_name("certificate.pem")),
        "SSL_CERT_DIR": os.devnull,
    }
)
"""The variables that the client reads when it is imported, and when it opens a session."""


def home_of_the_run(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variable with a new home of the client, which is removed when this process ends.

    The workers of a run share the one of the process that has started them.
    """
    if "PYTEST_XDIST_WORKER" in environ:
        return {}
    home = tempfile.mkdtemp(prefix="hublish-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return {"HF_HOME": home}


def isolate_git(environ: MutableMapping[str, str]) -> None:
    """Remove every `GIT_*` variable, such as those that a hook of git sets, and add `GIT_ALONE`."""
    for name in [name for name in environ if name.startswith("GIT_")]:
        del environ[name]
    environ.update(GIT_ALONE)
