"""An object in memory and what is said about it, made into a project that the pipeline publishes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pydantic import ValidationError

from hublish.api.project import AnyManifest, read_project
from hublish.base.errors import ManifestInvalidError, SerializationError, UsageError
from hublish.base.values import Project
from hublish.formats import registry
from hublish.formats.catalogue import COMPANIONS
from hublish.formats.registry import recognize
from hublish.formats.release_files import CONFIG
from hublish.pipeline.collect.artifact_files import artifact_candidates
from hublish.schemas.diagnose.diagnosis import diagnose
from hublish.schemas.documents.file_names import LOCK_FILE
from hublish.schemas.documents.manifest import Manifest, Policy
from hublish.schemas.variables.lookup import Setting

_COPY: Final = "copy"
_SAFETENSORS: Final = "safetensors"


@dataclass(frozen=True)
class Declared:
    """What is said about an object beside it; None was not given, and the manifest's word then counts."""

    manifest: AnyManifest | None = None
    manifest_variables: Mapping[str, Setting] | None = None
    artifact: str | None = None
    """The artifact of the manifest, by path_in_repo or source; without a manifest, where the object goes."""
    serializer: str | None = None
    options: Mapping[str, Any] | None = None
    repo: Mapping[str, Any] = field(default_factory=dict)
    patterns: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | Mapping[str, Any] | None = None
    library_name: str | None = None

    @classmethod
    def of(
        cls,
        manifest: AnyManifest | None,
        *,
        private: bool | None,
        allow_patterns: Sequence[str] | str | None,
        ignore_patterns: Sequence[str] | str | None,
        delete_patterns: Sequence[str] | str | None,
        repo: Mapping[str, Any],
        **others: Any,
    ) -> "Declared":
        """Take the arguments by the names that callers know."""
        visibility = None if private is None else "private" if private else "public"
        patterns = {
            "allow_patterns": allow_patterns,
            "ignore_patterns": ignore_patterns,
            "delete_patterns": delete_patterns,
        }
        return cls(manifest, repo={**repo, "visibility": visibility}, patterns=patterns, **others)

    @cached_property
    def project(self) -> Project | None:
        """The manifest, read."""
        if self.manifest is not None:
            return read_project(self.manifest, variables=self.manifest_variables)
        if self.manifest_variables:
            msg = "variables were given, and no manifest that mentions them"
            raise UsageError(msg, hint="name it with manifest=")
        return None

    @property
    def folder(self) -> Path:
        """Where sources lie, and the embedded Hub: the manifest's folder, else the current one."""
        project = self.project
        return Path.cwd() if project is None else project.folder

    @property
    def lock(self) -> Path | None:
        """Where the lock goes: beside a manifest that is a file."""
        return self.folder / LOCK_FILE if isinstance(self.manifest, str | Path) else None

    def over(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a manifest's fields with what was given here in their place."""
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


def project_of(value: Any, config: Any, declared: Declared) -> Project:
    """Return the project that publishes `value`.

    Args:
        value: the object.
        config: what becomes config.json; None takes what huggingface_hub's mixins keep in the object.
        declared: everything else.

    Raises:
        ManifestInvalidError: with everything that is wrong with what was declared.
        SerializationError: no serializer is for the object.
        UsageError: the artifact is not clear, or the configuration is no plain data.
    """
    kept = getattr(value, "_hub_mixin_config", None)
    project = declared.project
    if project is None:
        return _made(value, kept if config is None else config, declared)
    if config is None and kept is not None and not _brings(project, CONFIG):
        config = kept
    return _standing_in(value, config, declared, project)


def project_of_folder(folder: Path, declared: Declared) -> Project:
    """Return the project that publishes a folder whole.

    Raises:
        ManifestInvalidError: with everything that is wrong with what was declared.
    """
    return _project(declared.over({"artifacts": [{"source": "."}]}), {}, None, folder)


def _made(value: Any, config: Any, declared: Declared) -> Project:
    """Declare what is sensible for an object without a manifest."""
    serializer, value = held(value, declared.serializer, None)
    path = declared.artifact or f"model{registry.get(serializer).suffix or '.npz'}"
    suffix = PurePosixPath(path).suffix
    beside = COMPANIONS.get(suffix, ())
    fields: dict[str, Any] = {
        "artifacts": [{"source": path, "path_in_repo": path, "serializer": serializer}],
        "card": {"metadata": {"tags": ["hublish"]}},  # a card without any metadata is warned about by the Hub
        "load": {"allow_patterns": [f"*{suffix}", *beside, CONFIG], "serializer": serializer},
    }
    if declared.options is not None:
        fields["artifacts"][0]["options"] = dict(declared.options)
    return _project(declared.over(fields), {path: value}, config, Path.cwd())


def _standing_in(value: Any, config: Any, declared: Declared, project: Project) -> Project:
    """Put an object in the place of a source."""
    index = _index(project.manifest, declared.artifact)
    artifact = project.manifest.artifacts[index]
    serializer, value = held(value, declared.serializer, artifact.serializer)
    fields = project.manifest.model_dump(mode="json", exclude_defaults=True)
    fields["artifacts"][index]["serializer"] = serializer
    if declared.options is not None:
        fields["artifacts"][index]["options"] = dict(declared.options)
    objects = {**project.objects, artifact.path_in_repo or artifact.source: value}
    made = _project(declared.over(fields), objects, config, project.folder)
    if made.manifest == project.manifest:  # published byte for byte as it was written
        return replace(project, objects=made.objects)
    return made


def _project(fields: dict[str, Any], objects: Mapping[str, Any], config: Any, folder: Path) -> Project:
    if config is not None:
        objects = {**objects, CONFIG: _json(config)}
        named = {own.get("path_in_repo") or own["source"] for own in fields["artifacts"]}
        fields = fields if CONFIG in named else {**fields, "artifacts": [*fields["artifacts"], {"source": CONFIG}]}
    try:
        manifest = Manifest.model_validate(fields)
    except ValidationError as error:
        msg = "what was given makes no manifest"
        problems = diagnose(error, Manifest, fields, family="manifest")
        raise ManifestInvalidError(msg, problems=problems) from None
    return read_project(manifest, folder=folder, objects=objects)


def _index(manifest: Manifest, wanted: str | None) -> int:
    if wanted is not None:
        found = [index for index, own in enumerate(manifest.artifacts) if wanted in (own.path_in_repo, own.source)]
        msg = f"the manifest has no artifact '{wanted}'"
    else:
        found = [index for index, own in enumerate(manifest.artifacts) if own.serializer != _COPY]
        msg = "it is not clear which artifact of the manifest the object stands in for"
    if len(found) != 1:
        known = ", ".join(own.path_in_repo or own.source for own in manifest.artifacts)
        raise UsageError(msg, hint=f"name one with artifact=: {known}")
    return found[0]


def held(value: Any, asked: str | None = None, declared: str | None = None) -> tuple[str, Any]:
    """Return the name of the serializer and the value it takes: the object, or the arrays of its `state_dict()`.

    Args:
        value: the object.
        asked: the serializer a caller names.
        declared: the serializer a manifest names.

    Raises:
        SerializationError: when none is known.
    """
    known = recognize(value)
    if known is None and callable(state_dict := getattr(value, "state_dict", None)):
        value = state_dict()
        known = recognize(value)
    # Weights of torch, in the format they have on disk.
    if known == "torch" and (asked or declared) == _SAFETENSORS:
        return known, value
    serializer = asked or declared or known
    if serializer is None:
        msg = f"no serializer is known for a {type(value).__module__}.{type(value).__qualname__}"
        hint = "give its arrays by name, a method state_dict() that returns them, or the name of a serializer"
        raise SerializationError(msg, hint=hint)
    return serializer, value


def _brings(project: Project, path: str) -> bool:
    found = [artifact_candidates(project, index)[0] for index in range(len(project.manifest.artifacts))]
    return any(candidate.path_in_repo == path for files in found for candidate in files)


def _json(config: Any) -> bytes:
    plain = asdict(config) if is_dataclass(config) and not isinstance(config, type) else config
    try:
        return json.dumps(plain, sort_keys=True, indent=2).encode()  # as huggingface_hub's mixins write it
    except (TypeError, ValueError) as error:
        msg = f"the configuration is no plain data: {error}"
        hint = "give a mapping of texts, numbers, lists and mappings, or a dataclass of them"
        raise UsageError(msg, hint=hint) from None


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _listed(patterns: Mapping[str, Any]) -> dict[str, Any]:
    given = _given(patterns)
    return {name: [value] if isinstance(value, str) else list(value) for name, value in given.items()}


def _plain(fields: Any) -> dict[str, Any]:
    """Return a mapping, a policy, or huggingface_hub's card data as a mapping; nothing for None."""
    if isinstance(fields, Policy):
        return fields.model_dump(mode="json", exclude_defaults=True)
    if fields is None:
        return {}
    return dict(fields.to_dict() if callable(getattr(fields, "to_dict", None)) else fields)
