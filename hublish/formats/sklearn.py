"""Serializer `sklearn`: scikit-learn estimators in the skops format, or pickled by joblib where policy allows it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from hublish.base.errors import LoadError, NoArraysError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import FORMATS, PICKLE_SUFFIXES, BuiltIn
from hublish.formats.format_options import SklearnOptions
from hublish.formats.frameworks import framework_errors_as, imported, is_a
from hublish.formats.input_files import invalid_file_as
from hublish.formats.interface import Trust, Written
from hublish.formats.release_files import check_suffix, has_suffix, only, output_path
from hublish.formats.skops_file import check_skops, write_canonical

_PICKLES = tuple(suffix for suffix in FORMATS["sklearn"].suffixes if suffix in PICKLE_SUFFIXES)
_SKOPS = tuple(suffix for suffix in FORMATS["sklearn"].suffixes if suffix not in PICKLE_SUFFIXES)


class Sklearn(BuiltIn, row="sklearn"):
    """One estimator, pipeline or search, with whatever it was fitted to.

    Holds, as skops: everything made of scikit-learn, numpy, scipy and plain Python values; types of other libraries
    (xgboost, lightgbm, own transformers) must be permitted by name when it is loaded. Does not hold lambdas, local
    functions and open files. As joblib: whatever pickles. The same estimator is the same file, byte for byte. No file
    is converted: that would mean to unpickle it.
    """

    version: ClassVar[int] = 1

    def holds(self, value: Any) -> bool:
        """Whether it is an estimator, a pipeline or a search."""
        return is_a(value, "sklearn.base.BaseEstimator")

    def dump(
        self,
        source: Any,
        path_in_repo: str,
        workspace: Path,
        options: SklearnOptions,
        progress: Progress,  # noqa: ARG002 - neither library tells how far it is
    ) -> tuple[Written, ...]:
        """Write an estimator, or pass on a file that is in the format already.

        Whether a pickle may go up is decided where every file is audited, by its content.

        Raises:
            SerializationError: the estimator cannot be held, or a file is in another format.
            MissingDependencyError: skops or joblib is not installed.
        """
        suffixes = _SKOPS if options.format == "skops" else _PICKLES
        check_suffix(path_in_repo, suffixes)
        if isinstance(source, Path):
            return (_passed_on(source, path_in_repo, suffixes),)
        target = output_path(workspace, path_in_repo)
        with framework_errors_as(SerializationError, f"{options.format} cannot write a {type(source).__name__}"):
            if options.format == "skops":
                write_canonical(_skops(), source, target)
            else:
                _joblib().dump(source, target)
        return (Written(path_in_repo, target),)

    def load(self, files: Mapping[str, Path]) -> NoReturn:
        """Refuse: an estimator is no collection of arrays.

        Raises:
            NoArraysError: always.
        """
        path, _ = only(files, self.suffixes, self.name)
        msg = f"{path} holds an estimator rather than arrays by name"
        raise NoArraysError(msg, hint="hublish.from_hub rebuilds it")

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        """Return the estimator.

        Args:
            files: with one `.skops` among them, else one `.joblib` or `.pkl`.
            trust: `types` that skops does not know to be harmless; `pickle` for the others.

        Raises:
            LoadError: the file is damaged, or asks for more trust than there is: every type is named.
            MissingDependencyError: skops or joblib is not installed.
        """
        if any(has_suffix(path, _SKOPS) for path in files):
            return _load_skops(*only(files, _SKOPS, self.name), trust)
        path, file = only(files, _PICKLES, self.name)
        if not trust.pickle:
            msg = f"{path} is a pickle: loading it runs whatever code its publisher chose"
            raise LoadError(msg, hint="ask for a .skops file, or permit it with trust=Trust(pickle=True)")
        with framework_errors_as(LoadError, f"joblib cannot load {path}"):
            return _joblib().load(file)


def _load_skops(path: str, file: Path, trust: Trust) -> Any:
    with invalid_file_as(LoadError):
        check_skops(file, path)
    skops = _skops()
    with framework_errors_as(LoadError, f"skops cannot load {path}"):
        needed = skops.get_untrusted_types(file=file)
        _refuse_untrusted(path, [name for name in needed if name not in trust.types])
        return skops.load(file, trusted=list(needed))


def _refuse_untrusted(path: str, types: list[str]) -> None:
    if types:
        msg = f"{path} builds types that are not known to be harmless: {', '.join(types)}"
        raise LoadError(msg, hint=f"look at them, then permit them with trust=Trust(types={tuple(types)!r})")


def _passed_on(source: Path, path_in_repo: str, suffixes: tuple[str, ...]) -> Written:
    if not has_suffix(source.name, suffixes):
        msg = f"{source} is no {' or '.join(suffixes)} file, and to convert it would mean to run what is in it"
        raise SerializationError(msg, hint="save it with skops.io.dump, or hand hublish the estimator itself")
    if suffixes == _SKOPS:
        with invalid_file_as(SerializationError):
            check_skops(source, str(source))
    return Written(path_in_repo, source)


def _skops() -> Any:
    return imported("skops.io", serializer="sklearn")


def _joblib() -> Any:
    return imported("joblib", serializer="sklearn")
