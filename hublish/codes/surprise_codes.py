"""The surprises of a plan: they fail no command, and a reviewer must not overlook them."""

from typing import Final

from hublish.codes.entry import Code

SURPRISES: Final = (
    Code(
        "surprise.refused",
        "A release that the Hub's tag forbids",
        cause="The tag in hub.yaml exists at another commit, so publishing stops before it sends anything.",
        fix="Raise the version in hub.yaml. A released version never moves.",
        level="warning",
    ),
    Code(
        "surprise.visibility",
        "A repo with another visibility",
        cause="`repo.visibility` in hub.yaml differs from the repo on the Hub, and publishing changes it.",
        danger="A repo that becomes public shows its whole history, with every file of earlier commits. Copies that "
        "readers make remain when it becomes private again.",
        fix="If the change is not intended, write the current visibility in hub.yaml, or remove the key to leave it "
        "as it is. Before a repo becomes public, check its earlier commits too: `hublish audit` reads only this "
        "release.",
        level="warning",
    ),
    Code(
        "surprise.gated",
        "A repo with other conditions for access",
        cause="`repo.gated` differs from the repo on the Hub: readers need approval from now on, or no longer do.",
        fix="If the change is not intended, write the current value in hub.yaml, or remove the key.",
        level="warning",
    ),
    Code(
        "surprise.created",
        "A repo that does not exist yet",
        cause="No repo has this id and type, so publishing creates it, with the visibility that the plan shows.",
        fix="Compare the id letter by letter if the repo should exist: a typing mistake creates a new one. Otherwise, "
        "this is the first release.",
        level="warning",
    ),
    Code(
        "surprise.first",
        "A first release into a repo with files",
        cause="The repo has files of this release already, and no hub.lock records who wrote them. Edits that people "
        "made on the Hub cannot be recognized.",
        fix="Review the changed files in the plan: `hublish diff`. Check hub.lock into git after publishing, so that "
        "the next plan has it.",
        level="warning",
    ),
    Code(
        "surprise.endpoint",
        "Another Hub than that of the last release",
        cause="hub.lock records a release to another endpoint. HF_ENDPOINT, `--endpoint` or `repo.endpoint` differs.",
        fix="Unset HF_ENDPOINT or correct `repo.endpoint` if this Hub is not meant.",
        level="warning",
    ),
    Code(
        "surprise.repo",
        "Another repo than that of the last release",
        cause="hub.lock records a release to another repo_id or repo_type.",
        fix="Compare both names. If the repo was renamed or this is a copy on purpose, publish; otherwise correct "
        "`repo` in hub.yaml.",
        level="warning",
    ),
    Code(
        "surprise.create_pr",
        "Another way to publish than the last time",
        cause="The last release was proposed as a pull request and this one is committed directly, or the other way "
        "round.",
        fix="Set `repo.create_pr` as intended. A direct commit has no review on the Hub.",
        level="warning",
    ),
    Code(
        "surprise.branch",
        "Another branch than that of the last release",
        cause="`repo.revision` differs from the branch in hub.lock. Readers who load without a revision get `main`.",
        fix="Correct `repo.revision` if this branch is not meant.",
        level="warning",
    ),
    Code(
        "surprise.moved_head",
        "A branch that moved since the last release",
        cause="Commits were made on the Hub since the last release from this manifest: an edit in the browser, a "
        "merged pull request, a release from another machine.",
        fix="Review those commits on the Hub. The plan shows every file of theirs that this release would replace.",
        level="warning",
    ),
    Code(
        "surprise.tag",
        "A tag that is missing or lower than the last one",
        cause="The last release has a tag and this one has none, or its version is lower.",
        fix="Set `repo.tag`, or raise the version that it mentions. A lower version is right for a fix of an older "
        "line.",
        level="warning",
    ),
    Code(
        "surprise.moves",
        "A name that moves to a pre-release or back",
        cause="The tag of the release names a pre-release, or is lower than the release that a moving tag or branch is "
        "at. Readers of `latest` get it.",
        fix='Choose the name by a variable: `moving_tags: ["{{ channel }}"]` with `--set channel=next`.',
        level="warning",
    ),
    Code(
        "surprise.policy",
        "A policy that permits more",
        cause="A value under `policy` permits files that it did not permit for the last release, or permits pickles "
        "or secrets at all.",
        danger="A weaker policy is a usual way to get a dangerous file through a review.",
        fix="Ask why it changed. Restore the value, and waive the single file under `policy.waivers` where one "
        "exception is needed.",
        level="warning",
    ),
    Code(
        "surprise.dirty",
        "A working tree with uncommitted changes",
        cause="git reports changes in the folder of hub.yaml, or a file differs from the tag after which the release "
        "is named. The release cannot be made again from the commit.",
        fix="Commit the changes, then plan again.",
        level="warning",
    ),
    Code(
        "surprise.waived",
        "A finding that a waiver accepts",
        cause="`policy.waivers` accepts this finding for one file. The reason in hub.yaml is shown.",
        fix="Read the reason, and look at the file. Remove the waiver if it no longer holds.",
        level="warning",
    ),
    Code(
        "surprise.finding",
        "A dangerous file that the policy lets pass",
        cause="The audit found a pickle or a credential, and the policy only warns.",
        danger="A pickle runs code on the machine of each reader; a published credential can be used by everyone.",
        fix="Convert or exclude the file, or remove and revoke the credential. `hublish explain policy.pickle` and "
        "`hublish explain policy.secret` describe how.",
        level="warning",
    ),
    Code(
        "surprise.deletions",
        "Many deleted files",
        cause="The release deletes more than ten files of the repo, or more than three that are a tenth of them.",
        fix="Check `patterns.delete_patterns`: a pattern such as `*` deletes every remote file that the release does "
        "not have. Old commits and tags keep the files.",
        level="warning",
    ),
    Code(
        "surprise.deleted",
        "A deleted file",
        cause="The release deletes a file on the Hub that matches `patterns.delete_patterns`. Files that readers "
        "depend on, such as weights, configurations and the license, are of high importance.",
        fix="Narrow the pattern, or add the file to the release, if readers still need it.",
        level="warning",
    ),
    Code(
        "surprise.left",
        "Files of the last release that stay on the Hub",
        cause="The last release had files that this one does not have, and no pattern deletes them. Readers get both.",
        fix="Name them under `patterns.delete_patterns`, or leave them if they are still of use.",
        level="warning",
    ),
    Code(
        "surprise.dropped",
        "Files that the Hub would drop",
        cause="A `.gitignore` on the Hub or in the release matches files of the release. Publishing refuses, as the "
        "Hub would leave them out silently.",
        fix="Change that `.gitignore`, or exclude the files under `patterns.ignore_patterns`.",
        level="warning",
    ),
    Code(
        "surprise.edited",
        "An edit on the Hub that the release replaces",
        cause="A file was changed on the Hub after the last release, and this release has other bytes or deletes it.",
        danger="The edit of another person would be lost in the new version.",
        fix="Look at it on the Hub, and take it over into your copy of the file before publishing.",
        level="warning",
    ),
    Code(
        "surprise.empty",
        "A file that is empty or contains no weights",
        cause="A weight file has fewer bytes than the header of its format, or a file that had content is empty now. "
        "An export was probably interrupted, or a pointer of git LFS was not resolved.",
        fix="Export the file again, or fetch it: `git lfs pull`.",
        level="warning",
    ),
    Code(
        "surprise.grew",
        "A file that became many times larger",
        cause="A file has at least ten times the size that it has on the Hub. It is probably another file, or one "
        "with the state of an optimizer.",
        fix="Check the source. Convert the weights alone, or exclude the file.",
        level="warning",
    ),
    Code(
        "surprise.shrank",
        "A file that became many times smaller",
        cause="A file has at most a tenth of the size that it has on the Hub. It is probably truncated, a sample or "
        "another file.",
        fix="Check the source, and export the file again.",
        level="warning",
    ),
    Code(
        "surprise.large",
        "New files that are large for the repo",
        cause="The new files have at least 1 GB and ten times the size of the repo. A folder with checkpoints or a "
        "cache was probably collected.",
        fix="`hublish files` lists the sizes. Exclude what is not meant under `patterns.ignore_patterns`.",
        level="warning",
    ),
    Code(
        "surprise.many",
        "Many new files for the repo",
        cause="The release adds at least 100 files and ten times as many as the repo has. A virtual environment, a "
        "cache or logs were probably collected.",
        fix="`hublish files` lists them. Exclude what is not meant under `patterns.ignore_patterns`.",
        level="warning",
    ),
    Code(
        "surprise.code",
        "New or changed code in a model or dataset",
        cause="The release adds or changes files that readers run, such as .py or .sh: with `trust_remote_code`, or "
        "by hand.",
        danger="Who controls the release controls the machines of these readers.",
        fix="Read the code in the plan: `hublish diff`. Exclude scripts that readers do not need.",
        level="warning",
    ),
    Code(
        "surprise.auto_map",
        "A configuration that names other code to run",
        cause="A JSON file has a new value of `auto_map`, `custom_pipelines` or `trust_remote_code`: a loader that "
        "trusts the repo imports that code.",
        danger="The code may be in another repo, where it can change after the review.",
        fix="Read the code that it names. Remove the key if the model loads without it.",
        level="warning",
    ),
    Code(
        "surprise.card_text",
        "A card that loses text",
        cause="The new README.md lacks a section or a paragraph that is on the Hub, and has no similar one.",
        fix="See `hublish card --diff`. Restore the text, or publish if it was removed on purpose.",
        level="warning",
    ),
    Code(
        "surprise.license",
        "Another license",
        cause="`license` in the card differs from the one on the Hub. The terms for readers change with this release.",
        fix="Confirm that all authors agree and that the licenses of base models and data permit it. Otherwise "
        "restore `license` under `card.metadata`.",
        level="warning",
    ),
    Code(
        "surprise.license_name",
        "Another name of the license",
        cause="`license_name` in the card differs from the one on the Hub.",
        fix="Restore it under `card.metadata` if the license did not change.",
        level="warning",
    ),
    Code(
        "surprise.license_link",
        "Another link to the license",
        cause="`license_link` in the card differs from the one on the Hub, so readers are led to another text.",
        fix="Open both links and compare the texts. Restore the link if the license did not change.",
        level="warning",
    ),
    Code(
        "surprise.base_model",
        "Another base model",
        cause="`base_model` in the card differs from the one on the Hub. The Hub shows the model in another family "
        "tree, and other license terms may follow.",
        fix="Compare with the configuration of the training run, and restore `base_model` if it did not change.",
        level="warning",
    ),
    Code(
        "surprise.dtype",
        "Tensors with another type",
        cause="Tensors of a weight file have another dtype than on the Hub, such as float32 in place of bfloat16. The "
        "size of the files and the results of the model change.",
        fix="Cast on export with `options: {dtype: bfloat16}` of the serializer safetensors, or mention the change in "
        "the card.",
        level="warning",
    ),
    Code(
        "surprise.shape",
        "Tensors with another shape",
        cause="Tensors of a weight file have another shape than on the Hub. Code that loads the model with its old "
        "configuration fails.",
        fix="Check that config.json belongs to these weights, and raise the version: it is another architecture or "
        "another vocabulary.",
        level="warning",
    ),
    Code(
        "surprise.tensors",
        "Tensors that are gone",
        cause="A weight file lacks tensors that it has on the Hub. Loading may leave the corresponding parameters "
        "with random values.",
        fix="Check the export for a part that was not saved, such as a head or tied weights.",
        level="warning",
    ),
)
