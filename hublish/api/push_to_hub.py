"""Publish an object in memory. A manifest file is optional."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Unpack

from pydantic import ValidationError

from hublish.api.options import PushOptions, takes
from hublish.api.publish import published
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.errors import ManifestInvalidError, UsageError
from hublish.base.progress import SILENT
from hublish.base.values import Project, Receipt
from hublish.formats import registry
from hublish.formats.registry import recognize, unrecognized
from hublish.formats.release_files import CONFIG, load_patterns
from hublish.hub.client.installed_client import OURSELVES, Caller
from hublish.pipeline.collect.sources import artifact_candidates
from hublish.pipeline.restore.recorded_call import render_config
from hublish.schemas.diagnose.diagnosis import diagnose
from hublish.schemas.documents.card_decision import MERGE
from hublish.schemas.documents.manifest import Manifest, Policy
from hublish.schemas.variables.lookup import Setting

# The options that hub.yaml has under `repo` as well.
_SAME_NAME: Final = ("create_pr", "commit_message", "commit_description", "region", "resource_group_id")
_COPY: Final = "copy"
_SAFETENSORS: Final = "safetensors"


@takes(PushOptions)
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
    revision: str | None = None,
    library_name: str | None = None,
    library_version: str | None = None,
    **push: Unpack[PushOptions],
) -> Receipt:
    """Publish an object: planned, in one commit, verified. Publishing it unchanged again makes no commit.

    Args:
        value: a model of a supported framework, its state dict, arrays by name, or an object whose `state_dict()`
            returns them.
        repo_id: the repo; not needed when the manifest names it.
        manifest: a path to hub.yaml or a `Manifest`. Arguments given here override it. With a path, its lock is
            written beside it.
        manifest_variables: values that replace its `variables`, or add to them: `{"version": "1.2.0"}`.
        artifact: the artifact of the manifest that the object replaces, by its path_in_repo or source; not needed when
            only one has a serializer. Without a manifest, the object's path in the repo: `model.safetensors`.
        serializer: the format. Default: detected from the object's type, or the manifest's.
        options: the serializer's options.
        config: a mapping or a dataclass, published as config.json. Default: the one huggingface_hub's mixin kept.
        card_data: the card's metadata: a mapping, or a `ModelCardData`.
        card_variables: values for the card's template.
        policy: the files that may be uploaded; a pickle only with `Policy(pickle="allow")`.
        revision: the same as `branch`.
        library_name: the library that calls, for the User-Agent header and the card's `library_name`.
        library_version: its version.
        **push: see `PushOptions`.

    Raises:
        ManifestInvalidError: with every problem of the arguments.
        SerializationError: no serializer fits the object, or its format cannot hold it.
        UsageError: several artifacts fit the object.
        HublishError: every error of `hublish.publish`.
    """
    # `branch` is the name in huggingface_hub's mixins, `revision` that of hub.yaml and of the other verbs.
    branch = push.get("branch")
    if revision is not None and branch is not None and revision != branch:
        raise UsageError(f"revision and branch name two branches: {revision} and {branch}")
    declared = Declared.of(
        manifest,
        repo_id,
        {**push, "branch": revision or branch},
        manifest_variables=manifest_variables,
        artifact=artifact,
        serializer=serializer,
        options=options,
        card={"metadata": card_data, "variables": card_variables},
        policy=policy,
        library_name=library_name,
    )
    caller = Caller.of(library_name, library_version)
    return push_project(project_of(value, config, declared), declared, push, caller)


@dataclass(frozen=True)
class Declared:
    """The arguments about an object that is published; None leaves the manifest's value."""

    manifest: AnyManifest | None = None
    repo: Mapping[str, Any] = field(default_factory=dict)
    patterns: Mapping[str, Any] = field(default_factory=dict)
    manifest_variables: Mapping[str, Setting] | None = None
    artifact: str | None = None
    serializer: str | None = None
    options: Mapping[str, Any] | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | Mapping[str, Any] | None = None
    library_name: str | None = None

    @classmethod
    def of(cls, manifest: AnyManifest | None, repo_id: str | None, push: PushOptions, **others: Any) -> "Declared":
        """Return the arguments under the names that the manifest has for them."""
        # `private` is huggingface_hub's argument; None must not change the visibility of an existing repo.
        private = push.get("private")
        repo = {
            "repo_id": repo_id,
            "revision": push.get("branch"),
            "visibility": None if private is None else "private" if private else "public",
            **{name: push.get(name) for name in _SAME_NAME},
        }
        patterns = {name: push.get(name) for name in ("allow_patterns", "ignore_patterns", "delete_patterns")}
        return cls(manifest, repo, patterns, **others)

    @cached_property
    def project(self) -> Project | None:
        """The manifest, read."""
        if self.manifest is not None:
            return read_project(self.manifest, variables=self.manifest_variables)
        if self.manifest_variables:
            msg = "variables were given without a manifest that mentions them"
            raise UsageError(msg, hint="name it with manifest=")
        return None

    @property
    def folder(self) -> Path:
        """The folder of the sources and of the embedded Hub: the manifest's, else the current one."""
        return self.project.folder if self.project else Path.cwd()

    @property
    def lock(self) -> Path | None:
        """The path of the lock: beside a manifest that is a file."""
        return self.project.lock_path if self.project and isinstance(self.manifest, str | Path) else None

    def over(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a manifest's fields with the arguments in their place."""
        # Mappings are merged key by key: one argument must not erase the rest of the manifest's card.
        card = {name: {**fields.get("card", {}).get(name, {}), **_plain(given)} for name, given in self.card.items()}
        if self.library_name is not None:
            card["metadata"] = {"library_name": self.library_name, **card.get("metadata", {})}
        return {
            **fields,
            "repo": {**fields.get("repo", {}), **_given(self.repo)},
            "patterns": {**fields.get("patterns", {}), **_listed(self.patterns)},
            "policy": {**fields.get("policy", {}), **_plain(self.policy)},
            **({"card": {**fields.get("card", {}), **card}} if "card" in fields or any(card.values()) else {}),
        }


def push_project(
    project: Project,
    declared: Declared,
    push: PushOptions,
    caller: Caller = OURSELVES,
    *,
    generated: bool = False,
) -> Receipt:
    """Publish a project that was made of an object.

    Args:
        project: the project.
        declared: the arguments that it was made of.
        push: the options of the call.
        caller: the library named in the User-Agent header.
        generated: whether its README.md was generated, so that edits on the Hub are merged into it.
    """
    with Session(
        project,
        endpoint=push.get("endpoint"),
        token=push.get("token"),
        progress=push.get("progress", SILENT),
        folder=declared.folder,
        caller=caller,
        digest_cache=push.get("digest_cache", True),
    ) as session:
        return published(session, declared.lock, push.get("card", MERGE), generated=generated)


def project_of(value: Any, config: Any, declared: Declared) -> Project:
    """Return the project that publishes `value`, with `config` as its config.json.

    Without a `config`, it is the one that huggingface_hub's mixins keep in the object.

    Raises:
        ManifestInvalidError: with every problem of the arguments.
        SerializationError: no serializer fits the object.
        UsageError: several artifacts fit the object, or the configuration is not plain data.
    """
    project = declared.project
    if project is None:
        return _without_manifest(value, stored_config(value, config), declared)
    # A manifest's own config.json is what its author wrote, unless another one is given here.
    stored = None if config is None and _has_file(project, CONFIG) else stored_config(value, config)
    return _replacing_source(value, stored, declared, project)


def stored_config(value: Any, config: Any) -> bytes | None:
    """Return config.json for an object: the caller's, else the one that a mixin keeps; None for none.

    Raises:
        ConfigError: an argument of the object would not come back as it was.
        UsageError: the caller's configuration would not.
    """
    if callable(own := getattr(value, "_stored_config", None)) and not isinstance(value, type):
        stored: bytes | None = own(config)
        return stored
    # huggingface_hub's mixins store the arguments of `__init__` in the instance under this name.
    kept = getattr(value, "_hub_mixin_config", None) if config is None else config
    return None if kept is None else render_config(type(value), kept)


def project_of_folder(folder: Path, declared: Declared) -> Project:
    """Return the project that publishes a whole folder; its errors are those of `project_of`."""
    return _project(declared.over({"artifacts": [{"source": "."}]}), {}, None, folder)


def serializer_for(value: Any, asked: str | None = None, declared: str | None = None) -> tuple[str, Any]:
    """Return the name of the serializer and the value it takes: the object, or the arrays of its `state_dict()`.

    The serializer that the caller `asked` for comes first, then the one that a manifest `declared`.

    Raises:
        SerializationError: no serializer is known.
    """
    # Detected first: a framework's own object may have a `state_dict` as well, and its serializer keeps more.
    known = recognize(value)
    if known is None and callable(state_dict := getattr(value, "state_dict", None)):
        value = state_dict()
        known = recognize(value)
    # The torch serializer writes safetensors, and knows modules and tied weights as well.
    if known == "torch" and (asked or declared) == _SAFETENSORS:
        return known, value
    serializer = asked or declared or known
    if serializer is None:
        raise unrecognized(value)
    return serializer, value


def _without_manifest(value: Any, config: bytes | None, declared: Declared) -> Project:
    """Return a project with sensible defaults for an object."""
    serializer, value = serializer_for(value, declared.serializer, None)
    path = declared.artifact or f"model{registry.get(serializer).suffix or '.npz'}"
    fields: dict[str, Any] = {
        "artifacts": [{"source": path, "path_in_repo": path, "serializer": serializer}],
        "card": {"metadata": {"tags": ["hublish"]}},  # the Hub warns about a card without any metadata
        "load": {"allow_patterns": [*load_patterns(path), CONFIG], "serializer": serializer},
    }
    if declared.options is not None:
        fields["artifacts"][0]["options"] = dict(declared.options)
    return _project(declared.over(fields), {path: value}, config, Path.cwd())


def _replacing_source(value: Any, config: bytes | None, declared: Declared, project: Project) -> Project:
    """Return a project in which an object replaces the source of an artifact."""
    index = _index(project.manifest, declared.artifact)
    artifact = project.manifest.artifacts[index]
    serializer, value = serializer_for(value, declared.serializer, artifact.serializer)
    # Without the defaults: a manifest that is published again holds what its author wrote, and no more.
    fields = project.manifest.model_dump(mode="json", exclude_defaults=True)
    fields["artifacts"][index]["serializer"] = serializer
    if declared.options is not None:
        fields["artifacts"][index]["options"] = dict(declared.options)
    objects = {**project.objects, artifact.path_in_repo or artifact.source: value}
    made = _project(declared.over(fields), objects, config, project.folder)
    # An unchanged manifest is published byte for byte as it was written, comments included.
    if made.manifest == project.manifest:
        return replace(project, objects=made.objects)
    # The lock and the git tag stay those of the manifest, whose arguments replace neither.
    return replace(made, lock=project.lock_path, environment=project.environment, named_after=project.named_after)


def _project(fields: dict[str, Any], objects: Mapping[str, Any], config: bytes | None, folder: Path) -> Project:
    if config is not None:
        # An artifact of that path takes the bytes; without one, config.json is added to the release.
        objects = {**objects, CONFIG: config}
        named = {own.get("path_in_repo") or own["source"] for own in fields["artifacts"]}
        fields = fields if CONFIG in named else {**fields, "artifacts": [*fields["artifacts"], {"source": CONFIG}]}
    try:
        manifest = Manifest.model_validate(fields)
    except ValidationError as error:
        msg = "the arguments do not make a valid manifest"
        problems = diagnose(error, Manifest, fields, family="manifest")
        raise ManifestInvalidError(msg, problems=problems) from None
    return read_project(manifest, folder=folder, objects=objects)


def _index(manifest: Manifest, wanted: str | None) -> int:
    if wanted is not None:
        found = [index for index, own in enumerate(manifest.artifacts) if wanted in (own.path_in_repo, own.source)]
        msg = f"the manifest has no artifact '{wanted}'"
    else:
        found = [index for index, own in enumerate(manifest.artifacts) if own.serializer != _COPY]
        msg = "it is not clear which artifact of the manifest the object replaces"
    if len(found) != 1:
        known = ", ".join(own.path_in_repo or own.source for own in manifest.artifacts)
        raise UsageError(msg, hint=f"name one with artifact=: {known}")
    return found[0]


def _has_file(project: Project, path: str) -> bool:
    found = [artifact_candidates(project, index)[0] for index in range(len(project.manifest.artifacts))]
    return any(candidate.path_in_repo == path for files in found for candidate in files)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _listed(patterns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in _given(patterns).items()}


def _plain(fields: Any) -> dict[str, Any]:
    """Return a mapping, a policy, or huggingface_hub's card data as a dict; an empty one for None."""
    if isinstance(fields, Policy):
        return fields.model_dump(mode="json", exclude_defaults=True)
    if fields is None:
        return {}
    return dict(fields.to_dict() if callable(getattr(fields, "to_dict", None)) else fields)
