"""Plans that cannot be published, and requests that the Hub refuses."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

PLAN: Final = (
    Code.of_error(
        errors.PlanStaleError,
        cause="`hublish publish plan.json` made a fresh plan, and it differs from the reviewed one: a byte of a file, "
        "hub.yaml, a variable, or the repo on the Hub changed since the review. The listed problems name each "
        "difference.",
        danger="Publishing would release files that were never reviewed.",
        fix="Make a new plan and have it reviewed: `hublish plan --out plan.json`. If the change was not intended, "
        "restore the files first. Nothing was sent.",
    ),
    Code.of_error(
        errors.RemoteIgnoredError,
        cause="A `.gitignore`, of the release or of the repo on the Hub, matches files of the release. The Hub leaves "
        "such files out of the commit without an error.",
        danger="The release would lack files, and its readers would find out first.",
        fix="Change that `.gitignore`; the message names its line. Or exclude the files on purpose under "
        "`patterns.ignore_patterns`.",
    ),
    Code(
        "plan.permission",
        "A token that cannot publish",
        cause="There is no token, the Hub does not accept it, or it has no write access to this repo or to its "
        "namespace. A plan of a public repo needs no token, and publishing does.",
        fix="Run `hf auth login` with a token that may write, or set HF_TOKEN. `hublish doctor --repo-id REPO` shows "
        "the account of the token, and what prevents it from writing.",
        level="warning",
    ),
    Code(
        "plan.other_type",
        "A repo of another type with the same name",
        cause="The repo_id does not exist as the type in hub.yaml, and exists as another one. Publishing would create "
        "a second repo beside it.",
        fix="If the existing repo is meant, write its type: `repo_type: dataset`.",
        level="warning",
    ),
    Code(
        "plan.placement",
        "A repo that is stored elsewhere",
        cause="`repo.region` or `repo.resource_group_id` differs from the place of the repo on the Hub. Both count "
        "only when a repo is created; publishing moves nothing.",
        fix="Remove the line from hub.yaml, or change the place in the settings of the repo or organization on the "
        "Hub.",
        level="warning",
    ),
    Code(
        "plan.no_lock",
        "A rollback to a release that no lock records",
        cause="`hublish rollback` found no lock of the release: neither hub.lock nor a former version of it in the git "
        "history here records its tag or its commit. A shallow clone lacks former versions.",
        danger="Nothing shows that the files at the tag are those that were released. They are downloaded, and audited "
        "by the policy of hub.yaml; the settings of the repo stay as they are.",
        fix="Fetch the whole history, `git fetch --unshallow`, or put the lock of that release in the place of "
        "hub.lock first. Otherwise review the plan with care.",
        level="warning",
    ),
    Code.of_error(
        errors.PreflightError,
        cause="Several reasons prevent publishing: the token may not write there, the lock cannot be written, or "
        "converted files have no room on the disk. They were found before a file was read. A single reason is reported "
        "with its own code.",
        fix="Correct each of the listed reasons. `hublish doctor --repo-id REPO` checks the token again.",
    ),
    Code.of_error(
        errors.DeclinedError,
        cause="`hublish publish` showed the plan and asked, and the answer was not yes. Nothing was sent.",
        fix="Run it again and confirm, or pass `--yes` in CI and scripts, after the plan was reviewed.",
    ),
    Code.of_error(
        errors.LockTargetError,
        cause="hub.lock beside the manifest records a release to another repo, another type of repo or another Hub "
        "than hub.yaml names now.",
        danger="Comparing with it would report the files of another repo as this release.",
        fix="If the repo was renamed or the target changed on purpose, publish once to write a new lock. Otherwise "
        "correct `repo` in hub.yaml, or name the right lock with `--lock`.",
    ),
    Code.of_error(
        errors.RemoteError,
        cause="The Hub answered a request with an error, or could not be reached. The message has the reason as the "
        "Hub gave it: a rate limit, full storage, a file that is too large, an outage.",
        fix="Follow the hint, and run the same command again: hublish continues where it stopped and never makes a "
        "second commit of the same release. `hublish doctor` tests the connection.",
    ),
    Code.of_error(
        errors.AuthenticationError,
        cause="The Hub rejected the token, or the token has no permission for this repo: it may only read, is "
        "fine-grained without this repo, or the account has not accepted the terms of a gated repo.",
        fix="Log in with a token that may write to the repo: `hf auth login`, or HF_TOKEN in CI. `hublish doctor` "
        "shows which token is used. For a gated repo, accept its terms on its page.",
    ),
    Code.of_error(
        errors.ExchangeError,
        cause="A CI job has an ID token for the Hub, and the Hub did not exchange it: no trusted publisher on the Hub "
        "matches this repository, workflow or branch, the job lacks the permission for ID tokens, or the endpoint is "
        "another Hub.",
        fix="Compare the settings for trusted publishers on the Hub with the claims of the job, and give the job "
        "`id-token: write` under `permissions`. To publish with a token instead, unset HF_OIDC_RESOURCE and set "
        "HF_TOKEN.",
    ),
    Code.of_error(
        errors.NotFoundError,
        cause="The repo, the branch, the tag or the file does not exist. The Hub gives the same answer for a private "
        "repo that the token cannot see.",
        fix="Check the spelling of repo_id and revision, and `repo_type`. Log in if the repo is private.",
    ),
    Code.of_error(
        errors.OfflineError,
        cause="HF_HUB_OFFLINE is set, `--offline` or `local_files_only` was given, or there is no connection, and the "
        "files are not in the cache.",
        fix="Run the command once with the network. Unset HF_HUB_OFFLINE, and check the proxy: `hublish doctor`.",
    ),
    Code.of_error(
        errors.RemoteConflictError,
        cause="Another commit was made on the branch while this release was prepared, the pull request was closed, or "
        "the tag exists at another commit. Nothing was overwritten.",
        danger="Continuing would undo the work of another person, or move a version that readers have pinned.",
        fix="For a moved branch, plan again and review what changed: `hublish plan`. For a tag, raise the version; "
        "delete the tag on the Hub only if it has no readers yet.",
    ),
)

STALE: Final = (
    Code(
        "plan.stale.file",
        "A file that differs from the reviewed plan",
        cause="Since the review, a file was added, removed or changed, or would be treated in another way, because "
        "the file on the Hub changed.",
        fix="Restore the file, or make a new plan and have it reviewed. `hublish diff` shows what changed.",
    ),
    Code(
        "plan.stale.variable",
        "A value from outside that differs from the reviewed plan",
        cause="A `--set` value, a value of git or an environment variable that hub.yaml mentions is not the one of "
        "the review.",
        fix="Leave `--set` out: the plan contains the reviewed values. Check out the reviewed commit for values of "
        "git.",
    ),
    Code(
        "plan.stale.waived",
        "A waived finding that was not reviewed",
        cause="`policy.waivers` accepts a finding now that the reviewed plan does not show, or accepts it for another "
        "reason.",
        fix="Make a new plan, so that the reviewers see the finding and its reason.",
    ),
    Code(
        "plan.stale.attestation",
        "Another signer than in the reviewed plan",
        cause="Another key or identity signs the release than the reviewers saw, or none does; or its files differ "
        "from the git commit now, and did not then.",
        fix="Publish with the reviewed signer from a clean checkout, or make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.repo_id",
        "Another repo than in the reviewed plan",
        cause="`repo.repo_id` in hub.yaml changed since the review, or the account of the token gives another "
        "namespace.",
        fix="Restore repo_id, or make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.repo_type",
        "Another type of repo than in the reviewed plan",
        cause="`repo.repo_type` in hub.yaml changed since the review.",
        fix="Restore repo_type, or make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.endpoint",
        "Another Hub than in the reviewed plan",
        cause="HF_ENDPOINT, `--endpoint`, `--local` or `repo.endpoint` leads to another Hub than in the review.",
        fix="Publish with the endpoint of the review, or make a plan for this Hub.",
    ),
    Code(
        "plan.stale.revision",
        "Another branch than in the reviewed plan",
        cause="`repo.revision` in hub.yaml changed since the review.",
        fix="Restore the revision, or make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.create_pr",
        "Another way to publish than in the reviewed plan",
        cause="`repo.create_pr` changed since the review: the release would be committed directly in place of "
        "proposed as a pull request, or the other way round.",
        fix="Restore create_pr, or make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.manifest_sha256",
        "A manifest that differs from the reviewed one",
        cause="hub.yaml has other bytes than at the time of the review. A comment counts too, as the file is "
        "published.",
        fix="Check out the reviewed hub.yaml, or make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.commit_message",
        "A commit message that differs from the reviewed one",
        cause="`repo.commit_message`, or a variable in it, changed since the review.",
        fix="Restore it, or make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.card",
        "Another decision about the card than in the reviewed plan",
        cause="`--card` has another value than in the review: `merge`, `ours` or `theirs`.",
        fix="Give `--card` as in the review, or make a new plan with the new decision.",
    ),
    Code(
        "plan.stale.restores",
        "Another release is restored than was reviewed",
        cause="The reviewed plan is one of `hublish rollback` to another release or commit, or one of the two is not "
        "a rollback.",
        fix="Publish a plan of `hublish plan` with `hublish publish plan.json`, and one of `hublish rollback` with "
        "`hublish rollback TAG plan.json`.",
    ),
    Code(
        "plan.stale.repo_exists",
        "A repo that was created or deleted since the review",
        cause="The plan was made for a new repo that exists now, or for a repo that does not exist any more.",
        fix="Find out who created or deleted it, then make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.parent_commit",
        "A branch that moved since the review",
        cause="The branch on the Hub is at another commit than in the reviewed plan: a file was pushed or edited "
        "there.",
        fix="Make a new plan: it shows what the other commit changed, and the release is then made on top of it.",
    ),
    Code(
        "plan.stale.settings",
        "Settings of the repo that changed since the review",
        cause="The visibility or the gating of the repo on the Hub, or in hub.yaml, is not as in the review, so that "
        "publishing would change other settings.",
        fix="Make a new plan and have the settings reviewed.",
    ),
    Code(
        "plan.stale.tag",
        "A tag that changed since the review",
        cause="`repo.tag` or a variable in it changed, or the tag was created on the Hub in the meantime.",
        fix="Restore the version, or make a new plan and have it reviewed.",
    ),
    Code(
        "plan.stale.moves",
        "A moving tag or branch that is elsewhere since the review",
        cause="A name under `repo.moving_tags` or `repo.moving_branches` is at another commit on the Hub than in the "
        "reviewed plan: another release took it along, or a person moved it.",
        fix="Find out which release it is at, then make a new plan and have it reviewed.",
    ),
)
"""The differences between a reviewed plan and the one that would be published."""
