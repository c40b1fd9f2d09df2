"""The rules of the audit, and the rules for the sources that collect files."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

POLICY: Final = (
    Code(
        "policy.pickle",
        "A file that runs code when it is loaded",
        cause="The content of the file is a pickle, contains one, or is another program for its loader: a Keras model "
        "with a lambda, a TensorFlow graph that opens files, a chat template that leaves its sandbox, YAML with "
        "Python objects. A container that cannot be inspected to its end, or that two readers could understand "
        "differently, counts too.",
        danger="Whoever loads the file runs the code of whoever wrote it, with all rights of the user: it can read "
        "tokens and install programs. Names and suffixes show nothing of this.",
        fix="Release the weights as safetensors: `serializer: safetensors` converts most checkpoints. Where the "
        "format is required, set policy.pickle to `warn` or `allow`, or waive it for the file; readers still have to "
        "permit it.",
        risk=8.8,
    ),
    Code(
        "policy.secret",
        "A token, a password or a private key",
        cause="A text, an archive's member or the metadata of a file has the form of a credential: a token of a known "
        "service, a private key, a login in a URL. The message shows its kind and its place, and never the value.",
        danger="A release is public or becomes public, stays in the history of the repo after it is deleted, and is "
        "searched by programs within minutes. Others can use the credential until it is revoked.",
        fix="Remove it and revoke it where it was issued: it may have been read already. Keep credentials in "
        "environment variables. An example that was never valid can be waived for its file.",
        risk=9.1,
    ),
    Code(
        "policy.size",
        "A file above a limit of size",
        cause="The file is larger than policy.max_file_size, 50 GB by default, or than the Hub's limits: at most 500 "
        "GB, and 200 GB as the Hub advises.",
        danger="The Hub rejects the largest files after hours of upload, and readers cannot resume or share parts of "
        "a huge one.",
        fix="Split it: `max_shard_size` of the serializer safetensors, or archives in parts. Raise "
        "policy.max_file_size, or waive it for the file, where the size is intended. The Hub's limit of 500 GB cannot "
        "be waived.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        "policy: {max_file_size: 100B}\n",
    ),
    Code(
        "policy.empty",
        "An empty weight file",
        cause="A file with the suffix of weights has no bytes.",
        danger="It is the rest of an export that failed: loading the release fails, or starts with random weights.",
        fix="Export the weights again, or exclude the file. A placeholder that is intended can be waived.",
    ),
    Code(
        "policy.denied",
        "A name that is never released",
        cause="The name of the file is on the list of names that hold credentials or belong to one machine, such as "
        ".env, id_rsa, *.pem or .DS_Store, or matches policy.deny_patterns.",
        danger="Such files hold keys and logins in forms that no search for secrets recognizes with certainty.",
        fix="Exclude it with patterns.ignore_patterns, or rename it when it is something else.",
        risk=7.5,
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        'policy: {deny_patterns: ["*.safetensors"]}\n',
    ),
    Code(
        "policy.name",
        "A path that is not safe in a repo",
        cause="The path leads out of a folder, names a part of .git, has control or direction characters, is too "
        "long, or is not UTF-8.",
        danger="git, Windows, macOS or the Hub reject or change it; a reader could write outside of the folder of the "
        "download, or see another name than the real one.",
        fix="Rename the file, or list it as a source of its own with another path_in_repo.",
        risk=7.5,
    ),
    Code(
        "policy.portability",
        "A name that Windows cannot store",
        cause="A segment of the path is the name of a device such as `aux`, ends with a dot or a space, or has one of "
        'the characters < > : " | ? *.',
        danger="Cloning the repo on Windows fails, for all of its files.",
        fix="Rename the file.",
        level="warning",
    ),
    Code(
        "policy.collision",
        "Two paths that are one file on some systems",
        cause="Two paths differ only in case or in their Unicode form, two sources have the same path, or one path is "
        "a file and also the folder of another.",
        danger="macOS and Windows keep only one of the two, so their users get another release than was audited.",
        fix="Give one of them another path_in_repo, or exclude it.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts:\n"
        "  - source: runs/best/config.json\n"
        "  - {source: runs/last/config.json, path_in_repo: Config.json}\n",
    ),
    Code(
        "policy.count",
        "Too many files",
        cause="A folder has more than 10,000 entries, which the Hub rejects, or the release has more than 100,000 "
        "files, which the Hub advises against.",
        danger="The Hub rejects the commit, or becomes slow for every reader of the repo.",
        fix="Spread the files over folders, or pack them: Parquet, WebDataset, tar or zip.",
    ),
    Code(
        "policy.hard_link",
        "A file with several names on this disk",
        cause="Another path on this disk is the same file.",
        danger="A program that writes to the other path changes the release between its audit and its upload; the "
        "upload then stops.",
        fix="Copy the file if something else writes to it.",
        level="warning",
    ),
    Code(
        "policy.dirty",
        "A file that differs from the git tag of the release",
        cause="repo.tag mentions git.tag or git.commit, and a file of the release is not the one in that commit.",
        danger="The name of the release promises a state of the repository that it does not have.",
        fix="Commit the change and tag it, or write `dirty: allow` under policy.",
    ),
    Code(
        "policy.unused_waiver",
        "A waiver without effect",
        cause="policy.waivers has a waiver for which the audit finds nothing: the file is gone, has another path or "
        "is clean, or the rule is not searched for.",
        danger="The next finding in that file would be accepted without a review.",
        fix="Remove the waiver, or correct its path_in_repo.",
    ),
    Code(
        "source.symlink",
        "A symbolic link",
        cause="The path is a link that policy.symlinks forbids, that leads out of the folder, to a folder or to "
        "nothing.",
        danger="A link in a training folder can bring any file of the machine into the release: /etc/passwd, a key, "
        "another project.",
        fix="Replace the link by the file, exclude it, or set policy.symlinks to `follow` for links inside of the "
        "folder.",
        risk=6.5,
    ),
    Code(
        "source.not_a_file",
        "Something that is not a regular file",
        cause="The path is a pipe, a socket or a device.",
        danger="Reading it would block, never end, or act on hardware.",
        fix="Exclude it, or move it away.",
    ),
    Code(
        "source.unreadable",
        "A file or folder that cannot be read",
        cause="The permissions of the file or folder, or the disk, do not let this user read it.",
        danger="Its content is not audited.",
        fix="Make it readable, or exclude it.",
    ),
    Code(
        "source.changed",
        "A file that changes while it is read",
        cause="The file was replaced, rewritten, truncated or removed between its listing and the end of its audit.",
        danger="The bytes that were audited are not the ones that remain.",
        fix="Wait until the files are complete, then run again.",
        error=errors.SourceChangedError.__name__,
    ),
    Code(
        "source.denied",
        "A source with a name that is never released",
        cause="An artifact collects a file such as .env, id_rsa or *.pem.",
        danger="Such files hold keys and logins in forms that no search for secrets recognizes with certainty.",
        fix="Remove it from the artifacts, or rename it when it is something else.",
        risk=7.5,
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}, {source: deploy/server.pem}]\n",
    ),
    Code(
        "source.collision",
        "Two sources for one path",
        cause="Two files of the release would have the same path in the repo.",
        danger="Only one of them could be released.",
        fix="Give one of them another path_in_repo, or exclude it.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts:\n"
        "  - source: runs/best/config.json\n"
        "  - source: runs/last/config.json\n",
    ),
    Code(
        "source.missing",
        "A source that does not exist",
        cause="No file, folder or match exists for a source in hub.yaml.",
        danger="The release would lack a part.",
        fix="Correct the path: the message names the most similar ones.",
        example="repo: {repo_id: acme/digits-mlp}\nartifacts: [{source: runs/best/model.safetensor}]\n",
    ),
    Code(
        "source.pattern",
        "A pattern that matches nothing",
        cause="A pattern in hub.yaml matches no file.",
        danger="It was meant to select or to exclude files that it does not.",
        fix="Correct the pattern, or remove it.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n"
        'patterns: {allow_patterns: ["*.safetensors", config.jsn]}\n',
    ),
)
