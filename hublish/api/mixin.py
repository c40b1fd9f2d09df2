"""A base class for models that publish and load themselves.

    class Net(nn.Module, hublish.HubMixin, license="mit"): ...

A class that inherits from `PyTorchModelHubMixin` migrates by changing that base; each loads the repos of the other.
torch is not imported here: the module of a class that needs it has imported it.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, Self, TypeVar, Unpack, cast

from huggingface_hub import ModelCard, ModelHubMixin
from huggingface_hub.hub_mixin import DEFAULT_MODEL_CARD
from huggingface_hub.utils import validate_hf_hub_args

from hublish.api.options import PullOptions, PushOptions, takes
from hublish.api.pull import pulled
from hublish.api.push_to_hub import Declared, project_of, project_of_folder, push_project, serializer_for
from hublish.api.read_project import AnyManifest
from hublish.base import durable
from hublish.base.errors import UsageError
from hublish.base.progress import SILENT
from hublish.base.values import Project
from hublish.formats import registry
from hublish.formats.release_files import CONFIG
from hublish.formats.torch import Torch
from hublish.pipeline.render_card.render_card import render_card
from hublish.pipeline.restore import torch_modules
from hublish.pipeline.restore.arguments import Constructor
from hublish.pipeline.restore.filling import Wanted, restored
from hublish.pipeline.restore.recorded_call import RecordedCall, render_config, unseen
from hublish.pipeline.restore.weights import Weights, stored_config
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.hub_names import check_repo_id
from hublish.schemas.documents.manifest import Artifact, Card, Manifest, Repo

# huggingface_hub's mixins write one file, and read no other.
_MODEL_FILE: Final = "model.safetensors"
_NO_SHARDS: Final = "1000TB"
# The parameters of loading that huggingface_hub's `from_pretrained` passes to `_from_pretrained` by keyword.
_LOADING: Final = ("model_id", "revision", "cache_dir", "force_download", "local_files_only", "token")
# The annotation of huggingface_hub's own mixins.
T = TypeVar("T", bound="ModelHubMixin")
_LINKS: Final = {"repo_url": "Code", "paper_url": "Paper", "docs_url": "Docs"}


class HubMixin(ModelHubMixin):
    """Saves, publishes and loads the instances of a class, with their configuration and a card.

    The configuration is the arguments of `__init__`, stored and restored as huggingface_hub's mixins do it: plain
    values, dataclasses, and types with `coders`. The weights are those of a torch module, or of any object with
    `state_dict()` and `load_state_dict(arrays)`; a class with other weights overrides `_save_pretrained` and
    `_from_pretrained`.

    Class keywords are those of `ModelHubMixin` (`repo_url`, `license`, `tags`, `model_card_template`, ...), and
    `manifest`: a hub.yaml, or a `Manifest`, by which instances are published.
    """

    _hublish_manifest: ClassVar[AnyManifest | None] = None
    _hublish_call: RecordedCall | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Record the arguments of the call."""
        # Past the method of the base class: it drops arguments that JSON does not have, and pairs `*args` with names.
        new = super(ModelHubMixin, cls).__new__
        made = new(cls) if new is object.__new__ else new(cls, *args, **kwargs)
        if isinstance(made, cls) and (call := RecordedCall.of(cls, args, kwargs)) is not None:
            # Past the `__setattr__` of frozen dataclasses and of modules whose `__init__` has not run yet.
            object.__setattr__(made, "_hublish_call", call)
            if getattr(made, "_hub_mixin_config", None) is None:
                object.__setattr__(made, "_hub_mixin_config", call.view)
        return made

    def __init_subclass__(
        cls, *, manifest: AnyManifest | None = None, tags: Sequence[str] | None = None, **keywords: Any
    ) -> None:
        """Store the class keywords."""
        if manifest is not None:
            cls._hublish_manifest = manifest
        # The Hub recognizes modules of huggingface_hub's mixin by this tag, and loads ours alike.
        kind = ["pytorch_model_hub_mixin"] if torch_modules.is_module(cls) else []
        super().__init_subclass__(tags=[*(tags or ()), *kind], **keywords)

    def save_pretrained(
        self,
        save_directory: str | Path,
        *,
        config: Any = None,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        model_card_kwargs: dict[str, Any] | None = None,
        **push_to_hub_kwargs: Any,
    ) -> str | None:
        """Write weights, config.json and a README to a folder; each file appears whole or not at all.

        Args:
            save_directory: the folder; an existing README.md is kept.
            config: a mapping or a dataclass. Default: the arguments of `__init__`.
            repo_id: the repo to push to, and its name on the card. Default: the folder's name.
            push_to_hub: publish it too.
            model_card_kwargs: values for the card's template.
            push_to_hub_kwargs: arguments of `push_to_hub`.

        Returns:
            The URL of the commit, when it was pushed.
        """
        folder = Path(save_directory)
        # Before anything is written; a `_save_pretrained` of the class may write a config.json of its own.
        writes_itself = type(self)._save_pretrained is not HubMixin._save_pretrained  # noqa: SLF001 - its own class
        stored = None if writes_itself else self._stored_config(config)
        folder.mkdir(parents=True, exist_ok=True)
        # The card names the repo. An override of `generate_model_card` may not know the argument.
        values = dict(model_card_kwargs or {})
        if type(self).generate_model_card is HubMixin.generate_model_card:
            values.setdefault("repo_id", repo_id or folder.name)
        # In the same folder, so that each finished file moves to its place in one step.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".hublish-") as draft:
            self._save_pretrained(Path(draft))
            if writes_itself and not (Path(draft) / CONFIG).exists():
                stored = self._stored_config(config)
            if stored is not None and not (Path(draft) / CONFIG).exists():
                (Path(draft) / CONFIG).write_bytes(stored)
            self.generate_model_card(**values).save(Path(draft) / CARD_FILE)
            _settle(Path(draft), folder)
        if not push_to_hub:
            return None
        # By keyword and in this form, as huggingface_hub's mixin calls an override.
        given = push_to_hub_kwargs if stored is None else {**push_to_hub_kwargs, "config": json.loads(stored)}
        return self.push_to_hub(repo_id=repo_id or folder.name, model_card_kwargs=model_card_kwargs or {}, **given)

    @takes(PushOptions)
    def push_to_hub(
        self,
        repo_id: str | None = None,
        *,
        config: Any = None,
        model_card_kwargs: dict[str, Any] | None = None,
        **options: Unpack[PushOptions],
    ) -> str:
        """Publish by the class's manifest, or else the files that `save_pretrained` writes.

        The release is planned, committed once and verified. Edits that people made to the README on the Hub stay.

        Args:
            repo_id: the repo; not needed when the class's manifest names it.
            config: a mapping or a dataclass. Default: the arguments of `__init__`.
            model_card_kwargs: values for the card's template.
            **options: see `PushOptions`.

        Returns:
            The URL of the commit.

        Raises:
            HublishError: every error of `hublish.push_to_hub`.
        """
        declared = Declared.of(self._hublish_manifest, repo_id, options)
        if declared.manifest is not None:
            project = project_of(self, config, replace(declared, card={"variables": model_card_kwargs}))
            return push_project(project, declared, options).url
        with tempfile.TemporaryDirectory(prefix="hublish-") as folder:
            self.save_pretrained(folder, config=config, repo_id=repo_id, model_card_kwargs=model_card_kwargs)
            project = project_of_folder(Path(folder), declared)
            return push_project(project, declared, options, generated=True).url

    # The client's decorator warns about `resume_download` and `proxies`, and checks the id, as in its own mixin.
    @classmethod
    @validate_hf_hub_args
    def from_pretrained(
        cls: type[T],
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        trust_policy: str | Path | None = None,
        **model_kwargs: Any,
    ) -> T:
        """Return an instance with the weights of a repo, every byte checked, or of a folder.

        Args:
            pretrained_model_name_or_path: `namespace/name`, or a folder that `save_pretrained` wrote.
            force_download: download files again that are there already.
            token: a token, None for the saved one, False for none.
            cache_dir: the cache. Default: HF_HUB_CACHE.
            local_files_only: use the cache alone and send no request.
            revision: a branch, tag, pull request ref or commit.
            trust_policy: the trust.yaml that says whose signatures are accepted. Default: as for `hublish.pull`.
            model_kwargs: arguments of `__init__` that override the stored ones; for torch modules also
                `map_location` (a device; default: `cpu`) and `strict` (default: False).

        Raises:
            UsageError: a folder is given with a trust policy.
            HublishError: every error of `hublish.load`.
        """
        name = str(pretrained_model_name_or_path)
        wanted: PullOptions = {
            "revision": revision,
            "force_download": force_download,
            "token": token,
            "cache_dir": cache_dir,
            "local_files_only": local_files_only,
            "trust_policy": trust_policy,
        }
        # The bound of the annotation is the client's class, whose methods are all that a type checker knows here.
        kind: type[HubMixin] = cast(Any, cls)
        made: Any = kind._pretrained(name, wanted, model_kwargs)  # noqa: SLF001 - the class itself
        return made  # type: ignore[no-any-return]

    @classmethod
    def _pretrained(cls, name: str, wanted: PullOptions, model_kwargs: dict[str, Any]) -> Self:
        # Not the policy: a class that was written for huggingface_hub does not know the argument.
        options: dict[str, Any] = {key: value for key, value in wanted.items() if key != "trust_policy"}
        if Path(name).is_dir():
            if wanted.get("trust_policy") is not None:
                msg = "a trust policy says whose repos are accepted, and this is a folder"
                raise UsageError(msg, hint="verify it with hublish.verify_attestations, then leave trust_policy out")
            if not cls._loads_by_itself():
                return cls._made(Weights.in_folder(Path(name)), model_kwargs)
            path = Path(name) / CONFIG
            return cls._made_by_itself(name, {CONFIG: path} if path.is_file() else {}, options, model_kwargs)
        if not cls._loads_by_itself():
            return cls._made(Weights.of(pulled(name, wanted, to_load=True, as_data=True)), model_kwargs)
        local = pulled(name, wanted, to_load=True)
        # Its own `_from_pretrained` reads the cache, where every file at this commit was checked just now.
        options |= {"revision": local.plan.release.commit, "force_download": False}
        if local.plan.release.examination is not None:
            # A Hub that is asked again could list other files, and no rule would be applied to them.
            options["local_files_only"] = True
        name = local.plan.release.reference.repo_id  # the class need not understand URLs
        files = {file.promised.path_in_repo: file.path for file in local.files}
        return cls._made_by_itself(name, files, options, model_kwargs)

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """Return the card, from hublish's template or the `model_card_template` of the class."""
        info = self._hub_mixin_info
        if info.model_card_template != DEFAULT_MODEL_CARD:
            kwargs.pop("repo_id", None)
            return super().generate_model_card(*args, **kwargs)
        return ModelCard(_card(type(self), info, **kwargs))

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write the weights; those of a torch module to one file, as huggingface_hub's mixin does."""
        if torch_modules.is_module(self):
            Torch().dump_model(getattr(self, "module", self), _MODEL_FILE, save_directory)
            return
        name, value = serializer_for(self)
        serializer = registry.get(name)
        options = {"max_shard_size": _NO_SHARDS} if "max_shard_size" in serializer.options.model_fields else {}
        path = f"model{serializer.suffix}"
        serializer.dump(value, path, save_directory, serializer.options.model_validate(options), SILENT)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        **model_kwargs: Any,
    ) -> Self:
        """Return an instance, for a class whose own `_from_pretrained` calls this one."""
        options: PullOptions = {
            "revision": revision,
            "cache_dir": cache_dir,
            "force_download": force_download,
            "local_files_only": local_files_only,
            "token": token,
        }
        folder = Path(model_id)
        weights = (
            Weights.in_folder(folder)
            if folder.is_dir()
            else Weights.of(pulled(model_id, options, to_load=True, as_data=True))
        )
        # Stored arguments are among these: one with the name of an option is an argument.
        stored = Constructor(cls).named.keys() & model_kwargs.keys()
        own = {name: model_kwargs.pop(name) for name in stored}
        strict, device = cls._options_of_modules(model_kwargs)
        return cls._filled(weights, {**own, **model_kwargs}, strict, device)

    # Such a class reads its weights in its own way: hublish checks the files and passes the commit.
    @classmethod
    def _loads_by_itself(cls) -> bool:
        """Return whether the class has a `_from_pretrained` of its own."""
        return next(kind for kind in cls.__mro__ if "_from_pretrained" in vars(kind)) is not HubMixin

    @classmethod
    def _made(cls, weights: Weights, model_kwargs: dict[str, Any]) -> Self:
        """Return an instance with its stored configuration."""
        # Only the caller's: a stored argument may have one of these names.
        strict, device = cls._options_of_modules(model_kwargs)
        config = stored_config(weights.files)
        return cls._keeping(config, cls._filled(weights, {**cls._arguments(config), **model_kwargs}, strict, device))

    @classmethod
    def _made_by_itself(
        cls, name: str, files: Mapping[str, Path], options: Mapping[str, Any], model_kwargs: Mapping[str, Any]
    ) -> Self:
        """Return the instance that the class's own `_from_pretrained` makes."""
        config = stored_config(files)
        given = {**cls._arguments(config), **model_kwargs}
        if config and cls._hub_mixin_inject_config and "config" not in given:
            given["config"] = config
        made: Self = cls._from_pretrained(model_id=name, **options, **given)
        return cls._keeping(config, made)

    @classmethod
    def _arguments(cls, config: Any) -> dict[str, Any]:
        # `save_pretrained(config=...)` writes any value that JSON has.
        return Constructor(cls).chosen(config) if isinstance(config, Mapping) else {}

    @classmethod
    def _keeping(cls, config: Any, made: Self) -> Self:
        # As in the base class: a configuration that `__init__` does not take is kept for the next save.
        if config and getattr(made, "_hub_mixin_config", None) in (None, {}):
            object.__setattr__(made, "_hub_mixin_config", config)
        return made

    @classmethod
    def _options_of_modules(cls, model_kwargs: dict[str, Any]) -> tuple[bool, Any]:
        """Remove `strict` and `map_location` from the arguments, as huggingface_hub's mixin for torch does."""
        if not torch_modules.is_module(cls):
            return True, None
        return model_kwargs.pop("strict", False), model_kwargs.pop("map_location", None)

    @classmethod
    def _filled(cls, weights: Weights, values: Mapping[str, Any], strict: bool, device: Any) -> Self:
        """Return an instance constructed from these arguments, with the weights in it."""
        filled = restored(weights, Wanted(Constructor(cls).call(values), strict, device))
        made: Self = filled.eval() if torch_modules.is_module(cls) else filled
        return made

    def _stored_config(self, config: Any) -> bytes | None:
        """Return config.json: the caller's, one that replaced the arguments, or the arguments; None for none.

        Raises:
            ConfigError: an argument would not come back as it was.
            UsageError: the caller's configuration would not.
        """
        kind, call = type(self), self._hublish_call
        # A class may set its configuration itself, or keep one that its `__init__` does not take.
        kept = self._hub_mixin_config if config is None else config
        if (
            config is None
            and call is not None
            and (kept is call.whole if call.whole is not None else kept == call.view)
        ):
            return call.render(kind, by_itself=_LOADING if self._loads_by_itself() else None)
        if kept is None and Constructor(kind).parameters:
            raise unseen(kind)
        return None if kept is None else render_config(kind, kept)


def _settle(draft: Path, folder: Path) -> None:
    """Move the written files into the folder. Only an existing README is kept: the user may have edited it."""
    written = {path.relative_to(draft): path for path in sorted(draft.rglob("*")) if path.is_file()}
    # A config.json of an earlier save would be loaded with the new weights.
    if Path(CONFIG) not in written:
        (folder / CONFIG).unlink(missing_ok=True)
    for name, path in written.items():
        if name != Path(CARD_FILE) or not (folder / name).exists():
            durable.settle(path, folder / name)


def _card(kind: type, info: Any, *, repo_id: str = "", **variables: Any) -> str:
    """Return the README of a class, whose keywords are in huggingface_hub's `MixinInfo`.

    Raises:
        CardError: the Hub would reject the metadata.
    """
    name = _card_name(repo_id, kind)
    links = [f"* {title}: {url}" for field, title in _LINKS.items() if (url := getattr(info, field))]
    own = {"usage": _usage(kind, name), **({"description": "\n".join(links)} if links else {})}
    card = Card(metadata=info.model_card_data.to_dict(), variables={**own, **variables})
    manifest = Manifest(repo=Repo(repo_id=name), artifacts=(Artifact(source="."),), card=card)
    return render_card(Project(manifest, b"", Path.cwd()), card, ()).text


# A folder's name is not always a valid id: the card then has the name of the class.
def _card_name(repo_id: str, kind: type) -> str:
    try:
        return check_repo_id(repo_id)
    except ValueError:
        return kind.__name__.strip("_") or "model"


def _usage(kind: type, repo_id: str) -> str:
    imported = "" if kind.__module__ == "__main__" else f"from {kind.__module__} import {kind.__name__}\n\n"
    return f'```python\n{imported}model = {kind.__name__}.from_pretrained("{repo_id}")\n```'
