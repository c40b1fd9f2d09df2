"""Download one small file of a commit into the cache, and check it: what decides about the rest of a download."""

from dataclasses import dataclass, replace

from hublish.base.errors import IntegrityError, PolicyError
from hublish.base.values import LocalFile, PromisedFile, Reference
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.pipeline.fetch.fetch import Destination, file_time
from hublish.pipeline.fetch.integrity import remove, remove_new
from hublish.pipeline.fetch.reading import inspect


@dataclass(frozen=True)
class SmallFiles:
    """Reads small files at a commit, through the cache."""

    hub: Hub
    destination: Destination

    def read(self, reference: Reference, commit: str, file: PromisedFile) -> bytes:
        """Return the bytes of a file, which have the promised digest; the caller has limited its size.

        Raises:
            OfflineError: the network is off, and the file is not in the cache.
            RemoteError: the Hub refused.
            IntegrityError: the file has other bytes than the commit; it was removed.
            PolicyError: it is a pickle; it was removed.
        """
        # Always into the cache: `local_dir` may be a folder with files of its own.
        destination = replace(self.destination, local_dir=None)
        began, path_in_repo, repo_id = file_time(destination.root), file.path_in_repo, reference.repo_id
        with self.hub.bounded():
            path = transfer.download(
                self.hub,
                repo_id,
                path_in_repo,
                size=file.size,
                advance=lambda _: None,
                blob_id=file.listed_blob_id,
                **destination.options(reference.repo_type, commit),
            )
        # Checked like every other file: it decides which files are accepted, or which class is imported.
        local = LocalFile(file, path, began)
        finding = inspect(local, lambda _: None)
        if finding.pickle is not None:
            msg = f"the {path_in_repo} of {repo_id} is {finding.pickle}; {remove_new(local)}"
            raise PolicyError(msg, hint="give a hub.lock, or do not use this repo")
        if finding.fault is not None:
            msg = f"the {path_in_repo} of {repo_id} has other bytes than the commit; {remove(path)}"
            raise IntegrityError(msg, hint="run again to download it anew")
        return path.read_bytes()
