"""Serializer `sklearn`: scikit-learn estimators in the skops format, or pickled by joblib where the policy allows it.

A skops file is a zip of `schema.json` and the arrays that it refers to: https://skops.readthedocs.io.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from hublish.base.errors import LoadError, NoArraysError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import FORMATS, PICKLE_SUFFIXES, BuiltIn
from hublish.formats.format_options import SklearnOptions
from hublish.formats.frameworks import framework_errors_as, imported, is_a
from hublish.formats.input_files import InvalidFileError, invalid_file_as
from hublish.formats.interface import Trust, Written
from hublish.formats.release_files import check_suffix, has_suffix, only, output_path
from hublish.formats.zip_reader import opened_archive, write_reproducibly

_PICKLES = tuple(suffix for suffix in FORMATS["sklearn"].suffixes if suffix in PICKLE_SUFFIXES)
_SKOPS = tuple(suffix for suffix in FORMATS["sklearn"].suffixes if suffix not in PICKLE_SUFFIXES)
_SCHEMA = "schema.json"
# Bytes. A forest of a thousand trees takes a few megabytes, a large vocabulary tens.
_MAX_SCHEMA = 256 << 20


class Sklearn(BuiltIn, row="sklearn"):
    """One estimator, pipeline or search, with everything it was fitted to.

    Holds, as skops: all values of scikit-learn, numpy, scipy and plain Python; types of other libraries (xgboost,
    lightgbm, custom transformers) must be permitted by name when it is loaded. Does not hold lambdas, local functions
    and open files. As joblib: all that pickles. The same estimator gives the same bytes. Does not convert files, which
    would mean to unpickle them.
    """

    def holds(self, value: Any) -> bool:
        """Return whether it is an estimator, a pipeline or a search."""
        return is_a(value, "sklearn.base.BaseEstimator")

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: SklearnOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Write an estimator, or pass a file of the format on unchanged.

        The audit of all files decides, by their content, whether a pickle may be uploaded.

        Raises:
            SerializationError: the format cannot hold the estimator, or a file is in another format.
            MissingDependencyError: skops or joblib is not installed.
        """
        # The suffix has to match the content: readers choose skops or a pickle by it.
        suffixes = _SKOPS if options.format == "skops" else _PICKLES
        check_suffix(path_in_repo, suffixes)
        if isinstance(source, Path):
            _check_file(source, suffixes)
            return (Written(path_in_repo, source),)
        target = output_path(workspace, path_in_repo)
        with framework_errors_as(SerializationError, f"{options.format} cannot write a {type(source).__name__}"):
            if options.format == "skops":
                write_canonical(imported("skops.io", serializer=self.name), source, target)
            else:
                imported("joblib", serializer=self.name).dump(source, target)
        return (Written(path_in_repo, target),)

    def load(self, files: Mapping[str, Path]) -> NoReturn:
        """Raise an error: an estimator is not a collection of arrays.

        Raises:
            NoArraysError: always.
        """
        path, _ = only(files, self.suffixes, self.name)
        msg = f"{path} holds an estimator rather than arrays by name"
        raise NoArraysError(msg, hint="hublish.from_hub rebuilds it")

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        """Return the estimator of the one `.skops` file, else of the one pickle, which requires `trust.pickle`.

        `trust.types` permits types that skops does not know to be harmless.

        Raises:
            LoadError: the file is damaged, or requires more trust than given; the message lists every type.
            MissingDependencyError: skops or joblib is not installed.
        """
        if any(has_suffix(path, _SKOPS) for path in files):
            return self._load_skops(*only(files, _SKOPS, self.name), trust)
        # Pickles are considered only when no skops file exists, so a release may carry both.
        path, file = only(files, _PICKLES, self.name)
        if not trust.pickle:
            msg = f"{path} is a pickle: loading it runs any code its publisher chose"
            raise LoadError(msg, hint="ask for a .skops file, or permit it with trust=Trust(pickle=True)")
        joblib = imported("joblib", serializer=self.name)
        with framework_errors_as(LoadError, f"joblib cannot load {path}"):
            return joblib.load(file)

    def _load_skops(self, path: str, file: Path, trust: Trust) -> Any:
        with invalid_file_as(LoadError):
            check_skops(file, path)
        skops = imported("skops.io", serializer=self.name)
        # skops trusts a list of types of its own. The caller permits types beyond that list.
        with framework_errors_as(LoadError, f"skops cannot load {path}"):
            needed = skops.get_untrusted_types(file=file)
            if missing := [name for name in needed if name not in trust.types]:
                msg = f"{path} builds types that are not known to be harmless: {', '.join(missing)}"
                raise LoadError(msg, hint=f"review them, then permit them with trust=Trust(types={tuple(missing)!r})")
            return skops.load(file, trusted=list(needed))


def _check_file(source: Path, suffixes: tuple[str, ...]) -> None:
    if not has_suffix(source.name, suffixes):
        msg = f"{source} is not a {' or '.join(suffixes)} file, and converting it would run the code in it"
        raise SerializationError(msg, hint="save it with skops.io.dump, or give hublish the estimator itself")
    if suffixes == _SKOPS:
        with invalid_file_as(SerializationError):
            check_skops(source, str(source))


def check_skops(path: Path, name: str) -> None:
    """Raise InvalidFileError for a file, called `name` in errors, that is not an archive with a schema."""
    with opened_archive(path, name) as archive:
        schema = archive.read_json(_SCHEMA, _MAX_SCHEMA)
        if not isinstance(schema.get("protocol"), int):
            raise InvalidFileError(f"its member {_SCHEMA} has no protocol version: skops did not write it")


def write_canonical(skops: Any, value: Any, target: Path) -> None:
    """Dump a value with skops, its objects and files numbered in order of appearance.

    skops numbers objects by their address in memory, names files by it or at random, and records the time of every
    member: the same estimator would give other bytes on every run.
    """
    # Beside the target, so that both are on the disk that has room for them.
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder) / target.name
        skops.dump(value, draft)
        with opened_archive(draft, target.name) as archive:
            schema = archive.read_json(_SCHEMA, _MAX_SCHEMA)
        numbering = _Numbering()
        renumbered = json.dumps(numbering.applied_to(schema), indent=2).encode()
        write_reproducibly(draft, target, {_SCHEMA: renumbered}, numbering.files)


@dataclass(frozen=True, slots=True)
class _Numbering:
    """Stable numbers for the objects and the files of a schema."""

    objects: dict[int, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def applied_to(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.applied_to(item) for item in node]
        if not isinstance(node, dict):
            return node
        # Only skops' own nodes name a loader: a fitted vocabulary may well contain the words "file" and "__id__".
        if not isinstance(node.get("__loader__"), str):
            return {key: self.applied_to(value) for key, value in node.items()}
        return {key: self._value(key, value) for key, value in node.items()}

    def _value(self, key: str, value: Any) -> Any:
        if key == "__id__" and isinstance(value, int):
            return self.objects.setdefault(value, len(self.objects) + 1)
        if key == "file" and isinstance(value, str):
            return self.files.setdefault(value, f"{len(self.files) + 1}{Path(value).suffix}")
        return self.applied_to(value)
