"""Serializer `fastai`: an exported learner. It is a pickle: the policy and the caller's trust must permit it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from hublish.base.errors import LoadError, NoArraysError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import FastaiOptions
from hublish.formats.frameworks import framework_errors_as, imported, is_a
from hublish.formats.interface import Trust, Written
from hublish.formats.release_files import check_suffix, only, output_path


class Fastai(BuiltIn, row="fastai"):
    """One learner for inference: model, transforms and vocabularies, as `Learner.export` writes it.

    Holds all that pickles: functions by name, so custom ones must be importable where it is loaded. Does not hold the
    data and the optimizer. A release with one needs `policy.pickle: allow` (or `warn`): the audit detects it by its
    content. For weights alone, without a pickle, give `learn.model` to serializer `torch`.
    """

    def holds(self, value: Any) -> bool:
        """Return whether it is a learner."""
        return is_a(value, "fastai.learner.Learner")

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: FastaiOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Export a learner, or pass an exported one on without opening it.

        Raises:
            SerializationError: the value is not a learner, or cannot be pickled.
            MissingDependencyError: the learner came from a fastai that cannot be imported here.
        """
        check_suffix(path_in_repo, self.suffixes)
        # Checking the content would mean to unpickle it. The audit of all files detects the pickle without running it.
        if isinstance(source, Path):
            return (Written(path_in_repo, source),)
        if not isinstance(source, imported("fastai.learner", serializer=self.name).Learner):
            msg = f"a {type(source).__name__} is not a fastai Learner"
            raise SerializationError(msg, hint="give the learner, or its model to serializer torch")
        target = output_path(workspace, path_in_repo)
        # fastai resolves a relative path against the learner's own folder.
        with framework_errors_as(SerializationError, "fastai cannot export the learner"):
            source.export(target.absolute())
        return (Written(path_in_repo, target),)

    def load(self, files: Mapping[str, Path]) -> NoReturn:
        """Raise an error: a learner is a pickle rather than arrays.

        Raises:
            NoArraysError: always.
        """
        # `only` reports missing and ambiguous files first: their errors help more than this one.
        path, _ = only(files, self.suffixes, self.name)
        msg = f"{path} holds a pickled learner rather than arrays by name"
        raise NoArraysError(msg, hint="hublish.from_hub rebuilds it with the permission trust=Trust(pickle=True)")

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        """Return the one exported learner, on the CPU; `trust.pickle` must permit it.

        Raises:
            LoadError: without permission, or when it cannot be unpickled here.
            MissingDependencyError: fastai is not installed.
        """
        path, file = only(files, self.suffixes, self.name)
        if not trust.pickle:
            msg = f"{path} is a pickle: loading it runs any code its publisher chose"
            raise LoadError(msg, hint="permit it with trust=Trust(pickle=True) if you know the publisher")
        learner = imported("fastai.learner", serializer=self.name)
        with framework_errors_as(LoadError, f"fastai cannot load {path}"):
            return learner.load_learner(file)
