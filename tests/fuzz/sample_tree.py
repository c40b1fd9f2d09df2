"""A small tree for checking manifests, with links, pipes, odd names and other surprises of real folders."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RESULTS = b"""[{"task": {"type": "image-classification"}, "dataset": {"type": "digits", "name": "digits"},
 "metrics": [{"type": "accuracy", "value": 0.97}]}]
"""
_FILES = {
    "runs/best/config.json": b"{}",
    "runs/best/metrics.json": RESULTS,
    "runs/best/training_log.jsonl": b"{}\n{}\n",
    "runs/best/.env": b"A=1\n",
    "runs/last/config.json": b"{}",
    "metrics.json": RESULTS,
    "odd.json": b'{"results": [1]}',
    "digits_mlp.py": b"class DigitsMLP:\n    pass\n",
    "card.md.j2": b"# {{ repo.name }}\n{% for file in files %}\n- {{ file.path }}\n{% endfor %}\n{{ summary }}\n",
    "bad.md.j2": b"{{ ''.__class__ }}{% for",
    "docs/README.md": b"---\nlicense: mit\ntags: [a\n---\n",
    "data/train-00000-of-00001.parquet": b"PAR1",
    "data/[odd] name*.txt": b"x",
    "data/" + "a" * 255: b"x",
    "A.bin": b"a",
    "a.bin": b"b",
    "caf\u00e9.txt": b"x",
    "cafe\u0301.txt": b"x",
    ".git/config": b"[core]\n",
    ".cache/huggingface/x": b"x",
    ".hublish/x": b"x",
    "hub.lock": b"{}",
    "/".join("d" * 20) + "/deep.txt": b"x",
    "other/a.json": b"{}",
    "empty.bin": b"",
}
_LINKS = {
    "link": "A.bin",
    "outside": "/etc/passwd",
    "dangling": "nowhere",
    "loop": "loop",
    "folder-link": "other",
}


@dataclass(frozen=True, slots=True)
class SampleTree:
    """The folders of one process: `tree` contains the sources, `cwd` is the current folder and remains empty."""

    tree: Path
    cwd: Path
    evaluation: Path
    """A folder for the one file that is written for each input."""

    @classmethod
    def make(cls, root: Path) -> "SampleTree":
        """Create the folders in `root`."""
        sample = cls(root / "tree", root / "cwd", root / "evaluation")
        for folder in (sample.tree, sample.cwd, sample.evaluation):
            folder.mkdir(parents=True)
        for name, data in _FILES.items():
            path = sample.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name, target in _LINKS.items():
            (sample.tree / name).symlink_to(target)
        os.mkfifo(sample.tree / "pipe")
        np.savez(sample.tree / "runs/best/model.npz", weight=np.zeros(2, np.float32))
        return sample

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """Return names, sizes and times in the folders that must not change."""
        found = []
        for root in (self.tree, self.cwd):
            for folder, _, names in os.walk(root):
                for name in ("", *names):
                    status = os.lstat(os.path.join(folder, name) if name else folder)  # noqa: PTH118 - 100,000 times
                    found.append((f"{folder}/{name}", status.st_size, status.st_mtime_ns))
        return tuple(sorted(found))
