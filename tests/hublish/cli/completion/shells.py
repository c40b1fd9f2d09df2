"""Shells in a pseudo terminal, in which a test types a command line and presses Tab."""

import os
import pty
import re
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# Seconds until a shell must have answered.
DEADLINE = 20
# Runs instead of hublish, and prints the arguments as it gets them.
ECHO = """#!/bin/sh
printf 'args='
printf '<%s>' "$@"
printf '=end\\n'
"""
MARK = "ready>"
START = {
    "bash": ["bash", "--noprofile", "--norc", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
SETUP = {
    # Bracketed paste would swallow the Tab.
    "bash": f"PS1='{MARK}'; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; source {{script}}",
    "zsh": f"PS1='{MARK}'; unsetopt zle_bracketed_paste prompt_sp beep; autoload -Uz compinit; compinit -u; "
    "source {script}",
}


@dataclass
class Terminal:
    """A shell that waits for its next command."""

    descriptor: int
    process: subprocess.Popen[bytes]

    def type(self, text: str, until: str) -> str:
        """Type, and return everything that appears up to a text."""
        os.write(self.descriptor, text.encode())
        seen, end = b"", time.monotonic() + DEADLINE
        while until.encode() not in seen:
            ready, _, _ = select.select([self.descriptor], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError(seen.decode(errors="replace"))
            seen += os.read(self.descriptor, 65536)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", "", seen.decode(errors="replace"))

    def completed(self, line: str) -> list[str]:
        """Return the arguments of `hublish`, when this line is typed, completed and run."""
        # The shell reads the line break only once it has completed the word.
        shown = self.type(f"{line}\t\n", "=end")
        return re.findall(r"<(.*?)>", shown.rpartition("args=")[2])

    def close(self) -> None:
        """End the shell."""
        os.close(self.descriptor)
        self.process.kill()
        self.process.wait()


def start(shell: str, script: Path, folder: Path) -> Terminal:
    """Start a shell in a folder, with the completion script loaded."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "hublish").write_text(ECHO)
    (folder / "bin" / "hublish").chmod(0o755)
    main, side = pty.openpty()
    own = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb", "COLUMNS": "200"}
    process = subprocess.Popen(
        START[shell], stdin=side, stdout=side, stderr=side, cwd=folder, env=own, start_new_session=True
    )
    os.close(side)
    terminal = Terminal(main, process)
    terminal.type(f"{SETUP[shell].format(script=script)}; echo set''up\n", "setup")
    return terminal
