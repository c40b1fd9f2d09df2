"""The Hub's two helpers for a framework: an object to the Hub, and back. A manifest file is optional in both ways."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hublish.api.object_project import Declared, project_of
from hublish.api.project import AnyManifest
from hublish.api.publish import released
from hublish.api.request import Request
from hublish.base.errors import UsageError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Receipt
from hublish.formats.interface import DISTRUST, Trust
from hublish.hub.client.caller import OURSELVES, Caller
from hublish.hub.client.library import advise
from hublish.pipeline.load import restoring
from hublish.pipeline.restore.filling import Wanted
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.variables.lookup import Setting


def push_to_hub(
    value: Any,
    repo_id: str | None = None,
    *,
    manifest: AnyManifest | None = None,
    manifest_variables: Mapping[str, Setting] | None = None,
    artifact: str | None = None,
    serializer: str | None = None,
    options: Mapping[str, Any] | None = None,
    config: Any = None,
    card_data: Any = None,
    card_variables: Mapping[str, Any] | None = None,
    policy: Policy | Mapping[str, Any] | None = None,
    commit_message: str | None = None,
    commit_description: str | None = None,
    private: bool | None = None,
    revision: str | None = None,
    branch: str | None = None,
    create_pr: bool | None = None,
    allow_patterns: Sequence[str] | str | None = None,
    ignore_patterns: Sequence[str] | str | None = None,
    delete_patterns: Sequence[str] | str | None = None,
    endpoint: str | None = None,
    token: str | bool | None = None,
    library_name: str | None = None,
    library_version: str | None = None,
    progress: Progress = SILENT,
) -> Receipt:
    """Publish an object: planned, in one commit, verified. Publishing it unchanged again makes no commit.

    Args:
        value: a model of a framework that a serializer is for, its state dict, arrays by name, or an object whose
            `state_dict()` returns them.
        repo_id: where to; may be left out when the manifest says it.
        manifest: a path to hub.yaml or a `Manifest`; what is given here beside it counts instead of what it says.
            With a path, hub.lock is written beside it.
        manifest_variables: values that stand in for its `variables`, or add to them: `{"version": "1.2.0"}`.
        artifact: the artifact of the manifest that the object stands in for, by its path_in_repo or source; may be
            left out when only one has a serializer. Without a manifest, where the object goes: `model.safetensors`.
        serializer: the format; default: by the object's type, or the manifest's.
        options: the serializer's options.
        config: a mapping or a dataclass, published as config.json; default: what huggingface_hub's mixin kept.
        card_data: the card's metadata: a mapping, or a `ModelCardData`.
        card_variables: values for the card's template.
        policy: what may go up; a pickle only with `Policy(pickle="allow")`.
        commit_message: first line of the commit.
        commit_description: the rest of it.
        private: whether readers are let in; None makes a new repo public and leaves an existing one as it is.
        revision: the branch that receives the commit; made from main when missing.
        branch: the same, as huggingface_hub's mixin calls it.
        create_pr: propose it as a pull request.
        allow_patterns: only files that match go up.
        ignore_patterns: files that match stay out.
        delete_patterns: files on the Hub that match are deleted in the same commit, when the release lacks them.
        endpoint: a URL or `embedded`; default: the manifest's, then HF_ENDPOINT, then the public Hub.
        token: a token, None for the saved one, False for none.
        library_name: the library that calls, for the user agent and the card's `library_name`.
        library_version: its version.
        progress: told about stages and bytes.

    Raises:
        ManifestInvalidError: with everything that is wrong with the arguments.
        SerializationError: no serializer is for the object, or it cannot be held.
        UsageError: the artifact is not clear.
        HublishError: what `hublish.publish` raises.
    """
    if revision is not None and branch is not None and revision != branch:
        msg = f"revision and branch name two branches: {revision} and {branch}"
        raise UsageError(msg)
    declared = Declared.of(
        manifest,
        manifest_variables=manifest_variables,
        artifact=artifact,
        serializer=serializer,
        options=options,
        repo={
            "repo_id": repo_id,
            "revision": revision or branch,
            "create_pr": create_pr,
            "commit_message": commit_message,
            "commit_description": commit_description,
        },
        private=private,
        allow_patterns=allow_patterns,
        ignore_patterns=ignore_patterns,
        delete_patterns=delete_patterns,
        card={"metadata": card_data, "variables": card_variables},
        policy=policy,
        library_name=library_name,
    )
    return released(
        project_of(value, config, declared),
        hubs=declared.folder,
        lock=declared.lock,
        endpoint=endpoint,
        token=token,
        caller=_caller(library_name, library_version),
        progress=progress,
    )


def from_hub(
    repo_id: str | None = None,
    into: Any = None,
    *,
    strict: bool = True,
    device: Any = None,
    dtype: Any = None,
    trust: Trust = DISTRUST,
    revision: str | None = None,
    lock: Lock | str | Path | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
    endpoint: str | None = None,
    allow_patterns: Sequence[str] | str | None = None,
    ignore_patterns: Sequence[str] | str | None = None,
    library_name: str | None = None,
    library_version: str | None = None,
    resume_download: bool | None = None,
    proxies: Mapping[str, str] | None = None,
    progress: Progress = SILENT,
) -> Any:
    """Load an object from the Hub, every byte checked, nothing unpickled and no code run without trust.

    Args:
        repo_id: `namespace/name`; may be left out when a lock is given.
        into: a class or an instance, as for `hublish.load`; None gives what the format's framework works with: an
            estimator, a model, a state dict, arrays by name.
        strict: as for `hublish.load`.
        device: as for `hublish.load`.
        dtype: as for `hublish.load`.
        trust: what is permitted beyond reading data; nothing by default.
        revision: a branch, tag, pull request ref or commit.
        lock: what was promised; pins the release to its commit.
        token: a token, None for the saved one, False for none.
        cache_dir: default: HF_HUB_CACHE.
        force_download: download again what is there.
        local_files_only: never ask the network.
        endpoint: a URL or `embedded`; default: HF_ENDPOINT, else the public Hub.
        allow_patterns: the files to load from, instead of the load plan's.
        ignore_patterns: files to leave out, instead of the load plan's.
        library_name: the library that calls, for the user agent.
        library_version: its version.
        resume_download: ignored with the client's own advice, as the next.
        proxies: ignored; set HTTPS_PROXY.
        progress: told about stages and bytes.

    Raises:
        LoadError: it does not fit, or asks for more trust than there is.
        HublishError: what `hublish.pull` raises.
    """
    advise("from_hub", resume_download=resume_download, proxies=proxies)
    wanted = Wanted(into, strict, device, dtype, trust)
    request = Request(
        repo_id,
        revision=revision,
        lock=lock,
        cache_dir=cache_dir,
        allow_patterns=allow_patterns,
        ignore_patterns=ignore_patterns,
        force_download=force_download,
        local_files_only=local_files_only,
        endpoint=endpoint,
        token=token,
        progress=progress,
        caller=_caller(library_name, library_version),
    )
    local = request.pulled(to_load=True, with_target=wanted.by_target)
    return restoring(wanted).run(local, progress).value


def _caller(name: str | None, version: str | None) -> Caller:
    return OURSELVES if name is None else Caller(name, version)
