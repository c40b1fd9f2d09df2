"""Read published repos with the software of their users, in a process of its own.

python -m tests.frameworks.reading datasets wanted.json found.json

Every library reads HF_ENDPOINT when it is imported. One process reads all repos, since an import takes seconds.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def rows_of(repo_id: str) -> dict[str, Any]:
    """Return the rows of every split of every config."""
    import datasets

    found: dict[str, Any] = {}
    for config in datasets.get_dataset_config_names(repo_id):
        builder = datasets.load_dataset_builder(repo_id, config)
        if "audiofolder" in type(builder).__module__:  # its rows need a decoder, which needs FFmpeg
            files = {
                split: [{"file": Path(url).name} for url in urls] for split, urls in builder.config.data_files.items()
            }
            found[config] = {str(split): rows for split, rows in files.items()}
            continue
        for split, data in datasets.load_dataset(repo_id, config).items():
            found.setdefault(config, {})[str(split)] = list(_plain_rows(data))
    return found


def _plain_rows(data: Any) -> Iterator[dict[str, Any]]:
    """Yield rows with labels by name, and with pictures and sounds as the names of their files: none is decoded."""
    import datasets

    names = {key: feature.names for key, feature in data.features.items() if isinstance(feature, datasets.ClassLabel)}
    media = [key for key, feature in data.features.items() if isinstance(feature, datasets.Image | datasets.Audio)]
    for key in media:
        data = data.cast_column(key, type(data.features[key])(decode=False))
    for row in data:
        labels = {key: known[row[key]] for key, known in names.items()}
        files = {key: Path(row[key]["path"]).name for key in media}
        # WebDataset names the archive by its path in the cache.
        yield {key: value for key, value in {**row, **labels, **files}.items() if key != "__url__"}


READERS: dict[str, Callable[[str], Any]] = {"datasets": rows_of}


def main(reader: str, wanted: str, found: str) -> None:
    """Read each repo, and write what was found in it, or the error as a string."""
    read: dict[str, Any] = {}
    for repo_id in json.loads(Path(wanted).read_text()):
        try:
            read[repo_id] = READERS[reader](repo_id)
        except Exception as error:
            read[repo_id] = f"{type(error).__name__}: {error}; {error.__cause__}"
    Path(found).write_text(json.dumps(read, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
