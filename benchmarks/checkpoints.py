"""Convert a PyTorch checkpoint to safetensors: hublish beside `cp` and beside torch.load with save_file.

    python benchmarks/checkpoints.py [GIGABYTES] [ROUNDS]

All three read the same file, each in its own process, in alternation. Compare the ratio of the medians, and the peak
memory of each process. The script needs torch: `make bench-checkpoints` installs it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

MAKE = """
import sys, torch
path, gigabytes = sys.argv[1], float(sys.argv[2])
count = max(1, round(gigabytes * 1e9 / (1 << 26)))
torch.save({f"layer.{index}.weight": torch.randn(1 << 12, 1 << 12) for index in range(count)}, path)
"""

MEASURED = """
import os, re, sys, time
from pathlib import Path
source, target = Path(sys.argv[1]), Path(sys.argv[2])
{setup}
started = time.perf_counter()
{work}
for path in target.iterdir():
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
seconds = time.perf_counter() - started
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(seconds, int(peak[1]) / 1024)
"""

CONTENDERS = {
    "cp": ("import shutil", "shutil.copyfile(source, target / 'copy')"),
    "hublish": (
        (
            "from hublish.base.progress import SILENT\n"
            "from hublish.formats.safetensors import Safetensors, SafetensorsOptions"
        ),
        "Safetensors().dump(source, 'model.safetensors', target, SafetensorsOptions(), SILENT)",
    ),
    "torch.load + save_file": (
        "import torch\nfrom safetensors.torch import save_file",
        "save_file(torch.load(source, weights_only=True), target / 'model.safetensors')",
    ),
}


def main(gigabytes: float = 4, rounds: int = 3) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "checkpoint.pt"
        subprocess.run([sys.executable, "-c", MAKE, source, str(gigabytes)], check=True)
        runs: dict[str, list[tuple[float, float]]] = {contender: [] for contender in CONTENDERS}
        for _ in range(rounds):
            for contender in CONTENDERS:
                runs[contender].append(measured(contender, source))
    beside = median(seconds for seconds, _ in runs["cp"])
    print(f"{gigabytes:g} GB, medians of {rounds}\n{'':24}{'seconds':>10}{'of cp':>8}{'peak MB':>10}")
    for contender, found in runs.items():
        seconds, peak = (median(column) for column in zip(*found, strict=True))
        print(f"{contender:24}{seconds:10.2f}{seconds / beside:8.2f}{peak:10.0f}")


def measured(contender: str, source: Path) -> tuple[float, float]:
    """Run one contender in a process of its own; return seconds and peak memory in MB."""
    setup, work = CONTENDERS[contender]
    script = MEASURED.format(setup=setup, work=work)
    with tempfile.TemporaryDirectory(dir=source.parent) as target:
        ran = subprocess.run([sys.executable, "-c", script, source, target], check=True, capture_output=True, text=True)
    seconds, peak = map(float, ran.stdout.split())
    return seconds, peak


if __name__ == "__main__":
    main(*(kind(value) for kind, value in zip((float, int), sys.argv[1:], strict=False)))
