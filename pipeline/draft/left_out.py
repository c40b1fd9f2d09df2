"""What is never released: what training, tools and secrets leave in a folder, each with the reason."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hublish.audit.denied import default_denied
from hublish.schemas.documents.names import local_problems, path_problems
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.secrets.unsafe_characters import text_problem


@dataclass(frozen=True)
class _Rules:
    """Patterns on names with what each means."""

    rules: tuple[tuple[str, str], ...]

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """All patterns as one, a group each: there may be very many names."""
        return re.compile("|".join(f"({pattern})" for pattern, _ in self.rules), re.IGNORECASE)

    def reason(self, name: str) -> str:
        """Return what the first pattern that fits means; empty when none does."""
        found = self.expression.fullmatch(name)
        return self.rules[found.lastindex - 1][1] if found and found.lastindex else ""


_FOLDERS: Final = _Rules(
    (
        (r"checkpoint-\d+|global_step\d+", "a checkpoint to resume training from"),
        (r"wandb|mlruns|mlflow|lightning_logs|tb_logs|tensorboard|\.aim|\.neptune", "logs of an experiment tracker"),
        (r"\.ipynb_checkpoints", "copies that Jupyter keeps"),
        (
            r"__pycache__|\.(?:pytest|mypy|ruff)_cache|\.hypothesis|\.tox|\.nox|\.eggs|.*\.egg-info",
            "made by Python's tools",
        ),
        (r"\.venv|venv|virtualenv|\.conda|\.pixi", "a Python environment"),
        (r"node_modules|bower_components", "packages that npm installs"),
        (r"\.idea|\.vscode|\.vs|\.github|\.gitlab|\.circleci", "settings of an editor or of CI"),
        (r"\.cache", "a cache, which the Hub reserves"),
        (r"\.dvc|\.terraform|\.Trash.*", "a tool's own state"),
        (r"logs?", "logs"),
    )
)
_FILES: Final = _Rules(
    (
        (r"hub\.yaml|hub\.lock|hub\.schema\.json", "hublish's own"),
        (
            r"(?:optimizer|scheduler|scaler|lr_scheduler|optim)(?:_\w+)?\.(?:pt|pth|bin)",
            "state to resume training from",
        ),
        (r"rng_state(?:_\d+)?\.pth|random_states_\d+\.pkl|trainer_state\.json|latest", "state to resume training from"),
        (r"training_args\.bin", "the trainer's arguments, as a pickle"),
        (r"(?:all|train)_results\.json", "the trainer's log of one run"),
        (r"events\.out\.tfevents\..*", "TensorBoard's log"),
        (r".*\.log|nohup\.out|.*\.(?:out|err)\.\d+", "a log"),
        (r".*\.(?:tmp|swp|swo|bak|orig|part|incomplete)|.*~|\.~.*|\..*\.[a-z0-9_]{8}\.tmp", "a temporary file"),
        (r".*\.py[co]", "made by Python's tools"),
        (r"\.gitignore", "git's; on the Hub it would make other files vanish"),
        (r"\.gitattributes|\.gitmodules|\.gitkeep|\.keep", "git's"),
        (r"\.pre-commit-config\.ya?ml|\.editorconfig|\.python-version|\.tool-versions", "settings of a tool"),
    )
)
_CURATED: Final = _Rules(
    (
        (r"hub\.yaml|hub\.lock", "hublish's own: the new manifest takes its place"),
        (r"\.gitattributes", "the Hub keeps its own"),
    )
)


def folder_reason(path: str) -> str:
    """Return why a folder is not looked into; empty when it is."""
    return _FOLDERS.reason(path.rpartition("/")[2])


def file_reason(path: str, *, curated: bool = False) -> str:
    """Return why a file never goes up; empty when it may.

    Args:
        path: below the root of the tree.
        curated: whether it lies in a repo on a Hub, where somebody released it already.
    """
    if holds_token(path):
        return "its name holds what looks like a token"
    if denied := default_denied(path):
        return f"never released ({denied})"
    if problems := (*path_problems(path), *local_problems(path)):
        return problems[0]
    if unfit := text_problem(path):
        return f"its name: {unfit[1]}"
    return (_CURATED if curated else _FILES).reason(path.rpartition("/")[2])
