"""Read folders and published repos with the software of their users, in a process of its own.

python -m tests.frameworks.reading rows wanted.json found.json

Every library reads HF_ENDPOINT when it is imported. One process reads all repos, since an import takes seconds.
"""

import contextlib
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hublish.hub.server import EmbeddedHub

ROOT = Path(__file__).parents[2]


def read(reader: str, wanted: Mapping[str, str], hub: EmbeddedHub, folder: Path) -> dict[str, Any]:
    """Return what users find: for each title the answers from a folder or repo, or the error as a string."""
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token, "HF_HOME": str(folder / "hf")}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "KERAS_BACKEND": "torch"}
    (folder / "wanted.json").write_text(json.dumps(wanted))
    command = [sys.executable, "-m", "tests.frameworks.reading", reader, "wanted.json", "found.json"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads((folder / "found.json").read_text())
    return found


def rows(_title: str, repo_id: str) -> dict[str, Any]:
    """Return the rows of every split of every config of a dataset."""
    import datasets

    found: dict[str, Any] = {}
    for config in datasets.get_dataset_config_names(repo_id):
        builder = datasets.load_dataset_builder(repo_id, config)
        if "audiofolder" in type(builder).__module__:  # its rows need a decoder, which needs FFmpeg
            urls = builder.config.data_files.items()
            found[config] = {str(split): [{"file": Path(url).name} for url in files] for split, files in urls}
            continue
        for split, data in datasets.load_dataset(repo_id, config).items():
            found.setdefault(config, {})[str(split)] = list(_plain_rows(data))
    return found


def _plain_rows(data: Any) -> Iterator[dict[str, Any]]:
    """Yield rows with labels by name, and with pictures by the names of their files: none is decoded."""
    import datasets

    names = {key: feature.names for key, feature in data.features.items() if isinstance(feature, datasets.ClassLabel)}
    media = [key for key, feature in data.features.items() if isinstance(feature, datasets.Image)]
    for key in media:
        data = data.cast_column(key, datasets.Image(decode=False))
    for row in data:
        labels = {key: known[row[key]] for key, known in names.items() if row[key] is not None}
        files = {key: Path(row[key]["path"]).name for key in media}
        # WebDataset names the archive by its path in the cache.
        yield {key: value for key, value in {**row, **labels, **files}.items() if key != "__url__"}


def saved(title: str, folder: str) -> Any:
    """Save a tiny model in a folder, and return its answers."""
    from tests.frameworks.model_folders import MODELS

    Path(folder).mkdir()
    MODELS[title].save(Path(folder))
    return MODELS[title].ask(folder)


def answers(title: str, repo_id: str) -> Any:
    """Return the answers of a published model."""
    from tests.frameworks.model_folders import MODELS

    return MODELS[title].ask(repo_id)


def space(_title: str, repo_id: str) -> dict[str, Any]:
    """Return the metadata of a published Space, the values that gradio would write into it, and its app's answer."""
    from huggingface_hub import RepoCard, snapshot_download

    folder = snapshot_download(repo_id, repo_type="space", local_dir=repo_id)
    card = RepoCard.load(Path(folder, "README.md"))
    card.validate(repo_type="space")
    found: dict[str, Any] = {"metadata": card.data.to_dict()}
    if found["metadata"]["sdk"] == "gradio":
        with contextlib.chdir(folder):
            app = found["metadata"]["app_file"]
            found |= {"by_gradio": _configuration_by_gradio(folder), "answer": _answer_of_app(app)}
    return found


def _configuration_by_gradio(folder: str) -> dict[str, Any]:
    """Return the configuration that `gradio deploy` writes, when every question is answered with Enter."""
    import builtins
    from unittest.mock import patch

    from gradio.cli.commands import deploy_space

    readme = patch.multiple(deploy_space, repo_directory=folder, readme_file=str(Path(folder, "README.md")))
    with readme, patch.object(builtins, "input", lambda _question: ""):
        written: dict[str, Any] = deploy_space.add_configuration_to_readme(None, None)
    return {key: written[key] for key in ("sdk", "sdk_version", "app_file")}


def _answer_of_app(app_file: str) -> Any:
    """Run an app as the Space does, without its server, and call it."""
    from unittest.mock import patch

    import gradio

    sys.path.insert(0, str(Path(app_file).parent.resolve()))
    started: list[Any] = []
    with patch.object(gradio.Blocks, "launch", lambda self, *_, **__: started.append(self)):
        runpy.run_path(app_file, run_name="__main__")
    sys.path.pop(0)
    return started[0].fn("Ada")


READERS: dict[str, Callable[[str, str], Any]] = {"rows": rows, "saved": saved, "answers": answers, "space": space}


def main(reader: str, wanted: str, found: str) -> None:
    """Read each requested file, and write the results."""
    # fastai's torchvision may be for another build of torch, and transformers imports it where it is installed.
    sys.modules["torchvision"] = None  # type: ignore[assignment]
    seen: dict[str, Any] = {}
    for title, reference in json.loads(Path(wanted).read_text()).items():
        try:
            seen[title] = READERS[reader](title, reference)
        except Exception as error:
            seen[title] = f"{type(error).__name__}: {error}; {error.__cause__}"
    Path(found).write_text(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
