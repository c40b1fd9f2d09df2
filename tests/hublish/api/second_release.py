"""A released model on an embedded Hub, whose next release is planned."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub import HfApi
from safetensors.numpy import save_file

import hublish
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.compare.surprises import surprises
from hublish.pipeline.lock.records import changed_document, plan_document

LIMITS = "Do not use it to read amounts of money: it takes a seven for a one more often than people do."
CARD = {"metadata": {"license": "mit", "base_model": "acme/base"}, "variables": {"limitations": LIMITS}}


class Releases:
    """A released model, whose next release is planned."""

    def __init__(self, server: EmbeddedHub, folder: Path) -> None:
        self.api = HfApi(endpoint=server.endpoint, token=server.token)
        self.options: dict[str, Any] = {"endpoint": server.endpoint, "token": server.token}
        self.folder = folder
        self.data: dict[str, Any] = {
            "repo": {"repo_id": f"acme/{folder.name}", "tag": "v1.0.0", "visibility": "private", "gated": "manual"},
            "artifacts": [{"source": "files/**"}],
            "card": json.loads(json.dumps(CARD)),
        }
        (folder / "files").mkdir()
        self.weights(1.0)
        self.write("config.json", '{"hidden_size": 2}\n')
        self.write("notes.json", "{}\n")
        hublish.publish(self.manifest(), **self.options)
        # An ordinary next release: other weights, another number in a configuration.
        self.data["repo"]["tag"] = "v1.1.0"
        self.weights(2.0)
        self.write("config.json", '{"hidden_size": 3}\n')

    def weights(self, value: float, dtype: Any = np.float32, **more: Any) -> None:
        save_file({"w": np.full((20, 3), value, dtype), **more}, self.folder / "files" / "model.safetensors")

    def write(self, name: str, text: str) -> None:
        (self.folder / "files" / name).write_text(text)

    def manifest(self) -> Path:
        path = self.folder / "hub.yaml"
        path.write_text(json.dumps(self.data))
        return path

    def edit(self, name: str, text: str) -> None:
        """Change a file on the Hub, as people do in a browser."""
        self.api.upload_file(path_or_fileobj=text.encode(), path_in_repo=name, repo_id=self.data["repo"]["repo_id"])

    @property
    def found(self) -> set[str]:
        plan, diffs = hublish.plan_with_diffs(self.manifest(), **self.options)
        short, whole = changed_document(plan), plan_document(plan)
        # The view leaves out the files that stay as they are, and the saved plan has them all.
        assert surprises(short, diffs) == surprises(whole, diffs)
        return {surprise.code.removeprefix("surprise.") for surprise in surprises(whole, diffs)}
