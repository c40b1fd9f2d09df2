"""The engine runs stages in order and reports each; mypy rejects a wrong order."""

import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hublish.base.progress import Task
from hublish.pipeline.engine import Pipeline


@dataclass(frozen=True)
class Parse:
    title: str = "parsing"

    def run(self, value: str) -> int:
        return int(value)


@dataclass(frozen=True)
class Double:
    title: str = "doubling"

    def run(self, value: int) -> int:
        return 2 * value


@dataclass(frozen=True)
class Show:
    title: str = "showing"

    def run(self, value: int) -> str:
        return f"<{value}>"


@dataclass
class Witness:
    seen: list[str] = field(default_factory=list)
    visible: bool = True

    def begin(self, title: str) -> None:
        self.seen.append(f"begin {title}")

    def end(self, title: str, seconds: float) -> None:
        assert seconds >= 0
        self.seen.append(f"end {title}")

    def task(self, label: str, total: int, unit: str = "B") -> AbstractContextManager[Task]:
        raise AssertionError


def test_stages_run_in_the_order_they_are_written() -> None:
    assert Pipeline.of(Parse()).then(Double()).then(Show()).run("21") == "<42>"


def test_every_stage_is_announced_when_it_begins_and_when_it_ends() -> None:
    witness = Witness()
    Pipeline.of(Parse()).then(Show()).run("1", witness)
    assert witness.seen == ["begin parsing", "end parsing", "begin showing", "end showing"]


def test_an_error_passes_through_as_it_is_and_ends_the_run() -> None:
    witness = Witness()
    with pytest.raises(ValueError, match="invalid literal"):
        Pipeline.of(Parse()).then(Show()).run("x", witness)
    assert witness.seen == ["begin parsing"]


WRONG_ORDERS = {
    "upload before compare": "Pipeline.of(Collect()).then(Upload(hub))",
    "seal before serialize": "Pipeline.of(Collect()).then(Seal())",
    "verify before upload": "Pipeline.of(Compare(hub, target, head)).then(Verify(hub))",
    "restore before check and fetch": "Pipeline.of(Resolve(hub, destination)).then(Restore())",
}

PRELUDE = """
from pathlib import Path
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.engine import Pipeline
from hublish.hub.client.hub import Hub
from hublish.pipeline.collect.collect import Collect
from hublish.pipeline.compare.compare import Compare
from hublish.pipeline.fetch.resolve import Resolve
from hublish.pipeline.restore.restore import Restore
from hublish.pipeline.seal.seal import Seal
from hublish.pipeline.serialize.serialize import Serialize
from hublish.pipeline.upload.upload import Upload
from hublish.pipeline.verify.verify import Verify
from hublish.base.values import Head, Target

hub = Hub("http://127.0.0.1:1")
target = Target("acme/x")
head = Head(repo_exists=False, commit=None)
destination = Destination()
right = Pipeline.of(Collect()).then(Serialize(Path()))
"""


# What no stage shows in its type need not be read: it takes four times as long.
CONFIGURATION = """
[mypy]
[mypy-huggingface_hub.*,httpx2.*,pydantic.*,numpy.*,ml_dtypes.*,jinja2.*,yaml.*,dulwich.*,uvicorn.*,tqdm.*]
follow_imports = skip
[mypy-hublish.api,hublish.api.mixin,hublish.formats.*,hublish.hub.server.*]
follow_imports = skip
"""


def test_a_wrong_order_of_stages_is_a_mypy_error(tmp_path: Path) -> None:
    script, configuration = tmp_path / "orders.py", tmp_path / "mypy.ini"
    configuration.write_text(CONFIGURATION)
    script.write_text(PRELUDE + "\n".join(WRONG_ORDERS.values()) + "\n")
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", configuration, "--cache-dir", tmp_path / "cache", script],
        cwd=root,
        capture_output=True,
        text=True,
    )
    flagged = {int(line.split(":")[1]) for line in ran.stdout.splitlines() if "[arg-type]" in line}
    first = PRELUDE.count("\n") + 1
    assert flagged == set(range(first, first + len(WRONG_ORDERS))), ran.stdout
