"""Import the class that `load.target` names, from a trusted place only.

Importing runs the publisher's code. It requires the caller's permission, and the code must come from

* a file of the release, which the caller pinned by a lock or by its commit, with exactly the expected bytes; the file
  may import installed packages, but no other file of the release;
* a package that pip installed, never the current folder or the standard library.
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
from hublish.base.values.downloads import module_path

_COMMIT = re.compile(r"[0-9a-f]{40}")


def import_target(target: str, release: LocalRelease) -> type:
    """Import the class that `module:Class` names.

    Raises:
        LoadError: when it is found in neither place, the release is not pinned, or it is not a class.
        IntegrityError: when the file changed after it was checked.
    """
    module_name, _, class_name = target.partition(":")
    path = module_path(target)
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
    # The commit of a branch was read a moment ago: code that was never reviewed must not run because it moved.
    if reference.locked is None and not _COMMIT.fullmatch(reference.revision):
        msg = f"load.target is in {path} of the release, and {reference.revision} may hold other code tomorrow"
        raise LoadError(msg, hint=f'pin what you have read: revision="{commit}", or a lock')
    # The bytes that are hashed here are those that run: the file itself may change in between.
    code = file.path.read_bytes()
    if not digests.has_digest(code, file.promised.digest):
        msg = f"{path} changed after it was checked; it was not run"
        raise IntegrityError(msg, hint="run again: it is downloaded anew")
    # A unique name, so that it neither hides one of the caller's modules nor is hidden by one.
    unique = f"hublish_release_{hashlib.sha256(code).hexdigest()[:16]}.{name}"
    # The same code is the same module: instances of two loads have the same class.
    if unique not in sys.modules:
        sys.modules[unique] = _run(unique, code, file.path)
    return sys.modules[unique]


def _run(name: str, code: bytes, path: Path) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look up their own module
    try:
        exec(compile(code, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the caller permitted it
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _installed(name: str, target: str) -> ModuleType:
    # The top-level name decides: find_spec on a submodule would already import its parents.
    top = name.partition(".")[0]
    if not any(_owns(owner, top) for owner in packages_distributions().get(top, ())):
        msg = f"load.target is {target}, and {top} is neither in the release nor an installed package"
        raise LoadError(msg, hint=f"install its package, or publish {module_path(target)} with the weights")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        msg = f"load.target is {target}, and {name} cannot be imported: {error}"
        raise LoadError(msg, hint="load with `into=` instead") from error


def _owns(owner: str, top: str) -> bool:
    """Return whether `import top` would find the module of this distribution, and not one earlier in sys.path."""
    try:
        folder = Path(str(distribution(owner).locate_file(""))).resolve()
        found = importlib.util.find_spec(top)
    except (PackageNotFoundError, ValueError, ImportError):
        return False
    places = [found.origin, *(found.submodule_search_locations or ())] if found else []
    return any(place is not None and Path(place).resolve().is_relative_to(folder) for place in places)
