"""Faults to plant in a release between two versions: each is one that a reviewer must not overlook."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from huggingface_hub import HfApi
from safetensors.numpy import save

import hublish

# Not a real one, and written in parts: a search for secrets in this repository finds nothing.
TOKEN = "hf_" + "qWxZkPvRtYmNsLdHgBfJcTnKpVyRwQzXmA"
WEIGHTS = {"layer.weight": np.ones((4, 4), np.float32), "layer.bias": np.ones(4, np.float32)}
CARD = """---
license: mit
base_model: acme/base
---

# Digits

Reads digits.
"""
SOURCES = ("README.md", "model.safetensors", "config.json", "vocab.txt", "LICENSE", "data/*.csv")


@dataclass
class Project:
    """A published release, of which the next version is reviewed."""

    folder: Path
    api: HfApi
    repo_id: str
    endpoint: str
    token: str

    def manifest(self, **sections: Any) -> None:
        """Write hub.yaml; a section replaces fields of ours."""
        known: dict[str, Any] = {
            "repo": {"repo_id": self.repo_id, "visibility": "private", "gated": "manual", "tag": "v{{ version }}"},
            "variables": {"version": "1.0.0"},
            "artifacts": [{"source": source} for source in SOURCES],
            "patterns": {"delete_patterns": []},
            "policy": {"deny_patterns": ["*.bak"], "max_file_size": "1GB"},
        }
        for name, section in sections.items():
            known[name] = section if isinstance(section, list) else {**known[name], **section}
        (self.folder / "hub.yaml").write_text(yaml.safe_dump(known, sort_keys=False))

    def next(self, **sections: Any) -> None:
        """Declare the next version."""
        self.manifest(**{"variables": {"version": "1.1.0"}, **sections})

    def write(self, name: str, data: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    def upload(self, name: str, data: str) -> None:
        """Write a file on the Hub, as another person does."""
        self.api.upload_file(path_or_fileobj=data.encode(), path_in_repo=name, repo_id=self.repo_id)

    def options(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint, "token": self.token}

    def publish(self) -> None:
        """Write and publish the first version, which has nothing to point out."""
        self.write("README.md", CARD)
        self.write("model.safetensors", save(WEIGHTS))
        self.write("config.json", json.dumps({"layers": 1}))
        self.write("vocab.txt", "a\nb\n")
        self.write("LICENSE", "MIT\n")
        for number in range(20):
            self.write(f"data/{number}.csv", f"a,b\n1,{number}\n")
        self.manifest()
        hublish.publish(self.folder / "hub.yaml", **self.options())


def without(*sources: str) -> list[dict[str, str]]:
    return [{"source": source} for source in SOURCES if source not in sources]


def also(*sources: str) -> list[dict[str, str]]:
    return [{"source": source} for source in (*SOURCES, *sources)]


def visibility(project: Project) -> None:
    project.next(repo={"visibility": "public"})


def gating(project: Project) -> None:
    project.next(repo={"gated": False})


def deleted(project: Project) -> None:
    project.next(artifacts=without("vocab.txt"), patterns={"delete_patterns": ["vocab.txt"]})


def left(project: Project) -> None:
    project.next(artifacts=without("vocab.txt"))


def no_license_file(project: Project) -> None:
    project.next(artifacts=without("LICENSE"), patterns={"delete_patterns": ["LICENSE"]})


def many_deletions(project: Project) -> None:
    project.next(artifacts=without("data/*.csv"), patterns={"delete_patterns": ["*.csv"]})


def grown(project: Project) -> None:
    project.write("vocab.txt", "word\n" * 4_000_000)
    project.next()


def emptied(project: Project) -> None:
    project.write("model.safetensors", save({}))
    project.next()


def license_changed(project: Project) -> None:
    project.write("README.md", CARD.replace("mit", "cc-by-nc-4.0"))
    project.next()


def base_model_changed(project: Project) -> None:
    project.write("README.md", CARD.replace("acme/base", "evil/base"))
    project.next()


def pickle_allowed(project: Project) -> None:
    project.next(policy={"pickle": "allow"})


def pickle_warned(project: Project) -> None:
    project.write("old.pkl", b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02ls\x85R.")
    project.next(artifacts=also("old.pkl"), policy={"pickle": "warn"})


def secrets_allowed(project: Project) -> None:
    project.next(policy={"secrets": "warn"})


def secret_waived(project: Project) -> None:
    project.write("sample.env", f"HF_TOKEN={TOKEN}\n")
    waiver = {"rule": "policy.secret", "path_in_repo": "sample.env", "reason": "it was revoked"}
    project.next(artifacts=also("sample.env"), policy={"waivers": [waiver]})


def deny_dropped(project: Project) -> None:
    project.next(policy={"deny_patterns": []})


def limit_raised(project: Project) -> None:
    project.next(policy={"max_file_size": "40GB"})


def dtype_changed(project: Project) -> None:
    project.write("model.safetensors", save({name: value.astype(np.float16) for name, value in WEIGHTS.items()}))
    project.next()


def tensor_removed(project: Project) -> None:
    project.write("model.safetensors", save({"layer.weight": WEIGHTS["layer.weight"]}))
    project.next()


def card_text_removed(project: Project) -> None:
    project.upload("README.md", f"{CARD}\n## Limits\n\nIt confuses 3 and 8.\n")
    project.write("README.md", CARD.replace("Reads", "Read"))
    project.next()


def edited_on_the_hub(project: Project) -> None:
    project.upload("config.json", json.dumps({"layers": 2}))
    project.next()


def moved_head(project: Project) -> None:
    project.upload("notes.txt", "of another person\n")
    project.write("vocab.txt", "a\nb\nc\n")
    project.next()


def dropped(project: Project) -> None:
    project.upload(".gitignore", "*.txt\n")
    project.write("vocab.txt", "a\nb\nc\n")
    project.next()


def script(project: Project) -> None:
    project.write("setup.sh", "echo\n")
    project.next(artifacts=also("setup.sh"))


def auto_map(project: Project) -> None:
    project.write("config.json", json.dumps({"layers": 1, "auto_map": {"AutoModel": "evil/code--model.M"}}))
    project.next()


def other_repo(project: Project) -> None:
    project.next(repo={"repo_id": f"{project.repo_id}-2"})


def tag_taken(project: Project) -> None:
    project.write("vocab.txt", "a\nb\nc\n")
    project.manifest()


def lower_tag(project: Project) -> None:
    project.write("vocab.txt", "a\nb\nc\n")
    project.next(variables={"version": "0.9.0"})


def pull_request(project: Project) -> None:
    project.write("vocab.txt", "a\nb\nc\n")
    project.next(repo={"create_pr": True, "tag": None})


def other_branch(project: Project) -> None:
    project.next(repo={"revision": "dev"})


def dirty(project: Project) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        subprocess.run(["git", *identity, *arguments], cwd=project.folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", "vocab.txt")
    git("commit", "-qm", "x")
    project.write("vocab.txt", "a\nb\nc\n")
    project.next(repo={"commit_message": "Release of {{ git.commit }}, dirty: {{ git.dirty }}"})


# The text of the page above the fold that names each fault.
FAULTS: dict[Callable[[Project], None], str] = {
    visibility: "visibility changes from private to public: everyone can read it",
    gating: "gated changes from manual to false: more people can read it",
    deleted: "'vocab.txt' is deleted",
    left: "'vocab.txt': of the last release",
    no_license_file: "'LICENSE' is deleted",
    many_deletions: "20 of .* remote files are deleted",
    grown: "'vocab.txt' grows from 4 B to 20.0 MB",
    emptied: "'model.safetensors' has .* bytes: it contains no weights",
    license_changed: "license in README.md changes from 'mit' to 'cc-by-nc-4.0'",
    base_model_changed: "base_model in README.md changes from 'acme/base' to 'evil/base'",
    pickle_allowed: "policy.pickle changes from forbid to allow",
    pickle_warned: "policy.pickle in 'old.pkl'",
    secrets_allowed: "policy.secrets changes from forbid to warn",
    secret_waived: "policy.secret is waived in 'sample.env': it was revoked",
    deny_dropped: "policy.deny_patterns no longer has '\\*.bak'",
    limit_raised: "policy.max_file_size changes from 1.0 GB to 40.0 GB",
    dtype_changed: "F32 .* F16",
    tensor_removed: "layer.bias",
    card_text_removed: "It confuses 3 and 8|README.md' was changed on the Hub",
    edited_on_the_hub: "'config.json' was changed on the Hub since the last release",
    moved_head: "main moved since the last release",
    dropped: "'vocab.txt': dropped by a .gitignore",
    script: "'setup.sh': new code",
    auto_map: "auto_map in 'config.json' changes",
    other_repo: "this one goes to the model .*-2",
    tag_taken: "Cannot be published",
    lower_tag: "its tag v0.9.0 is lower than v1.0.0",
    pull_request: "this one is proposed as a pull request",
    other_branch: "this one goes to dev",
    dirty: "the working tree has changes that are not committed",
}
