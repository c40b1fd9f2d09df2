"""Load an object from the Hub."""

from collections.abc import Mapping
from typing import Any, Unpack

from hublish.api.options import PullOptions, takes
from hublish.api.pull import issue_warnings, pulled
from hublish.base.progress import SILENT
from hublish.formats.interface import DISTRUST
from hublish.hub.client.installed_client import Caller, warn_about_legacy
from hublish.pipeline.load import restoring
from hublish.pipeline.restore.filling import Wanted


@takes(PullOptions)
def from_hub(
    repo_id: str | None = None,
    into: Any = None,
    *,
    strict: bool = True,
    device: Any = None,
    dtype: Any = None,
    library_name: str | None = None,
    library_version: str | None = None,
    resume_download: bool | None = None,
    proxies: Mapping[str, str] | None = None,
    **options: Unpack[PullOptions],
) -> Any:
    """Load an object from the Hub: every byte is checked, nothing is unpickled, and no code runs without trust.

    Args:
        repo_id: `namespace/name` or a URL, as for `hublish.pull`; not needed when a lock is given.
        into: a class or an instance, as for `hublish.load`. None returns the object that the format's framework works
            with: an estimator, a model, a state dict, or arrays by name.
        strict: as for `hublish.load`.
        device: as for `hublish.load`.
        dtype: as for `hublish.load`.
        library_name: the library that calls, for the User-Agent header.
        library_version: its version.
        resume_download: ignored, with huggingface_hub's own warning.
        proxies: ignored likewise; set HTTPS_PROXY.
        **options: see `PullOptions`.

    Raises:
        LoadError: the weights do not fit, or the release needs more trust than it is given.
        HublishError: every error of `hublish.pull`.
    """
    # Code that was written for huggingface_hub's mixins passes these, and expects a warning rather than an error.
    warn_about_legacy("from_hub", resume_download=resume_download, proxies=proxies)
    wanted = Wanted(into, strict, device, dtype, options.get("trust", DISTRUST))
    caller = Caller.of(library_name, library_version)
    local = pulled(repo_id, options, caller=caller, to_load=True, with_target=wanted.by_target, as_data=True)
    issue_warnings(local)
    return restoring(wanted).run(local, options.get("progress", SILENT)).value
