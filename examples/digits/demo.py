"""The tour: publish this example to a Hub on this machine, verify it, and load it back.

    python demo.py FOLDER

It works in a fresh copy of the example at FOLDER, which also contains the Hub and the download cache.
"""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
MARK = ".tour"
REPO = "acme/digits-mlp"


@dataclass(frozen=True)
class Stop:
    """One stop of the tour."""

    title: str
    command: str
    # Show the stages as they run.
    stages: bool = False


TOUR = (
    Stop("Is the manifest valid? Everything is checked, nothing is sent.", "hublish check"),
    Stop("What would be uploaded? The release is sealed and compared with the Hub.", "hublish plan --local"),
    Stop("Publish: one commit, verified, then tagged and locked.", "hublish publish --local --yes", stages=True),
    Stop("Does the Hub still hold the release in hub.lock?", "hublish verify --local"),
    Stop("Load it back in a new process and classify the test set.", f"python classify.py {REPO} v1.0.0"),
    Stop(
        "Publish once more: the Hub holds the release already, so no commit is made.", "hublish publish --local --yes"
    ),
)

NEXT = """
It worked. Where to look next:

  examples/digits/hub.yaml  the release, declared
  hub.yaml.example          every field of a manifest
  README.md                 publish your own; without --local it goes to the Hugging Face Hub

The results are in {folder}: hub.lock, and a Hub with real git repositories:

  git -C {folder}/.hublish/hub/repos/models/{repo}.git log --stat

Its pages show the card, the files and the history. Serve them, and open the address in a browser:

  {serve}
  http://127.0.0.1:{port}/{repo}
"""
PORT = 8080


def copy_example(folder: Path) -> None:
    """Make a fresh copy, so that the checkout stays unchanged and no earlier tour has an effect."""
    if folder.exists() and not (folder / MARK).exists():
        sys.exit(f"{folder} exists and is not an earlier tour; name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "hub.lock"))
    (folder / MARK).touch()


def run(stop: Stop, folder: Path) -> bool:
    """Print a command and run it in `folder`, with this Python's programs first on the path and its own cache."""
    print(f"\n# {stop.title}\n$ {stop.command}", flush=True)
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    settings = {"PATH": search, "HF_HOME": str(folder / ".hublish" / "cache"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(  # noqa: S603 - the commands above
        shlex.split(stop.command),
        cwd=folder,
        env=os.environ | settings,
        stderr=None if stop.stages else subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        errors = (done.stderr or b"").decode()
        print(f"{errors}\nThe tour stopped here, with exit code {done.returncode}.", file=sys.stderr)
    return done.returncode == 0


def main(folder: Path) -> int:
    """Run the tour; stop when a command fails."""
    copy_example(folder)
    if not all(run(stop, folder) for stop in TOUR):
        return 1
    print(NEXT.format(folder=os.path.relpath(folder), repo=REPO, serve=serve_command(folder), port=PORT), end="")
    return 0


def serve_command(folder: Path) -> str:
    """Return the command that serves the Hub of the tour, as it can be typed in the current folder."""
    program = Path(sys.executable).parent / "hublish"
    found = shutil.which("hublish")
    name = "hublish" if found and program.samefile(found) else os.path.relpath(program)
    hub = os.path.relpath(folder / ".hublish" / "hub")
    return shlex.join([name, "hub", "serve", "--root", hub, "--port", str(PORT)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
