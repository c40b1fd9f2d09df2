"""Staged -> Staged: check the builds of a kernel, by the rules of the package `kernels` (0.17), which loads them.

It chooses a folder `build/<variant>` by its name, and reads `metadata.json` there. The Hub checks neither, so that a
mistake is found only on a machine that needs the variant.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from hublish.base.content import ContentChangedError
from hublish.base.values import Staged, StagedFile
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.diagnose.suggestions import misspelled
from hublish.schemas.documents.json_documents import read_json_value

CODE: Final = "kernel.build"
_METADATA: Final = "metadata.json"
_LARGEST: Final = 1 << 20
# Files of code are hashed at once; the release hashes large ones later.
_SMALL: Final = 64 << 10
_BACKENDS: Final = ("cann", "cpu", "cuda", "metal", "neuron", "rocm", "tpu", "xpu")
_VARIANT: Final = re.compile(
    r"torch-(?P<any>[a-z]+)"
    r"|(?:torch-stable-abi\d\d+|torch\d\d+(?:-cxx(?:11|98))?|tvm-ffi\d\d+)"
    r"-(?P<one>cpu|metal|neuron|tpu|(?:cann|cu|rocm|xpu)\d\d+)-[a-z0-9_]+-[a-z0-9]+"
)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_NAME_HINT: Final = "use lowercase letters, digits and dashes, and begin with a letter"
_BRANCH: Final = re.compile(r"v(\d+)")

# The mistake, and its fix.
_Mistake = tuple[str, str]
_Check = Callable[[Any], str]


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else "must be a string"


def _whole(value: Any) -> str:
    return "" if type(value) is int and 0 <= value < 1 << 64 else "must be a whole number"


def _texts(value: Any) -> str:
    listed = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return "" if listed else "must be a list of strings"


def _name(value: Any) -> str:
    return _text(value) or ("" if _NAME.fullmatch(value) else f"is '{value[:60]}': {_NAME_HINT}")


def _backend(value: Any) -> str:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return 'must be a mapping with `type`, such as {"type": "cuda"}'
    if value["type"] not in _BACKENDS:
        return f"has the type '{value['type'][:60]}', which is none of {', '.join(_BACKENDS)}"
    return (
        _texts(value["archs"]) and "has `archs`, which must be a list of strings"
        if value.get("archs") is not None
        else ""
    )


# Without one of these, `kernels` raises an error.
_FIELDS: Final[Mapping[str, _Check]] = {
    "name": _name,
    "id": _text,
    "version": _whole,
    "license": _text,
    "python-depends": _texts,
    "backend": _backend,
}


@dataclass(frozen=True)
class ScreenKernel:
    """Warn about builds that cannot be loaded."""

    title: ClassVar[str] = "checking the builds of the kernel"

    def run(self, staged: Staged) -> Staged:
        """Return the release with the warnings that were found."""
        return replace(staged, warnings=(*staged.warnings, *kernel_problems(staged)))

    def works_on(self, staged: Staged) -> bool:
        """Return whether the release is a kernel."""
        return staged.collection.project.target.repo_type == "kernel"


def kernel_problems(staged: Staged) -> Iterator[Problem]:
    """Yield a warning for each mistake in the builds of a kernel, and in `build.toml`."""
    target = staged.collection.project.target
    if target.repo_type != "kernel":
        return
    variants: dict[str, dict[str, StagedFile]] = {}
    for file in staged.files:
        folder, _, rest = file.path_in_repo.partition("/")
        variant, _, inner = rest.partition("/")
        if folder == "build" and inner:
            variants.setdefault(variant, {})[inner] = file
    # Versions are branches; main has the card and the source.
    if not variants and _BRANCH.fullmatch(target.revision):
        yield _problem("build", "the release has no folder `build/<variant>`", "run `kernel-builder build-and-copy`")
    known: dict[str, Mapping[str, Any]] = {}
    for variant, files in sorted(variants.items()):
        yield from _of_variant(variant, files, known)
    yield from _of_all(known, staged)
    settings = next((file for file in staged.files if file.path_in_repo == "build.toml"), None)
    if settings is not None:
        yield from _of_settings(settings, known, target.repo_id)


def _problem(path: str, message: str, hint: str) -> Problem:
    return Problem(CODE, message, hint, path, severity="warning")


def _of_variant(
    variant: str, files: Mapping[str, StagedFile], known: dict[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    folder = f"build/{variant}"
    parsed = _VARIANT.fullmatch(variant)
    if parsed is None:
        hint = "such as torch-cpu, or torch212-cxx11-cu128-x86_64-linux"
        yield _problem(folder, f"'{variant}' is not the name of a build variant: `kernels` ignores it", hint)
    if "__init__.py" not in files:
        yield _problem(folder, "the build has no __init__.py, and cannot be imported", "build the kernel again")
    path = f"{folder}/{_METADATA}"
    if _METADATA not in files:
        yield _problem(path, "the build has no metadata.json", "build the kernel with a current kernel-builder")
        return
    try:
        data = read_json_value(files[_METADATA].content.read_at(0, _LARGEST + 1), path, family="kernel")
    except InvalidDocumentError as error:
        yield from (replace(one, code=CODE, severity="warning") for one in error.problems)
        return
    except (ContentChangedError, OSError):  # sealing the release reports it
        return
    if not isinstance(data, dict):
        yield _problem(path, f"{path} is not a JSON object", "build the kernel again")
        return
    known[variant] = data
    for message, hint in (*_fields(data), *_digest(data.get("digest"), files)):
        yield _problem(path, message, hint)
    if parsed and not _backend(data.get("backend")):
        yield from _backend_of_name(path, parsed, data["backend"]["type"])


def _fields(data: Mapping[str, Any]) -> Iterator[_Mistake]:
    for key, check in _FIELDS.items():
        if key not in data:
            near = next((name for name in data if misspelled(name, [key])), None)
            yield f"`{key}` is missing", f"did you mean '{key}' by '{near}'?" if near else "build the kernel again"
        elif mistake := check(data[key]):
            yield f"`{key}` {mistake}", "build the kernel again, or correct it"


def _backend_of_name(path: str, parsed: re.Match[str], backend: str) -> Iterator[Problem]:
    named = re.sub(r"\d+$", "", parsed["any"] or parsed["one"])
    if {"cu": "cuda"}.get(named, named) != backend:
        message = f"the backend is '{backend}', and the folder is named for '{named}'"
        yield _problem(path, message, "move the build to the folder of its backend")


def _digest(digest: Any, files: Mapping[str, StagedFile]) -> Iterator[_Mistake]:
    """Yield the files of a build that differ from the digest which `kernels` verifies."""
    listed = digest.get("files") if isinstance(digest, dict) else None
    if not isinstance(listed, dict):
        if digest is not None:
            yield "`digest` must be a mapping with `algorithm` and `files`", "build the kernel again"
        return
    present = {path: file for path, file in files.items() if not path.startswith(_METADATA)}
    hint = "release the build as kernel-builder wrote it, or build the kernel again"
    for path in sorted(listed.keys() - present.keys()):
        yield f"`digest` lists '{path}', which is not part of the release", hint
    for path in sorted(present.keys() - listed.keys()):
        yield f"'{path}' is not listed in `digest`", hint
    algorithm = digest.get("algorithm")
    for path in sorted(present.keys() & listed.keys()):
        if algorithm in ("sha256", "sha512") and (found := _hash(present[path], algorithm)) not in ("", listed[path]):
            yield f"`digest` has another hash for '{path}': expected {listed[path]}, found {found}", hint


def _hash(file: StagedFile, algorithm: str) -> str:
    import base64  # only needed for kernels
    import hashlib

    if file.content.size > _SMALL:
        return ""
    try:
        data = file.content.read_at(0, _SMALL)
    except (ContentChangedError, OSError):
        return ""
    return base64.b64encode(hashlib.new(algorithm, data).digest()).decode()


def _of_all(known: Mapping[str, Mapping[str, Any]], staged: Staged) -> Iterator[Problem]:
    """Yield the differences between the builds, the branch and the card."""
    for key in ("name", "version", "license"):
        values = {variant: data[key] for variant, data in known.items() if not _FIELDS[key](data.get(key))}
        first = next(iter(values.items()), None)
        for variant, value in values.items():
            if first is not None and value != first[1]:
                message = f"`{key}` is '{value}', and '{first[1]}' in build/{first[0]}"
                yield _problem(f"build/{variant}/{_METADATA}", message, "build all variants from one source")
                break
        if first is not None:
            yield from _of_release(key, first[1], f"build/{first[0]}/{_METADATA}", staged)


def _of_release(key: str, value: Any, path: str, staged: Staged) -> Iterator[Problem]:
    project = staged.collection.project
    branch = _BRANCH.fullmatch(project.target.revision)
    if key == "version" and branch and int(branch[1]) != value:
        message = f"`version` is {value}, and the release goes to the branch {branch[0]}"
        yield _problem(path, message, f"publish to v{value}, or build version {branch[1]}")
    card = project.manifest.card.metadata.get("license") if project.manifest.card else None
    if key == "license" and isinstance(card, str) and card.casefold() != str(value).casefold():
        message = f"`license` is '{value}', and '{card}' in card.metadata"
        yield _problem(path, message, "name the same license in both")


def _of_settings(file: StagedFile, known: Mapping[str, Mapping[str, Any]], repo_id: str) -> Iterator[Problem]:
    """Yield the mistakes in the settings of kernel-builder."""
    import tomllib  # only needed here

    path = file.path_in_repo
    try:
        data = tomllib.loads(file.content.read_at(0, _LARGEST).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        yield _problem(path, f"{path} is not TOML: {error}", "correct it")
        return
    except (ContentChangedError, OSError):
        return
    general = data.get("general")
    if not isinstance(general, dict):
        yield _problem(
            path, f"{path} has no table [general]", "add it with `name`, `version`, `license` and `backends`"
        )
        return
    for message, hint in _general(general, known, repo_id):
        yield _problem(path, message, hint)


def _general(general: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], repo_id: str) -> Iterator[_Mistake]:
    checks: Mapping[str, _Check] = {"name": _name, "version": _whole, "license": _text, "backends": _texts}
    for key, check in checks.items():
        if mistake := check(general[key]) if key in general else "is missing" if key == "name" else "":
            yield f"general.{key} {mistake}", "correct it"
            continue
        built = next((data[key] for data in known.values() if key in data), None)
        if key in general and built is not None and general[key] != built:
            yield f"general.{key} is '{general[key]}', and the build has '{built}'", "build the kernel again"
    for backend in general["backends"] if not _texts(general.get("backends")) else ():
        if backend not in _BACKENDS:
            near = misspelled(backend, _BACKENDS)
            hint = f"did you mean '{near}'?" if near else f"choose among {', '.join(_BACKENDS)}"
            yield f"general.backends has '{backend[:60]}', which is not a backend", hint
    hub = general.get("hub")
    named = hub.get("repo-id") if isinstance(hub, dict) else None
    if isinstance(named, str) and named != repo_id:
        yield f"general.hub.repo-id is '{named[:100]}', and the release goes to '{repo_id}'", "name the same repo"
