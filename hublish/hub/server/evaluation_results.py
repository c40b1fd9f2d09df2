"""Results of evaluations in the files `.eval_results/*.yaml` of a model, from which datasets make leaderboards."""

import math
from collections.abc import Iterator
from typing import Any

from hublish.hub.server.card_checks import FrontMatterError, read_yaml
from hublish.hub.server.snapshots import Snapshot

FOLDER = ".eval_results"

# Files of one model, bytes of all of them, and results in one. Anybody may upload them, and parsing YAML is slow.
MAX_FILES = 50
MAX_BYTES = 64 << 10
MAX_RESULTS = 100


def results_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return all results with the names of their files; of a file that cannot be read, the reason."""
    folder = snapshot.find(FOLDER)
    if folder is None or not folder.is_folder:
        return []
    names = [name for name, entry in snapshot.load(folder.sha).items() if not entry.is_folder]
    paths = [f"{FOLDER}/{name}" for name in names if name.endswith((".yaml", ".yml"))]
    found: list[dict[str, Any]] = []
    budget = MAX_BYTES
    for path in paths[:MAX_FILES]:
        content = snapshot.read(path, budget)
        if content is None:
            found.append({"filename": path, "error": "the file is too large"})
        else:
            budget -= len(content)
            found += _results(path, content)
    return found


def _results(path: str, content: bytes) -> Iterator[dict[str, Any]]:
    try:
        entries = read_yaml(content.decode("utf-8", "replace"))
    except FrontMatterError as error:
        yield {"filename": path, "error": str(error)}
        return
    for entry in entries[:MAX_RESULTS] if isinstance(entries, list) else [entries]:
        if _is_result(entry):
            yield {"filename": path, "data": entry}
        else:
            yield {"filename": path, "error": "a result needs a dataset with id and task_id, and a number as its value"}


def _is_result(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(dataset := entry.get("dataset"), dict):
        return False
    value, source = entry.get("value"), entry.get("source", {})
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return (
        is_number and isinstance(source, dict) and all(isinstance(dataset.get(key), str) for key in ("id", "task_id"))
    )
