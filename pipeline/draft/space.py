"""Detect the app in a folder, and outline the release of a Space: the app, and all files that it may use."""

import re
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname
from typing import Final, NamedTuple, get_args

from hublish.pipeline.draft.card_facts import Readme, license_fields
from hublish.pipeline.draft.commented_yaml import Field
from hublish.pipeline.draft.file_roles import PICKLE_REASON, is_pickle, license_files
from hublish.pipeline.draft.listing import Listing, directly_in
from hublish.pipeline.draft.model_facts import is_on_hub
from hublish.pipeline.draft.release_parts import Detected, LeftOut, Outline, Part
from hublish.schemas.documents.manifest import SpaceSdk
from hublish.schemas.secrets.masking import holds_token

# Read with expressions: an app is not imported, and a syntax error must not hide it.
_IMPORTS: Final = re.compile(r"^[ \t]*(?:import|from)[ \t]+(gradio|streamlit)\b", re.MULTILINE)
# Usual names of the script that starts an app, most common first.
_APP_NAMES: Final = ("app.py", "main.py", "streamlit_app.py", "demo.py", "src/streamlit_app.py")
_PINNED: Final = re.compile(r"^[ \t]*gradio(?:\[[^\]]*\])?\s*==\s*([0-9][0-9A-Za-z.]*)", re.MULTILINE | re.IGNORECASE)
_PORT: Final = re.compile(r"^[ \t]*EXPOSE[ \t]+(\d{1,5})\b", re.MULTILINE | re.IGNORECASE)
# The Hub forwards to this port unless the card names another one.
_DEFAULT_PORT: Final = 7860
# Repos that an app loads, by the functions of transformers, diffusers, datasets, huggingface_hub and gradio.
_LOADED: Final = re.compile(
    r"""(?:(?P<dataset>load_dataset)|from_pretrained|pipeline|InferenceClient|SentenceTransformer|from_hub"""
    r"""|(?:hf_hub|snapshot)_download)\((?:[^()\n]{0,200}?\b(?:model|repo_id|path)\s*=)?\s*["']"""
    r"""(?P<name>[\w.-]+/[\w.-]+)["'](?P<rest>[^()\n]*)"""
)
_MOST_SCRIPTS: Final = 50
# The Hub installs these when it builds a Space.
_REQUIREMENTS: Final = ("requirements.txt", "packages.txt", "pre-requirements.txt")


class App(NamedTuple):
    """The app of a Space."""

    sdk: str
    file: str


def app_of(listing: Listing, files: Iterable[str]) -> App | None:
    """Return the app in a folder, if there is one."""
    top = directly_in(files, "")
    # First: an app of any framework may be packaged as a container.
    if "Dockerfile" in top:
        return App("docker", "Dockerfile")
    scripts = [*(name for name in _APP_NAMES if name in listing), *(name for name in top if name.endswith(".py"))]
    for script in scripts:
        if found := _IMPORTS.search(listing.text(script)):
            return App(found[1], script)
    return App("static", "index.html") if "index.html" in top else None


def space(listing: Listing, files: Iterable[str], readme: Readme | None, title: str) -> Outline:
    """Return the outline of a Space's release; `title` is its title if its README has none."""
    app = app_of(listing, files)
    inside = [path for path in files if not (readme and path == readme.path)]
    left = {path: PICKLE_REASON for path in inside if is_pickle(listing, path)}
    if not listing.from_hub:
        tests = (path for path in inside if _is_test(path) and not (app and path == app.file))
        left = {**dict.fromkeys(tests, "a test"), **left}
    return Outline(
        template="space",
        parts=tuple(_parts([path for path in inside if path not in left], app)),
        left_out=tuple(LeftOut(path, why) for path, why in left.items()),
        detected=(Detected(f"a {app.sdk} Space", app.file),) if app else (),
        metadata=(*_metadata(listing, app, title), *_license(listing, inside), *_loaded(listing, inside)),
        repo=tuple(_sdk(app, readme)),
    )


def _sdk(app: App | None, readme: Readme | None) -> Iterator[Field]:
    # The README of a Space decides how it runs; the repo must be created with the same SDK.
    declared = (readme.metadata or {}).get("sdk") if readme else None
    if readme and declared in get_args(SpaceSdk):
        yield Field("space_sdk", declared, f"from {readme.path}")
    elif app:
        yield Field("space_sdk", app.sdk, f"from {app.file}")


def _parts(files: list[str], app: App | None) -> Iterator[Part]:
    if app:
        yield Part((app.file,), "the recipe of the container" if app.sdk == "docker" else "the app")
        files = [path for path in files if path != app.file]
    requirements = tuple(path for path in files if path in _REQUIREMENTS)
    if requirements:
        yield Part(requirements, "dependencies to install")
    rest = tuple(path for path in files if path not in requirements)
    if rest:
        yield Part(rest, "files that the app may use")


def _metadata(listing: Listing, app: App | None, title: str) -> Iterator[Field]:
    yield Field("title", title, "shown on the Space's card")
    yield Field("emoji", "🚀", "shown on the Space's card", hint=True)
    yield Field("colorFrom", "blue", "with colorTo, the card's colors: red, yellow, green, blue, ...", hint=True)
    yield Field("colorTo", "green", hint=True)
    if app:
        yield from _run(listing, app)
        yield Field("short_description", "What it shows, in 60 characters", "shown in lists", hint=True)


def _license(listing: Listing, files: Iterable[str]) -> Iterator[Field]:
    papers = license_files(files, ("",))
    if papers:
        yield from license_fields(listing, papers)


def _loaded(listing: Listing, files: Iterable[str]) -> Iterator[Field]:
    """Yield the models and datasets that the scripts load by a name in their text; the Hub links them to the Space."""
    found: dict[str, dict[str, str]] = {"models": {}, "datasets": {}}
    for script in [path for path in files if path.endswith(".py")][:_MOST_SCRIPTS]:
        for match in _LOADED.finditer(listing.text(script)):
            # A download with a `repo_type` may be of any kind.
            if is_on_hub(match["name"]) and not holds_token(match["name"]) and "repo_type" not in match["rest"]:
                found["datasets" if match["dataset"] else "models"].setdefault(match["name"], script)
    for key, names in found.items():
        if names:
            yield Field(key, list(names), f"loaded in {next(iter(names.values()))}")


def _run(listing: Listing, app: App) -> Iterator[Field]:
    """Yield how the Hub runs the app."""
    note = "; the Hub creates new Streamlit Spaces with docker" if app.sdk == "streamlit" else ""
    yield Field("sdk", app.sdk, f"from {app.file}{note}")
    if app.sdk == "gradio":
        if pinned := _PINNED.search(listing.text("requirements.txt")):
            yield Field("sdk_version", pinned[1], "pinned in requirements.txt")
        else:
            yield Field("sdk_version", "5.0.0", "the version of gradio that the app was written for", hint=True)
    if app.sdk in ("gradio", "streamlit"):
        yield Field("app_file", app.file, f"imports {app.sdk}")
    if app.sdk == "docker":
        # The Hub does not read EXPOSE itself.
        port = _PORT.search(listing.text(app.file))
        if port and 0 < int(port[1]) < 1 << 16 and int(port[1]) != _DEFAULT_PORT:
            yield Field("app_port", int(port[1]), "Dockerfile: EXPOSE")


def _is_test(path: str) -> bool:
    name = basename(path)
    return dirname(path).split("/")[0] in ("tests", "test") or (name.startswith("test_") and name.endswith(".py"))
