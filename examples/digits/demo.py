"""The tour: publish this example to a Hub on this machine, prove it, and load it back.

    python demo.py FOLDER

Works in a fresh copy of the example at FOLDER, which also holds the Hub and the download cache.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
MARK = ".tour"
RELEASE = "acme/digits-mlp v1.0.0"

TOUR = (
    ("Is the manifest sound? Everything is checked, nothing is sent.", "hublish check"),
    ("What would go up? The release is sealed and compared with the Hub.", "hublish plan --local"),
    ("Publish: one commit, verified on the Hub, then tagged and locked.", "hublish publish --local --yes"),
    ("Is the Hub's copy still the one in hub.lock?", "hublish verify --local"),
    ("Load it back in a new process and classify the test set.", f"python classify.py {RELEASE}"),
    ("Publish once more: the Hub has it all, so no commit is made.", "hublish publish --local --yes"),
)

NEXT = """
It worked. Where to look next:
  examples/digits/hub.yaml   the release, declared
  {folder}
                             the copy that was published: hub.lock, and the Hub's git repository under .hublish/hub
  hub.yaml.example           every field a manifest can have
  README.md                  publish your own model; to the real Hub, without --local
"""


def copy_example(folder: Path) -> None:
    """Begin with a fresh copy, so that the checkout stays as it is and the tour begins at the beginning."""
    if folder.exists() and not (folder / MARK).exists():
        sys.exit(f"{folder} is there already and is no earlier tour; name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "hub.lock"))
    (folder / MARK).touch()


def run(command: str, folder: Path) -> None:
    """Show a command and run it in `folder`, with the programs of this Python first and a cache of its own."""
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = os.environ | {"PATH": search, "HF_HOME": str(folder / ".hublish" / "cache")}
    subprocess.run(shlex.split(command), cwd=folder, env=environment, check=True)  # noqa: S603 - the commands above


def main(folder: Path) -> int:
    """Walk the tour; stop at the first step that fails."""
    copy_example(folder)
    for title, command in TOUR:
        print(f"\n# {title}\n$ {command}", flush=True)
        try:
            run(command, folder)
        except subprocess.CalledProcessError as failure:
            print(f"\nThe tour stopped: `{command}` failed with exit code {failure.returncode}.", file=sys.stderr)
            return 1
    print(NEXT.format(folder=folder), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
