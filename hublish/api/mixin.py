"""The Hub's other way: a class that publishes and loads itself.

    class Net(nn.Module, hublish.HubMixin, license="mit"): ...

A class that inherits from `PyTorchModelHubMixin` moves over by changing that base; what either of them publishes, the
other loads. torch is not imported here: whoever has a module has imported it.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

from huggingface_hub import ModelCard, ModelHubMixin
from huggingface_hub.hub_mixin import DEFAULT_MODEL_CARD
from huggingface_hub.utils import validate_hf_hub_args

from hublish.api import mixin_card as own_card
from hublish.api.object_project import Declared, held, project_of, project_of_folder
from hublish.api.project import AnyManifest
from hublish.api.publish import released
from hublish.api.request import Request
from hublish.base import durable
from hublish.base.progress import SILENT
from hublish.formats import registry
from hublish.formats.release_files import CONFIG
from hublish.hub.client.caller import OURSELVES
from hublish.pipeline.restore import torch_modules
from hublish.pipeline.restore.filling import Wanted, arguments, restored
from hublish.pipeline.restore.weights import Weights
from hublish.schemas.documents.file_names import CARD_FILE

_NO_SHARDS = "1000TB"


class HubMixin(ModelHubMixin):
    """Saving, publishing and loading for a class, with its configuration and a card.

    The configuration is what `__init__` was given, kept and given back as huggingface_hub's mixins do: plain values,
    dataclasses, and types with `coders`. Weights are those of a torch module, or of any object with `state_dict()` and
    `load_state_dict(arrays)`; classes with other weights override `_save_pretrained` and `_from_pretrained`.

    Class keywords are those of `ModelHubMixin` (`repo_url`, `license`, `tags`, `model_card_template`, ...), and
    `manifest`: a hub.yaml, or a `Manifest`, that says how instances are published.
    """

    _hublish_manifest: ClassVar[AnyManifest | None] = None

    def __init_subclass__(
        cls, *, manifest: AnyManifest | None = None, tags: Sequence[str] | None = None, **keywords: Any
    ) -> None:
        """Keep what the class keywords say."""
        if manifest is not None:
            cls._hublish_manifest = manifest
        # What the Hub knows modules of this kind by; they are of the same kind.
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
            save_directory: the folder; a README.md that is there stays.
            config: a mapping or a dataclass; default: what `__init__` was given.
            repo_id: where it is pushed to, and what the card calls it; default: the folder's name.
            push_to_hub: publish it, too.
            model_card_kwargs: values for the card's template.
            push_to_hub_kwargs: arguments of `push_to_hub`.

        Returns:
            The URL of the commit, when it was pushed.
        """
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        values = dict(model_card_kwargs or {})
        if type(self).generate_model_card is HubMixin.generate_model_card:  # one of the class's own may not know it
            values.setdefault("repo_id", repo_id or folder.name)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".hublish-") as draft:
            super().save_pretrained(draft, config=config, model_card_kwargs=values)
            _settle(Path(draft), folder)
        if not push_to_hub:
            return None
        return self.push_to_hub(
            repo_id or folder.name, config=config, model_card_kwargs=model_card_kwargs, **push_to_hub_kwargs
        )

    def push_to_hub(
        self,
        repo_id: str | None = None,
        *,
        config: Any = None,
        commit_message: str | None = None,
        commit_description: str | None = None,
        private: bool | None = None,
        token: str | bool | None = None,
        branch: str | None = None,
        create_pr: bool | None = None,
        allow_patterns: list[str] | str | None = None,
        ignore_patterns: list[str] | str | None = None,
        delete_patterns: list[str] | str | None = None,
        model_card_kwargs: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> str:
        """Publish: planned, in one commit, verified. By the class's manifest, else what `save_pretrained` writes.

        Args:
            repo_id: where to; may be left out when the class's manifest says it.
            config: a mapping or a dataclass; default: what `__init__` was given.
            commit_message: first line of the commit.
            commit_description: the rest of it.
            private: whether readers are let in; None makes a new repo public and leaves an existing one as it is.
            token: a token, None for the saved one, False for none.
            branch: the branch that receives the commit; made from main when missing.
            create_pr: propose it as a pull request.
            allow_patterns: only files that match go up.
            ignore_patterns: files that match stay out.
            delete_patterns: files on the Hub that match are deleted in the same commit, when the release lacks them.
            model_card_kwargs: values for the card's template.
            endpoint: a URL or `embedded`; default: HF_ENDPOINT, else the public Hub.

        Returns:
            The URL of the commit.

        Raises:
            HublishError: what `hublish.push_to_hub` raises.
        """
        declared = Declared.of(
            self._hublish_manifest,
            repo={
                "repo_id": repo_id,
                "revision": branch,
                "create_pr": create_pr,
                "commit_message": commit_message,
                "commit_description": commit_description,
            },
            private=private,
            allow_patterns=allow_patterns,
            ignore_patterns=ignore_patterns,
            delete_patterns=delete_patterns,
        )
        with tempfile.TemporaryDirectory(prefix="hublish-") as folder:
            if declared.manifest is None:
                self.save_pretrained(folder, config=config, repo_id=repo_id, model_card_kwargs=model_card_kwargs)
                project = project_of_folder(Path(folder), declared)
            else:
                project = project_of(self, config, replace(declared, card={"variables": model_card_kwargs}))
            receipt = released(
                project,
                hubs=declared.folder,
                lock=declared.lock,
                endpoint=endpoint,
                token=token,
                caller=OURSELVES,
                progress=SILENT,
            )
        return receipt.url

    @classmethod
    @validate_hf_hub_args
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        **model_kwargs: Any,
    ) -> Self:
        """Make an instance from the Hub, every byte checked, or from a folder.

        Args:
            pretrained_model_name_or_path: `namespace/name`, or a folder that `save_pretrained` wrote.
            force_download: download again what is there.
            token: a token, None for the saved one, False for none.
            cache_dir: default: HF_HUB_CACHE.
            local_files_only: never ask the network.
            revision: a branch, tag, pull request ref or commit.
            model_kwargs: arguments of `__init__`, which count instead of the kept ones; for torch modules also
                `map_location` (a device, `cpu`) and `strict` (False).

        Raises:
            HublishError: what `hublish.load` raises.
        """
        name = str(pretrained_model_name_or_path)
        options: dict[str, Any] = {
            "force_download": force_download,
            "token": token,
            "cache_dir": cache_dir,
            "local_files_only": local_files_only,
        }
        if Path(name).is_dir():
            if cls._loads_by_itself():
                return super().from_pretrained(name, revision=revision, **options, **model_kwargs)
            return cls._made(Weights.in_folder(Path(name)), model_kwargs)
        local = Request(name, revision=revision, **options).pulled(to_load=True)
        if cls._loads_by_itself():  # from the cache, where every file at this commit was checked just now
            options["force_download"] = False
            return super().from_pretrained(name, revision=local.plan.release.commit, **options, **model_kwargs)
        return cls._made(Weights.of(local), model_kwargs)

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """Return the card: by our template, or by the `model_card_template` of the class."""
        info = self._hub_mixin_info
        if info.model_card_template != DEFAULT_MODEL_CARD:
            kwargs.pop("repo_id", None)
            return super().generate_model_card(*args, **kwargs)
        return ModelCard(own_card.render(type(self), info, **kwargs))

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write the weights: of a torch module to one file, as huggingface_hub's mixin does and reads."""
        name, value = held(getattr(self, "module", self) if torch_modules.is_module(self) else self)
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
        """Make an instance, for classes whose own `_from_pretrained` calls this one."""
        request = Request(
            model_id,
            revision=revision,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
            token=token,
        )
        folder = Path(model_id)
        weights = Weights.in_folder(folder) if folder.is_dir() else Weights.of(request.pulled(to_load=True))
        return cls._filled(weights, model_kwargs)

    @classmethod
    def _loads_by_itself(cls) -> bool:
        """Whether the class has a `_from_pretrained` of its own."""
        return next(kind for kind in cls.__mro__ if "_from_pretrained" in vars(kind)) is not HubMixin

    @classmethod
    def _made(cls, weights: Weights, model_kwargs: Mapping[str, Any]) -> Self:
        """Make an instance by its kept configuration."""
        config = weights.config()
        made = cls._filled(weights, {**arguments(cls, config), **model_kwargs})
        if config and made._hub_mixin_config in (None, {}):  # noqa: SLF001 - an instance of this very class
            made._hub_mixin_config = dict(config)  # noqa: SLF001 - as the base class does
        return made

    @classmethod
    def _filled(cls, weights: Weights, model_kwargs: dict[str, Any]) -> Self:
        """Make an instance by these arguments, with the weights in it."""
        is_module = torch_modules.is_module(cls)
        device = model_kwargs.pop("map_location", None) if is_module else None
        strict = model_kwargs.pop("strict", False) if is_module else True
        filled: Self = restored(weights, Wanted(cls(**model_kwargs), strict, device))
        if is_module:
            torch_modules.evaluating(filled)
        return filled


def _settle(draft: Path, folder: Path) -> None:
    """Move what was written into its folder; a README of somebody's own, and nothing else, stays."""
    written = {path.relative_to(draft): path for path in sorted(draft.rglob("*")) if path.is_file()}
    if Path(CONFIG) not in written:
        (folder / CONFIG).unlink(missing_ok=True)
    for name, path in written.items():
        if name != Path(CARD_FILE) or not (folder / name).exists():
            durable.settle(path, folder / name)
