"""Push datasets as their authors do, and load them as their users do."""

import os
from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
import pandas
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, IterableDataset, Value
from datasets.hub import delete_from_hub
from huggingface_hub import CommitOperationAdd, create_commit, create_repo, create_tag, update_repo_settings

ENDPOINT = os.environ["HF_ENDPOINT"]
# The token of another user of the Hub.
EVE = "hf_eve"
FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["bad", "good"])})


def _rows(start: int, count: int) -> list[dict[str, Any]]:
    return [{"text": f"sentence {number} ä", "label": number % 2} for number in range(start, start + count)]


def _dataset(start: int = 0, count: int = 6) -> Dataset:
    return Dataset.from_list(_rows(start, count), features=FEATURES)


def _loaded(repo_id: str, *arguments: Any, **options: Any) -> list[dict[str, Any]]:
    return list(datasets.load_dataset(repo_id, *arguments, split=options.pop("split", "train"), **options))


def one_split() -> Any:
    """A private dataset with one split, loaded as a whole, by slices, and in a stream."""
    repo_id, data = "acme/one-split", _dataset()
    commit = data.push_to_hub(repo_id, private=True, commit_message="First rows", commit_description="Six of them.")
    whole = datasets.load_dataset(repo_id)
    return {
        "pushed": [{"train": list(data)}, list(data), list(data)],
        "loaded": [
            {name: list(rows) for name, rows in whole.items()},
            _loaded(repo_id),
            list(datasets.load_dataset(repo_id, split="train", streaming=True)),
        ],
        "features": whole["train"].features == data.features,
        "sliced": len(_loaded(repo_id, split="train[:50%]")),
        "commit": [commit.oid, commit.commit_message],
    }


def splits() -> Any:
    """Several splits in one commit."""
    repo_id = "acme/splits"
    data = DatasetDict({"train": _dataset(), "validation": _dataset(6, 3), "test": _dataset(9, 2)})
    data.push_to_hub(repo_id, commit_message="All splits")
    return {
        "pushed": {name: list(rows) for name, rows in data.items()},
        "loaded": {name: list(rows) for name, rows in datasets.load_dataset(repo_id).items()},
        "names": datasets.get_dataset_split_names(repo_id),
        "sizes": {
            name: split.num_examples for name, split in datasets.load_dataset_builder(repo_id).info.splits.items()
        },
        "both": len(_loaded(repo_id, split="train+test")),
    }


def configs() -> Any:
    """Configurations in folders of their own, one of which is the default."""
    repo_id = "acme/configs"
    DatasetDict({"train": _dataset(), "test": _dataset(6, 1)}).push_to_hub(repo_id, "en", set_default=True)
    _dataset(10, 4).push_to_hub(repo_id, "de", split="train", data_dir="german/rows", set_default=True)
    return {
        "pushed": {"en": [*_rows(0, 6), *_rows(6, 1)], "de": _rows(10, 4)},
        "loaded": {"en": _loaded(repo_id, "en", split="all"), "de": _loaded(repo_id, "de")},
        "default": _loaded(repo_id) == _rows(10, 4),
        "names": sorted(datasets.get_dataset_config_names(repo_id)),
        "splits": datasets.get_dataset_split_names(repo_id, "en"),
        "infos": sorted(datasets.get_dataset_config_info(repo_id, "en").features),
    }


def appended() -> Any:
    """A second split is added by a second push, and a split is replaced by fewer files."""
    repo_id = "acme/appended"
    _dataset().push_to_hub(repo_id, num_shards=3)
    _dataset(6, 2).push_to_hub(repo_id, split="test")
    before = _loaded(repo_id)
    _dataset(20, 3).push_to_hub(repo_id, split="train", num_shards=1)
    return {
        "pushed": [_rows(0, 6), _rows(20, 3), _rows(6, 2)],
        "loaded": [before, _loaded(repo_id), _loaded(repo_id, split="test")],
    }


def shards() -> Any:
    """So many files that they are pushed in several commits; and files of limited size."""
    _dataset(0, 51).push_to_hub("acme/shards", num_shards=51)
    noise = np.random.default_rng(7).bytes(16 * 2048)
    large = Dataset.from_dict({"x": [noise[at : at + 2048].hex() for at in range(0, len(noise), 2048)]})
    large.push_to_hub("acme/sized", max_shard_size="20KB")
    return {
        "pushed": [_rows(0, 51), list(large)],
        "loaded": [_loaded("acme/shards"), _loaded("acme/sized")],
    }


def revisions() -> Any:
    """Other rows on a branch, in a pull request, and before a tag."""
    repo_id = "acme/rows"
    rows = {name: _dataset(10 * number, 2) for number, name in enumerate(("v1", "main", "draft", "refs/pr/1", "late"))}
    rows["v1"].push_to_hub(repo_id)
    create_tag(repo_id, tag="v1", repo_type="dataset")
    rows["main"].push_to_hub(repo_id)
    rows["draft"].push_to_hub(repo_id, revision="draft")
    opened = rows["refs/pr/1"].push_to_hub(repo_id, create_pr=True, commit_message="Better rows")
    found = {name: _loaded(repo_id, revision=name) for name in ("v1", "main", "draft", "refs/pr/1")}
    rows["late"].push_to_hub(repo_id, revision="refs/pr/1", commit_message="Late rows")
    return {
        "pushed": {name: list(data) for name, data in rows.items()},
        "loaded": {**found, "late": _loaded(repo_id, revision="refs/pr/1")},
        "by_commit": _loaded(repo_id, revision=opened.oid) == list(rows["refs/pr/1"]),
        "opened": [opened.pr_revision, opened.pr_num, opened.pr_url],
    }


def deleted() -> Any:
    """A configuration is deleted by a pull request."""
    repo_id = "acme/deleted"
    for number, name in enumerate(("en", "de")):
        _dataset(10 * number).push_to_hub(repo_id, name)
    opened = delete_from_hub(repo_id, "de")
    return {
        "pushed": ["en"],
        "loaded": datasets.get_dataset_config_names(repo_id, revision=opened.pr_revision),
        "main": sorted(datasets.get_dataset_config_names(repo_id)),
    }


def streamed() -> Any:
    """Rows that were never on the disk of their author."""
    data = IterableDataset.from_generator(_generate, features=FEATURES)
    data.push_to_hub("acme/streamed", num_shards=1)
    return {"pushed": _rows(0, 5), "loaded": _loaded("acme/streamed")}


def _generate() -> Any:
    yield from _rows(0, 5)


def images() -> Any:
    """Pictures in the files of a table, and pictures as files with their labels."""
    pictures = [np.full((4, 4, 3), number, dtype=np.uint8) for number in range(3)]
    features = Features({"image": Image(), "label": Value("int64")})
    Dataset.from_dict({"image": pictures, "label": [0, 1, 2]}, features=features).push_to_hub("acme/images")
    content = {f"train/{number}.png": Image().encode_example(pixels)["bytes"] for number, pixels in enumerate(pictures)}
    table = "\n".join(["file_name,label", *(f"{number}.png,{number}" for number in range(3))])
    _upload("acme/picture-files", content | {"train/metadata.csv": table.encode()})
    expected = [[pixels.tolist(), number] for number, pixels in enumerate(pictures)]
    return {
        "pushed": [expected, expected],
        "loaded": [
            [[np.array(row["image"]).tolist(), row["label"]] for row in _loaded(repo_id)]
            for repo_id in ("acme/images", "acme/picture-files")
        ],
    }


def _upload(repo_id: str, content: dict[str, bytes]) -> None:
    """Upload files by other means than the library's."""
    create_repo(repo_id, repo_type="dataset")
    added = [CommitOperationAdd(name, data) for name, data in content.items()]
    create_commit(repo_id, added, commit_message="Add files", repo_type="dataset")


def files() -> Any:
    """Files that were uploaded by other means, selected by name, by pattern, by folder and by address."""
    repo_id = "acme/plain-files"
    content = {
        "train.csv": b"text,n\na,1\nb,2\n",
        "test.csv": b"text,n\nc,3\n",
        "more/part-0.jsonl": b'{"text": "d", "n": 4}\n',
        "more/part-1.jsonl": b'{"text": "e", "n": 5}\n',
    }
    _upload(repo_id, content)
    named = datasets.load_dataset(repo_id, data_files={"train": "train.csv", "test": "test.csv"})
    a, b, c, d, e = ({"text": text, "n": number} for number, text in enumerate("abcde", 1))
    return {
        "pushed": [{"train": [a, b], "test": [c]}, [d, e], [d, e], [a, b], [a, b]],
        "loaded": [
            {name: list(rows) for name, rows in named.items()},
            _loaded(repo_id, data_files="more/*.jsonl"),
            _loaded(repo_id, data_dir="more"),
            _loaded("csv", data_files=f"hf://datasets/{repo_id}/train.csv"),
            _loaded("csv", data_files=f"hf://datasets/{repo_id}@main/train.csv", streaming=True),
        ],
    }


def addresses() -> Any:
    """Files of a private repo by their addresses, which other libraries write and read as well."""
    repo_id = "acme/addresses"
    data = Dataset.from_list([{"text": "a", "n": 1}, {"text": "b", "n": 2}])
    create_repo(repo_id, repo_type="dataset", private=True)
    data.to_parquet(f"hf://datasets/{repo_id}/by/datasets.parquet")
    data.to_pandas().to_csv(f"hf://datasets/{repo_id}/by/pandas ä.csv", index=False)
    data.save_to_disk(f"hf://datasets/{repo_id}/saved")
    rows = list(data)
    return {
        "pushed": [rows] * 4,
        "loaded": [
            list(Dataset.from_parquet(f"hf://datasets/{repo_id}/by/datasets.parquet")),
            pandas.read_csv(f"hf://datasets/{repo_id}/by/pandas ä.csv").to_dict("records"),
            list(datasets.load_from_disk(f"hf://datasets/{repo_id}/saved")),
            _loaded("parquet", data_files=f"{ENDPOINT}/datasets/{repo_id}/resolve/main/by/datasets.parquet"),
        ],
    }


def strangers() -> Any:
    """Another user may not read or write, and proposes rows."""
    data = _dataset()
    data.push_to_hub("acme/gated")
    update_repo_settings("acme/gated", gated="auto", repo_type="dataset")
    opened = _dataset(6, 1).push_to_hub("acme/streamed", split="train", token=EVE, create_pr=True)
    attempts: dict[str, Callable[[], Any]] = {
        "gated": lambda: datasets.load_dataset("acme/gated", token=EVE),
        "anonymous": lambda: datasets.load_dataset("acme/gated", token=False),
        "private": lambda: datasets.load_dataset("acme/addresses", token=EVE),
        "push": lambda: data.push_to_hub("acme/streamed", token=EVE),
    }
    found = {"opened": opened.pr_revision, "proposed": _loaded("acme/streamed", split="train", revision="refs/pr/1")}
    for name, attempt in attempts.items():
        try:
            attempt()
        except (ValueError, OSError) as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found


def missing() -> Any:
    """A repo, a revision, a configuration and a split that do not exist are named as such."""
    found = {}
    for name, arguments in {
        "repo": {"path": "acme/nowhere"},
        "revision": {"path": "acme/splits", "revision": "v9"},
        "config": {"path": "acme/configs", "name": "fr"},
        "split": {"path": "acme/splits", "split": "dev"},
    }.items():
        try:
            datasets.load_dataset(**arguments)
        except (ValueError, OSError) as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found
