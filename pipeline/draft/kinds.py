"""Whether a folder is a model, a dataset or a Space, and what that is told by."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from hublish.formats.catalogue import MODEL_SUFFIXES
from hublish.pipeline.draft.tree import Tree, directly_in, folder_of, name_of
from hublish.schemas.documents.manifest import RepoType

TABLES: Final = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".arrow")
MEDIA: Final = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".wav", ".mp3", ".flac", ".ogg", ".mp4")
_ARCHIVES: Final = (".tar",)
_DATA_FOLDERS: Final = re.compile(
    r"(?:data|datasets?|raw|processed|corpus|corpora|train|val|valid|validation|test|dev)"
)
_SPLIT: Final = re.compile(r"(?:.*[-_])?(?:train|valid|validation|dev|test)(?:[-_]\d.*)?\.(?:json|txt)(?:\.gz)?")
_FEWEST_MEDIA: Final = 2
_UI: Final = re.compile(r"^[ \t]*(?:import|from)[ \t]+(gradio|streamlit)\b", re.MULTILINE)
_APP_NAMES: Final = ("app.py", "main.py", "streamlit_app.py", "demo.py", "src/streamlit_app.py")


class Kind(NamedTuple):
    """A kind of repo, and the evidence."""

    repo_type: RepoType
    evidence: str


class App(NamedTuple):
    """What makes a folder a Space."""

    sdk: str
    file: str


def kind_of(tree: Tree, files: Iterable[str], front_matter: Iterable[str] = ()) -> Kind | None:
    """Return what the folder is; None when it holds nothing of any kind.

    Args:
        tree: the folder.
        files: those that may be released.
        front_matter: the keys of the README's metadata.
    """
    files, keys = tuple(files), set(front_matter)
    if keys & {"sdk", "app_file"}:
        return Kind("space", "README.md: its metadata names an SDK")
    if keys & {"configs", "dataset_info", "task_categories", "size_categories"}:
        return Kind("dataset", "README.md: its metadata is a dataset's")
    data, app = data_files(files), app_of(tree, files)
    weights = [path for path in files if path.lower().endswith(MODEL_SUFFIXES) and not in_data_folder(path)]
    if app and (app.sdk in ("gradio", "streamlit") or not data) and not directly_in(weights, ""):
        return Kind("space", f"{app.file}: {_APP_EVIDENCE[app.sdk]}")
    if weights or keys & {"library_name", "pipeline_tag", "base_model"}:
        return Kind("model", weights[0] if weights else "README.md: its metadata is a model's")
    return Kind("dataset", data[0]) if data else None


def app_of(tree: Tree, files: Iterable[str]) -> App | None:
    """Return the app that a folder is, if it is one."""
    top = directly_in(files, "")
    scripts = [*(name for name in _APP_NAMES if name in tree), *(name for name in top if name.endswith(".py"))]
    if "Dockerfile" in top:
        return App("docker", "Dockerfile")
    for script in scripts:
        if found := _UI.search(tree.text(script)):
            return App(found[1], script)
    return App("static", "index.html") if "index.html" in top else None


def data_files(files: Iterable[str]) -> list[str]:
    """Return the files that hold rows of data: tables, and images or sounds where there are several."""
    files = tuple(files)
    tables = [path for path in files if path.lower().endswith((*TABLES, *_ARCHIVES)) or is_split(path)]
    media = [path for path in files if path.lower().endswith(MEDIA) and folder_of(path)]
    return sorted([*tables, *(media if len(media) >= _FEWEST_MEDIA else ())])


def is_split(path: str) -> bool:
    """Whether a text or JSON file is named for a split of a dataset, which makes data of it."""
    return _SPLIT.fullmatch(name_of(path).lower()) is not None


def in_data_folder(path: str) -> bool:
    """Whether a file lies in a folder that is named for what a model learns from."""
    return any(_DATA_FOLDERS.fullmatch(segment.lower()) for segment in folder_of(path).split("/"))


_APP_EVIDENCE: Final = {
    "gradio": "imports gradio",
    "streamlit": "imports streamlit",
    "docker": "builds a container",
    "static": "is a page",
}
