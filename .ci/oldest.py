"""Print the lower end of every dependency in pyproject.toml as a pip constraint: `numpy>=1.26` gives `numpy==1.26`."""

import re
import tomllib
from itertools import chain
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
dependencies = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
# pip admits no extras in constraints.
print(*(re.sub(r"(?:\[.*\])?>=([^,]+).*", r"==\1", dependency) for dependency in dependencies), sep="\n")
