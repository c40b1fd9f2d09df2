"""A folder with an app -> what a Space's author would declare: everything the app may need, and how it is run."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, get_args

from hublish.pipeline.draft.cards import Readme
from hublish.pipeline.draft.fields import Field
from hublish.pipeline.draft.kinds import App, app_of
from hublish.pipeline.draft.outline import Outline
from hublish.pipeline.draft.parts import LeftOut, Part, Recognised
from hublish.pipeline.draft.tree import Tree, folder_of, name_of
from hublish.pipeline.draft.weights import is_pickle
from hublish.schemas.documents.manifest import SpaceSdk

_PINNED: Final = re.compile(r"^[ \t]*gradio(?:\[[^\]]*\])?\s*==\s*([0-9][0-9A-Za-z.]*)", re.MULTILINE | re.IGNORECASE)
_PORT: Final = re.compile(r"^[ \t]*EXPOSE[ \t]+(\d{1,5})\b", re.MULTILINE | re.IGNORECASE)
_DEFAULT_PORT: Final = 7860


def space(tree: Tree, files: Iterable[str], readme: Readme | None, title: str) -> Outline:
    """Return what a Space is made of.

    Args:
        tree: the folder.
        files: those that may be released.
        readme: the card that lies in the folder, when it goes up as it is.
        title: what the Space is called when nobody says better.
    """
    files = tuple(files)
    app = app_of(tree, files)
    inside = [path for path in files if not (readme and path == readme.path)]
    pickles = [path for path in inside if is_pickle(tree, path)]
    tests = [path for path in inside if _is_test(path)] if not tree.curated else []
    out = {*pickles, *tests}
    kept = [path for path in inside if path not in out]
    left = [LeftOut(path, "a pickle, which policy.pickle forbids") for path in pickles]
    left += [LeftOut(path, "a test") for path in tests if path not in pickles]
    return Outline(
        template="space",
        parts=tuple(_parts(kept, app)),
        left_out=tuple(left),
        recognised=(Recognised(f"a Space of {app.sdk}", app.file),) if app else (),
        metadata=tuple(_metadata(tree, app, title)),
        repo=tuple(_sdk(app, readme)),
    )


def _sdk(app: App | None, readme: Readme | None) -> Iterator[Field]:
    said = (readme.metadata or {}).get("sdk") if readme else None
    if readme and said in get_args(SpaceSdk):
        yield Field("space_sdk", said, f"from {readme.path}")
    elif app:
        yield Field("space_sdk", app.sdk, f"from {app.file}")


def _parts(kept: list[str], app: App | None) -> Iterator[Part]:
    if app:
        yield Part((app.file,), "the app" if app.sdk != "docker" else "how the container is built")
    needed = [
        path for path in kept if name_of(path) in _NEEDS and not folder_of(path) and not (app and path == app.file)
    ]
    if needed:
        yield Part(tuple(needed), "what is installed")
    rest = [path for path in kept if path not in needed and not (app and path == app.file)]
    if rest:
        yield Part(tuple(rest), "what the app uses")


_NEEDS: Final = ("requirements.txt", "packages.txt", "pre-requirements.txt")


def _metadata(tree: Tree, app: App | None, title: str) -> Iterator[Field]:
    yield Field("title", title, "shown on the Space's card")
    yield Field("emoji", "🚀", "shown on the Space's card", hint=True)
    yield Field("colorFrom", "blue", "with colorTo, the card's colours: red, yellow, green, blue, ...", hint=True)
    yield Field("colorTo", "green", hint=True)
    if app is None:
        return
    why = f"from {app.file}"
    if app.sdk == "streamlit":
        why = f"{why}; the Hub makes new Spaces of Streamlit with docker"
    yield Field("sdk", app.sdk, why)
    if app.sdk == "gradio":
        pinned = _PINNED.search(tree.text("requirements.txt"))
        if pinned:
            yield Field("sdk_version", pinned[1], "pinned in requirements.txt")
        else:
            yield Field("sdk_version", "5.0.0", "the version of gradio that the app was written for", hint=True)
    if app.sdk in ("gradio", "streamlit"):
        yield Field("app_file", app.file, f"imports {app.sdk}")
    if app.sdk == "docker":
        port = _PORT.search(tree.text(app.file))
        if port and 0 < int(port[1]) < 1 << 16 and int(port[1]) != _DEFAULT_PORT:
            yield Field("app_port", int(port[1]), "Dockerfile: EXPOSE")
    yield Field("short_description", "What it shows, in 60 characters", "shown in lists", hint=True)


def _is_test(path: str) -> bool:
    name = name_of(path)
    return folder_of(path).split("/")[0] in ("tests", "test") or (name.startswith("test_") and name.endswith(".py"))
