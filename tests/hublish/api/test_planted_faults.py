"""Each fault that is planted in a real second release is a surprise, and the only one."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.hublish.api.second_release import Releases


def public(releases: Releases) -> None:
    releases.data["repo"] |= {"visibility": "public", "gated": False}


def permissive(releases: Releases) -> None:
    releases.data["policy"] = {"pickle": "allow", "secrets": "warn"}


def relicensed(releases: Releases) -> None:
    releases.data["card"]["metadata"] |= {"license": "other", "license_name": "x", "license_link": "y"}


def rebased(releases: Releases) -> None:
    releases.data["card"]["metadata"]["base_model"] = "acme/other"


def shortened(releases: Releases) -> None:
    del releases.data["card"]["variables"]


def edited(releases: Releases) -> None:
    releases.edit("config.json", '{"hidden_size": 77}\n')


def moved(releases: Releases) -> None:
    releases.edit("elsewhere.txt", "x")


def deleted(releases: Releases) -> None:
    (releases.folder / "files" / "notes.json").unlink()
    releases.data["patterns"] = {"delete_patterns": ["notes.json"]}


def forgotten(releases: Releases) -> None:
    (releases.folder / "files" / "notes.json").unlink()


def halved(releases: Releases) -> None:
    releases.weights(2.0, np.float16)


def coded(releases: Releases) -> None:
    releases.write("modeling.py", "x = 1\n")
    releases.write("config.json", '{"hidden_size": 3, "auto_map": {"AutoModel": "modeling.Model"}}\n')


def emptied(releases: Releases) -> None:
    (releases.folder / "files" / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")


def ignored(releases: Releases) -> None:
    releases.write(".gitignore", "config.json\n")


def redirected(releases: Releases) -> None:
    releases.data["repo"]["repo_id"] += "-other"


def untagged(releases: Releases) -> None:
    releases.data["repo"].pop("tag")


def retagged(releases: Releases) -> None:
    releases.data["repo"]["tag"] = "v1.0.0"


def waived(releases: Releases) -> None:
    releases.write("key.env", "HF_TOKEN=hf_" + "abcDEF0123" * 3 + "wxyz\n")
    reason = {"rule": "policy.secret", "path_in_repo": "key.env", "reason": "made for a test"}
    releases.data["policy"] = {"waivers": [reason]}


def unlocked(releases: Releases) -> None:
    (releases.folder / "hub.lock").unlink()


def grown(releases: Releases) -> None:
    releases.weights(2.0, more=np.zeros(1_000_000, np.float32))


@pytest.mark.parametrize(
    ("plant", "codes"),
    [
        (public, {"visibility", "gated"}),
        (permissive, {"policy"}),
        (relicensed, {"license", "license_name", "license_link"}),
        (rebased, {"base_model"}),
        (shortened, {"card_text"}),
        (edited, {"edited", "moved_head"}),
        (moved, {"moved_head"}),
        (deleted, {"deleted"}),
        (forgotten, {"left"}),
        (halved, {"dtype"}),
        (coded, {"code", "auto_map"}),
        (emptied, {"empty", "tensors", "card_text"}),
        (ignored, {"dropped"}),
        (redirected, {"repo", "created"}),
        (untagged, {"tag"}),
        (retagged, {"refused"}),
        (waived, {"waived"}),
        (unlocked, {"first"}),
        (grown, {"grew"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_fault_is_found_and_nothing_else(
    releases: Releases, plant: Callable[[Releases], None], codes: set[str]
) -> None:
    plant(releases)
    assert releases.found == codes
