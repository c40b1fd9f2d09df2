import re

import pytest
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.repo_ids import RepoId, path_problem

names = st.text(st.sampled_from("aZ0.-_/é\n ~"), max_size=6)


@given(names, names)
def test_names_that_the_client_refuses_are_refused(namespace: str, name: str) -> None:
    full_name = f"{namespace}/{name}"
    try:
        RepoId.parse("model", full_name)
    except ValueError:
        return
    try:
        validate_repo_id(full_name)
    except HFValidationError as error:
        pytest.fail(str(error))


@pytest.mark.parametrize("name", ["a/b", "Acme-1/digits.mlp_v2", "0/1", "a" * 96 + "/" + "b" * 96, "_a/b_"])
def test_usual_names_are_accepted(name: str) -> None:
    assert RepoId.parse("model", name).full_name == name


@pytest.mark.parametrize(
    "name", ["", "a", "a/", "/b", "../b", "a/..", "a/b/c", "a/b.git", "a/B.GIT", "-a/b", "a/b.", "a--b/c"]
)
def test_names_that_could_be_paths_or_confuse_git_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="invalid repository name"):
        RepoId.parse("model", name)


@pytest.mark.parametrize(
    ("kind", "path"), [("model", "/a/b"), ("dataset", "/datasets/a/b"), ("kernel", "/kernels/a/b")]
)
def test_only_models_omit_their_type_in_urls(kind: str, path: str) -> None:
    assert RepoId.parse(kind, "a/b").url_path == path


@given(st.text(max_size=40))
def test_accepted_paths_stay_inside_the_repository(path: str) -> None:
    if path_problem(path) is None:
        segments = path.split("/")
        assert not {"", ".", ".."} & set(segments)
        assert not re.search(r"[\0\n\r\\]", path)
        assert not any(segment.lower() == ".git" for segment in segments)


@pytest.mark.parametrize(
    "path", ["a", "a/b.txt", ".gitattributes", ".github/x", "é/日本.bin", "a b", "...", "-x", "x.git/y"]
)
def test_usual_paths_are_accepted(path: str) -> None:
    assert path_problem(path) is None
