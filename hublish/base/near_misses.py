"""What a pattern that matches nothing was most likely meant to match."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

from hublish.base.globs import glob_expression
from hublish.base.values import Candidate

_MANY: Final = 2_000
"""So many names are compared, in a tenth of a second; among more than that are near misses enough."""


def near_misses(pattern: str, candidates: Sequence[Candidate]) -> str:
    """Return what to do about a pattern over paths in the repo that matches none of them."""
    by_source = next((each for each in candidates if fnmatchcase(each.source, pattern)), None)
    if by_source is not None:
        return f"patterns match path_in_repo: it is '{by_source.path_in_repo}' there, not '{by_source.source}'"
    paths = [candidate.path_in_repo for candidate in candidates[:_MANY]]
    if likely := _nearest(pattern, paths):
        return f"did you mean '{likely}'?"
    return "patterns match path_in_repo; `hublish files --excluded` lists every one"


def near_glob(glob: str, names: Sequence[str]) -> str | None:
    """Return the glob that matches some of the names and is nearly the one that matches none."""
    from difflib import get_close_matches

    names = names[:_MANY]
    folder, slash, last = glob.rpartition("/")
    stem = last.rpartition(".")[0]
    elsewhere = {f"{name.rpartition('/')[0]}/{last}" for name in names if "/" in name}
    otherwise = {f"{folder}{slash}{stem}.{name.rpartition('.')[2]}" for name in names if "." in name and stem}
    likely = get_close_matches(glob, sorted(elsewhere | otherwise), n=3, cutoff=0.7)
    expressions = ((each, glob_expression(each)) for each in likely)
    return next((each for each, expression in expressions if any(map(expression.fullmatch, names))), None)


def _nearest(pattern: str, paths: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    # `*.safetensor` is like no path, but its ending is like theirs.
    stem = pattern.rpartition(".")[0]
    endings = {f"{stem}.{path.rpartition('.')[2]}" for path in paths if "." in path} if "*" in stem else set()
    names = get_close_matches(pattern, sorted({*endings, *paths}), n=1, cutoff=0.7)
    return names[0] if names else None
