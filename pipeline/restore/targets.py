"""The class that a load plan names: where it may come from, and how it is imported.

Importing runs code of the publisher's. It happens only when the caller permits it, and only from

* a file of the release, when the caller pinned the release by a lock or by its commit, and the bytes that run are
  those that were promised; the file is complete in itself, but for packages that are installed;
* a package that pip installed, never from the current folder or the standard library.
"""

import hashlib
import importlib
import importlib.util
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from types import ModuleType

from hublish.base import digests
from hublish.base.errors import IntegrityError, LoadError
from hublish.base.values import LocalFile, LocalRelease
from hublish.base.values.load import target_path

_COMMIT = re.compile(r"[0-9a-f]{40}")


def import_target(target: str, release: LocalRelease) -> type:
    """Import the class that `module:Class` names.

    Raises:
        LoadError: when it is found in neither place, the release is not pinned, or it is no class.
        IntegrityError: when the file is not the one that was checked.
    """
    module_name, _, class_name = target.partition(":")
    path = target_path(target)
    file = next((file for file in release.files if file.promised.path_in_repo == path), None)
    module = _from_release(module_name, file, release) if file else _installed(module_name, target)
    found: object = module
    for name in class_name.split("."):
        found = getattr(found, name, None)
    if not isinstance(found, type):
        msg = f"load.target is {target}, and {module_name} has no class {class_name}"
        raise LoadError(msg, hint="load with `into=` instead")
    return found


def _from_release(name: str, file: LocalFile, release: LocalRelease) -> ModuleType:
    reference, commit = release.plan.release.reference, release.plan.release.commit
    path = file.promised.path_in_repo
    if reference.locked is None and not _COMMIT.fullmatch(reference.revision):
        msg = f"load.target is in {path} of the release, and {reference.revision} may hold other code tomorrow"
        hint = f'pin what you have read: revision="{commit}", or a lock'
        raise LoadError(msg, hint=hint)
    code = file.path.read_bytes()
    if not digests.holds(code, file.promised.digest):
        msg = f"{path} changed after it was checked; it was not run"
        raise IntegrityError(msg, hint="run again: it is downloaded anew")
    # A name of its own: it neither hides a module of the caller's nor is hidden by one.
    unique = f"hublish_release_{hashlib.sha256(code).hexdigest()[:16]}.{name}"
    if unique not in sys.modules:
        sys.modules[unique] = _run(unique, code, file.path)
    return sys.modules[unique]


def _run(name: str, code: bytes, path: Path) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look their own module up
    try:
        exec(compile(code, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the caller permitted it
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _installed(name: str, target: str) -> ModuleType:
    top = name.partition(".")[0]
    if not any(_owns(owner, top) for owner in packages_distributions().get(top, ())):
        msg = f"load.target is {target}, and {top} is neither in the release nor an installed package"
        raise LoadError(msg, hint=f"install the package that has it, or publish {target_path(target)} with the weights")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        msg = f"load.target is {target}, and {name} cannot be imported: {error}"
        raise LoadError(msg, hint="load with `into=` instead") from error


def _owns(owner: str, top: str) -> bool:
    """Whether what `import top` would find lies where the distribution was installed, and not in front of it."""
    try:
        folder = Path(str(distribution(owner).locate_file(""))).resolve()
        found = importlib.util.find_spec(top)
    except (PackageNotFoundError, ValueError, ImportError):
        return False
    places = [found.origin, *(found.submodule_search_locations or ())] if found else []
    return any(place is not None and Path(place).resolve().is_relative_to(folder) for place in places)
