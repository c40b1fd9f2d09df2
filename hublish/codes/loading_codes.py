"""Releases on the Hub that differ from the promised ones, and releases that cannot be loaded."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

LOADING: Final = (
    Code.of_error(
        errors.VerificationError,
        cause="After the commit, hublish read the repo back, and its files, its branch or its parent commit differ "
        "from the plan. The listed problems name each difference.",
        danger="Readers may get other bytes than were reviewed. No tag was set and no lock was written.",
        fix="Look at the history on the Hub for commits of others, then publish again, which puts the release on top. "
        "`hublish rollback TAG` restores an earlier release.",
    ),
    Code(
        "release.deprecated",
        "A repo that names another one to use instead",
        cause="The card of the repo has the metadata `new_version`: its owners recommend that repo.",
        fix="Read why on the page of the repo, and move to the new one. A tag or a commit from before names none.",
        level="warning",
    ),
    Code(
        "verify.missing",
        "A file that the repo lacks",
        cause="A file of the release is not in the repo at that commit: it was deleted, or the Hub dropped it.",
        fix="Look at the history on the Hub. `hublish publish` adds it again.",
    ),
    Code(
        "verify.different",
        "A file with other bytes",
        cause="A file in the repo has another digest than the release: it was edited on the Hub or replaced by "
        "another release.",
        fix="`hublish diff` shows the difference. Take the edit over and release it, or publish again to restore the "
        "file.",
    ),
    Code(
        "verify.extra",
        "A file that no release has",
        cause="The repo has a file that was not planned, or that should have been deleted. Another client committed "
        "it.",
        fix="Add it to the release, name it under `patterns.delete_patterns`, or leave it if it is wanted.",
    ),
    Code(
        "verify.fact",
        "A statement in the card that is wrong",
        cause="The card states a value, such as the number of parameters, and the files of the release on the Hub "
        "give another one. The card or the files were changed later.",
        fix="Publish again, which renders the card from the files, or correct the value at the place in the message.",
    ),
    Code(
        "verify.ref",
        "A branch that does not contain the commit",
        cause="The Hub accepted the commit, and the branch or pull request does not have it in its history. It was "
        "reset or force-pushed.",
        fix="Look at the history on the Hub, and publish again.",
    ),
    Code(
        "verify.not_a_pull_request",
        "A commit on main in place of a pull request",
        cause="`repo.create_pr` asks for a pull request, and the Hub committed directly to main. Some Hubs do not "
        "implement pull requests.",
        fix="Check the commit on main, and revert it on the Hub if it was not reviewed. Set `create_pr: false` for "
        "this Hub.",
    ),
    Code(
        "verify.parent",
        "A commit on top of another one than planned",
        cause="The Hub put the commit on a commit that the plan did not know: it ignores `parent_commit`, and another "
        "publisher was faster.",
        danger="Files of the other commit may be overwritten.",
        fix="Compare both commits on the Hub, then plan and publish again.",
    ),
    Code.of_error(
        errors.IntegrityError,
        cause="Downloaded files do not have the digests that the lock or the commit promises. They were removed, and "
        "nothing was loaded.",
        danger="The download was damaged on the way or on the disk, or was manipulated.",
        fix="Run the command again, which downloads them anew. If it happens again, check the disk and the proxy, and "
        "tell the publisher.",
    ),
    Code(
        "integrity.digest",
        "A downloaded file with another digest",
        cause="The size, sha256 or git blob id of the file differs from the promised one. The file was removed.",
        fix="Run the command again. If it repeats, compare hub.lock with the repo: `hublish verify`.",
    ),
    Code.of_error(
        errors.OverwriteError,
        cause="The folder for the download has files with other content that no earlier pull wrote, or a folder where "
        "a file belongs. Nothing was downloaded.",
        fix="Pull into another folder with `--local-dir`, or move your files away. Files that an earlier pull wrote "
        "are replaced without a question.",
    ),
    Code.of_error(
        errors.LoadError,
        cause="The files have the right bytes, and cannot become the wanted object: the patterns select no weights or "
        "several, the format needs a permission, or the weights do not fit the class.",
        fix="Follow the hint. `hublish pull` downloads the files as they are, and patterns given with `--include` "
        "select others.",
    ),
    Code.of_error(
        errors.NoArraysError,
        cause="The release is an estimator or a learner, and loading without a class returns arrays by name.",
        fix="Use `hublish.from_hub(repo_id)`, which rebuilds the object; the hint names the permission that it needs.",
    ),
    Code(
        "load.name",
        "A name that is not safe to download",
        cause="A path in the repo leads out of the folder, names a part of .git, or has control characters.",
        danger="Writing it could overwrite files anywhere on this machine.",
        fix="Nothing was downloaded. Select other files with patterns, and tell the publisher.",
    ),
    Code(
        "load.secret",
        "A credential in a file name",
        cause="The name of a file in the repo has the form of a token or password.",
        fix="Nothing was downloaded. Tell the publisher to revoke it; other files can be selected with patterns.",
    ),
    Code(
        "load.collision",
        "Two names that are one file on some systems",
        cause="Two paths in the repo differ only in case or Unicode form, or one is a file and the folder of another. "
        "On this or another system, only one of them would remain.",
        fix="Select one of them with patterns.",
    ),
    Code(
        "load.missing",
        "A tensor that the release lacks",
        cause="The module has a parameter or buffer for which the release has no tensor. The class or its "
        "configuration differs from the one that was published.",
        fix="Use the class and config.json of the release. `strict=False` leaves such parameters as they are.",
    ),
    Code(
        "load.unexpected",
        "A tensor that the module lacks",
        cause="The release has a tensor for which the module has no parameter. The class or its configuration differs "
        "from the one that was published.",
        fix="Use the class and config.json of the release. `strict=False` skips such tensors.",
    ),
    Code(
        "load.shape",
        "A tensor of another shape",
        cause="A tensor of the release has another shape than the parameter of the module, for example because of "
        "another number of classes or another vocabulary.",
        fix="Create the module with the arguments of the release, as its config.json has them.",
    ),
    Code(
        "load.unfilled",
        "A parameter that no file fills",
        cause="The module was created on the meta device, and the release has no tensor for this parameter or buffer.",
        fix="Create the module on the CPU, which computes the buffers that no file has.",
    ),
    Code(
        "load.more",
        "The number of further problems",
        cause="The weights do not fit in more places than are listed one by one.",
        fix="Correct the first ones: they usually share one cause, such as another class or a prefix of all names.",
    ),
)
