"""Values read from real repositories, in every state that users leave them in."""

import itertools
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.api.git.repository_state import Git, highest_version, without_repository_filters
from hublish.schemas.variables.lookup import NoValueError

Run = Callable[..., str]
Environ = dict[str, str]
QUESTIONS = ("commit", "short_commit", "tag", "branch", "dirty", "committed_at")


def refusal(folder: Path, environ: Environ, question: str) -> NoValueError:
    with pytest.raises(NoValueError) as caught:
        getattr(Git(folder, environ), question)()
    return caught.value


def test_the_commit_is_heads(repository: Path, environ: Environ, git: Run) -> None:
    head = git(repository, "rev-parse", "HEAD")
    asked = Git(repository, environ)
    assert (asked.commit(), asked.short_commit(), asked.branch()) == (head, head[:7], "main")


def test_a_repository_with_longer_ids_is_read_the_same_way(tmp_path: Path, environ: Environ, git: Run) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "longer")
    git(tmp_path / "longer", "commit", "--quiet", "--allow-empty", "--message", "first")
    assert len(Git(tmp_path / "longer", environ).commit()) == 64


def test_the_date_is_when_head_was_committed(repository: Path, environ: Environ) -> None:
    assert Git(repository, environ).committed_at() == 1769909400  # 2026-02-01 01:30 UTC


def test_a_folder_inside_is_in_the_repository(repository: Path, environ: Environ) -> None:
    (repository / "release" / "best").mkdir(parents=True)
    assert Git(repository / "release" / "best", environ).commit() == Git(repository, environ).commit()


def test_the_tag_is_the_one_at_head(repository: Path, environ: Environ, git: Run) -> None:
    git(repository, "tag", "v1.1.0")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "second")
    git(repository, "tag", "--annotate", "--message", "now", "models/v1.2.0")
    assert Git(repository, environ).tag() == "models/v1.2.0"


def test_of_several_tags_the_highest_version_counts(repository: Path, environ: Environ, git: Run) -> None:
    for tag in ("v1.9.0", "v1.10.0-rc.1", "v1.10.0", "latest"):
        git(repository, "tag", tag)
    assert Git(repository, environ).tag() == "v1.10.0"


def test_the_error_for_a_head_without_a_tag_names_the_commit(repository: Path, environ: Environ, git: Run) -> None:
    git(repository, "tag", "v1")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "second")
    refused = refusal(repository, environ, "tag")
    assert refused.reason == f"there is no tag at HEAD, {git(repository, 'rev-parse', 'HEAD')[:7]}"
    assert refused.hint == "`git tag v1.2.0`, or check out the tag"


def test_a_tag_that_is_not_utf_8_is_returned_as_it_is(repository: Path, environ: Environ, git: Run) -> None:
    git(repository, "tag", b"v2-\xff")
    assert Git(repository, environ).tag() == "v2-\udcff"
    git(repository, "tag", "v1")
    assert Git(repository, environ).tag() == "v1"


def test_a_detached_head_has_everything_but_a_branch(repository: Path, environ: Environ, git: Run) -> None:
    git(repository, "checkout", "--quiet", "--detach")
    assert Git(repository, environ).commit() == git(repository, "rev-parse", "HEAD")
    assert refusal(repository, environ, "branch").reason == "HEAD is detached: no branch is checked out"


def test_a_branch_is_named_whole_even_when_a_tag_has_its_name(repository: Path, environ: Environ, git: Run) -> None:
    git(repository, "checkout", "--quiet", "-b", "feature/über")
    git(repository, "tag", "feature/über")
    assert Git(repository, environ).branch() == "feature/über"


def test_a_worktree_and_a_submodule_have_their_own_values(repository: Path, environ: Environ, git: Run) -> None:
    other = repository.parent / "other"
    git(repository, "worktree", "add", "--quiet", "-b", "other", str(other))
    git(other, "commit", "--quiet", "--allow-empty", "--message", "there")
    assert Git(other, environ).branch() == "other"
    assert Git(other, environ).commit() != Git(repository, environ).commit()
    git(repository, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "inner")
    assert Git(repository / "inner", environ).commit() == Git(other, environ).commit()


def test_a_shallow_clone_knows_its_head_and_says_why_it_lacks_a_tag(
    repository: Path, environ: Environ, git: Run
) -> None:
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "second")
    shallow = repository.parent / "shallow"
    git(repository.parent, "clone", "--quiet", "--depth=1", repository.as_uri(), str(shallow))
    assert Git(shallow, environ).commit() == Git(repository, environ).commit()
    assert Git(shallow, environ).committed_at() == 1769909400
    assert "this clone is shallow" in refusal(shallow, environ, "tag").hint


@pytest.mark.parametrize("question", QUESTIONS)
def test_without_a_repository_there_are_no_values(tmp_path: Path, environ: Environ, question: str) -> None:
    refused = refusal(tmp_path, environ, question)
    assert refused.reason == "the manifest is not in a git repository"
    assert "--set" in refused.hint


@pytest.mark.parametrize("question", [each for each in QUESTIONS if each != "branch"])
def test_without_a_commit_only_the_branch_is_known(tmp_path: Path, environ: Environ, git: Run, question: str) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    assert refusal(tmp_path, environ, question).reason == "the git repository has no commit yet"
    assert Git(tmp_path, environ).branch() == "main"


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_error_for_a_repository_of_another_user_explains_how_to_trust_it(
    repository: Path, environ: Environ, question: str
) -> None:
    refused = refusal(repository, {**environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}, question)
    assert refused.reason == "git does not trust the repository: its folder belongs to another user"
    assert "safe.directory" in refused.hint


def test_configuration_in_the_environment_counts(repository: Path, environ: Environ) -> None:
    granted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "B"}
    assert Git(repository, {**environ, **granted}).commit()


def test_a_hooks_repository_is_not_the_manifests(repository: Path, environ: Environ, tmp_path: Path, git: Run) -> None:
    git(tmp_path, "init", "--quiet", "elsewhere")
    hook = {"GIT_DIR": str(tmp_path / "elsewhere" / ".git"), "GIT_INDEX_FILE": str(tmp_path / "none")}
    asked = Git(repository, {**environ, **hook})
    assert (asked.commit(), asked.dirty()) == (git(repository, "rev-parse", "HEAD"), False)


def test_a_broken_repository_is_told_in_gits_words(repository: Path, environ: Environ) -> None:
    (repository / ".git" / "config").write_text("[core\n")
    refused = refusal(repository, environ, "commit")
    assert refused.reason.startswith("git failed with exit code 128: bad config line 1 in file")


# ------------------------------------------------------------------------------------------------------- dirty


def test_a_tree_as_it_was_committed_is_clean(repository: Path, environ: Environ) -> None:
    assert Git(repository, environ).dirty() is False


def test_a_changed_a_staged_and_a_deleted_file_make_it_dirty(repository: Path, environ: Environ, git: Run) -> None:
    path = repository / "hub.yaml"
    before = path.read_text()
    path.write_text("changed")
    assert Git(repository, environ).dirty() is True
    path.write_text(before)
    assert Git(repository, environ).dirty() is False
    path.unlink()
    assert Git(repository, environ).dirty() is True
    path.write_text(before)
    (repository / "new").touch()
    git(repository, "add", "new")
    assert Git(repository, environ).dirty() is True


def test_a_change_anywhere_in_the_repository_counts(repository: Path, environ: Environ) -> None:
    (repository / "release").mkdir()
    (repository / "hub.yaml").write_text("changed")
    assert Git(repository / "release", environ).dirty() is True


def test_untracked_files_do_not_count(repository: Path, environ: Environ) -> None:
    (repository / "plan.json").write_text("{}")
    (repository / "runs").mkdir()
    (repository / "runs" / "model.npz").touch()
    assert Git(repository, environ).dirty() is False


def test_what_hublish_writes_beside_the_manifest_does_not_count(repository: Path, environ: Environ, git: Run) -> None:
    release = repository / "release"
    (release / ".hublish").mkdir(parents=True)
    for path in (release / "hub.lock", release / "priv.lock", release / ".hublish" / "hub", repository / "hub.lock"):
        path.write_text("first")
    git(repository, "add", "--force", ".")
    git(repository, "commit", "--quiet", "--message", "released")
    (release / "hub.lock").write_text("second")
    (release / ".hublish" / "hub").write_text("second")
    assert Git(release, environ).dirty() is False
    (release / "priv.lock").write_text("second")
    assert Git(release, environ).dirty() is True
    (release / "priv.yaml").touch()  # the lock is now that of a manifest
    assert Git(release, environ).dirty() is False
    (repository / "hub.lock").write_text("of another manifest")
    assert Git(release, environ).dirty() is True


def test_a_file_that_was_only_touched_is_clean_and_the_index_stays_as_it_is(repository: Path, environ: Environ) -> None:
    os.utime(repository / "hub.yaml", (1, 1))
    index = (repository / ".git" / "index").read_bytes()
    assert Git(repository, environ).dirty() is False
    assert (repository / ".git" / "index").read_bytes() == index


def test_no_monitor_and_no_hook_of_the_repository_is_run(repository: Path, environ: Environ, git: Run) -> None:
    ran = repository.parent / "ran"
    for hook in ("post-index-change", "fsmonitor-watchman"):
        path = repository / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {hook} >> {ran}\n")
        path.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(repository / ".git" / "hooks" / "fsmonitor-watchman"))
    git(repository, "status")
    assert ran.exists(), "git itself would have run it"
    ran.unlink()
    asked = Git(repository, environ)
    assert (asked.dirty(), len(asked.commit())) == (False, 40)
    assert not ran.exists()


def test_a_submodule_counts_by_its_commit_and_not_by_what_lies_in_it(
    repository: Path, environ: Environ, git: Run
) -> None:
    allow = ("-c", "protocol.file.allow=always")
    git(repository, *allow, "submodule", "--quiet", "add", repository.as_uri(), "inner")
    git(repository, "commit", "--quiet", "--message", "with a submodule")
    (repository / "inner" / "hub.yaml").write_text("changed")
    assert Git(repository, environ).dirty() is False
    git(repository / "inner", "commit", "--quiet", "--allow-empty", "--message", "moved")
    assert Git(repository, environ).dirty() is True


def test_a_bare_repository_has_no_tree_to_compare(tmp_path: Path, environ: Environ, repository: Path, git: Run) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare")
    assert "must be run in a work tree" in refusal(tmp_path / "bare", environ, "dirty").reason


@pytest.fixture
def filtered(repository: Path, environ: Environ, git: Run) -> Path:
    """A repository whose files pass a filter, and whose index must be compared with them."""
    (repository / ".gitattributes").write_text("*.txt filter=odd=name\n")
    (repository / "a.txt").write_text("text")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "second")
    os.utime(repository / "a.txt", (1, 1))
    return repository


@pytest.mark.parametrize("kind", ["clean", "process"])
def test_a_filter_of_the_repository_is_not_run(filtered: Path, environ: Environ, git: Run, kind: str) -> None:
    ran = filtered.parent / "ran"
    git(filtered, "config", f"filter.odd=name.{kind}", f"touch {ran}; cat")
    git(filtered, "config", "filter.odd=name.required", "true")
    assert Git(filtered, environ).dirty() is False
    assert not ran.exists()
    os.utime(filtered / "a.txt", (2, 2))
    with suppress(CalledProcessError):  # git fails where the filter is no filter at all
        git(filtered, "status")
    assert ran.exists(), "git itself would have run it"


def test_a_filter_of_the_user_is_run(filtered: Path, environ: Environ, git: Run) -> None:
    git(filtered, "config", "--global", "filter.odd=name.clean", "tr a-z A-Z")
    git(filtered, "config", "filter.odd=name.clean", "echo evil")
    assert Git(filtered, environ).dirty() is True  # its text is upper case to the filter


def test_configuration_in_the_environment_stays(filtered: Path, environ: Environ, git: Run) -> None:
    git(filtered, "config", "filter.x.clean", "evil")
    given = {**environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}
    changed = without_repository_filters(filtered, given)
    assert (changed["GIT_CONFIG_COUNT"], changed["GIT_CONFIG_KEY_0"]) == ("2", "a.b")
    assert (changed["GIT_CONFIG_KEY_1"], changed["GIT_CONFIG_VALUE_1"]) == ("filter.x.clean", "")


def test_without_filters_nothing_is_changed(repository: Path, environ: Environ) -> None:
    assert without_repository_filters(repository, environ) == environ


RISING = [
    "\udcff",
    "latest",
    "release",
    "v0.9",
    "v1.2.0-alpha",
    "v1.2.0-rc.9",
    "v1.2.0-rc.10",
    "v1.2",
    "1.2.0+build.7",
    "v1.2.1",
    "models/v1.10.0",
    "v2026.1.31",
]


@pytest.mark.parametrize(("lower", "higher"), list(itertools.pairwise(RISING)))
def test_the_higher_version_counts(lower: str, higher: str) -> None:
    assert highest_version([lower, higher]) == highest_version([higher, lower]) == higher


names = st.sampled_from(RISING) | st.text(max_size=8)


several = st.lists(names, min_size=1, max_size=6, unique=True)


@given(several.flatmap(lambda each: st.tuples(st.just(each), st.permutations(each))))
def test_the_order_of_the_tags_does_not_matter(orders: tuple[list[str], list[str]]) -> None:
    one, another = orders
    assert highest_version(one) == highest_version(another)
