"""The view of `sign` and `attest`: the pull request, the signer, and how a stranger verifies the signature."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hublish.api.sign_published import SignedRelease
from hublish.base.values import Receipt
from hublish.base.values.attested import SignedBy
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions, next_steps
from hublish.schemas.documents.file_names import UNSIGNED_FILES
from hublish.schemas.documents.hub_names import EMBEDDED, PUBLIC_HUB, repo_path

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink

_PLACEHOLDERS: Final = {
    "key": ("--public_key", "PUBLIC_KEY.pem"),
    "certificate": ("--certificate_chain", "CA.pem"),
}
_LOCK_STATES: Final = {
    "current": "records the signature",
    "updated": "updated to the signature",
    "elsewhere": "not changed: it records other files",
}


@dataclass(frozen=True)
class SignedView:
    """The result of signing a release on the Hub."""

    found: SignedRelease
    repeated: RepeatedOptions = NO_OPTIONS

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the result, its details, and the commands of a stranger."""
        yield paint("green", self._headline)
        yield from indented(columns(self._rows()))
        yield ""
        yield paint("dim", "A stranger verifies it with the stock tool of OpenSSF Model Signing:")
        yield from (f"  {line}" for line in self._commands)
        if self.found.lock_state == "updated":
            yield from next_steps(paint, f"hublish verify{self.repeated.file}{self.repeated.hub}")

    def document(self) -> Any:
        """Return the receipt document, and the commands."""
        from hublish.pipeline.lock.records import receipt_fields

        lock = {"lock": str(self.found.lock), "lock_state": self.found.lock_state}
        return {**receipt_fields(self.receipt), **lock, "verify_with": list(self._commands)}

    def compact(self) -> Any:
        """Return the result without the plan."""
        return {"result": self._headline, **dict(self._rows()), "verify_with": list(self._commands)}

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the result, its details and the commands."""
        from hublish.cli.report.markup import Fence, Items, Paragraph

        yield Paragraph(f"**{ink.text(self._headline)}**")
        yield Items([f"{name}: {ink.code(value)}" for name, value in self._rows()], "fact")
        yield Fence([ink.line(line) for line in self._commands], "sh")

    def quiet(self) -> Iterable[str]:
        """Return the commit."""
        return [self.receipt.commit]

    @property
    def receipt(self) -> Receipt:
        """The pull request, or the commit of main."""
        return self.found.receipt

    @property
    def _label(self) -> str:
        target = self.receipt.plan.target
        return repo_path(target.repo_id, target.repo_type)

    @property
    def _headline(self) -> str:
        receipt = self.receipt
        if receipt.created:
            return f"Proposed the signature of {self._label} as pull request {receipt.pull_request}."
        if receipt.pull_request:
            return (
                f"Nothing to do: pull request {receipt.pull_request} proposes the signature of {self._label} already."
            )
        return f"Nothing to do: {self._label} is signed already."

    def _rows(self) -> Iterator[tuple[str, str]]:
        receipt = self.receipt
        yield "commit", receipt.commit
        # The URL of the embedded Hub contains a port that is closed by now.
        if receipt.url and not self._embedded:
            yield "url", receipt.url
        attestation = receipt.plan.release.attestation
        if attestation is not None and (signer := attestation.signer) is not None:
            yield "signer", " ".join(filter(None, (signer.method, signer.name, signer.provider)))
            if signer.log_index is not None:
                yield "log index", str(signer.log_index)
        signed = [file for file in receipt.plan.release.files if file.path_in_repo not in UNSIGNED_FILES]
        yield "signed", plural(len(signed), "file")
        if attestation is not None and attestation.builder:
            yield "builder", attestation.builder
        if receipt.plan.sha256 and receipt.created:
            yield "plan", f"sha256 {receipt.plan.sha256}"
        if (state := self.found.lock_state) is not None:
            yield "lock", f"{self.found.lock}, {_LOCK_STATES[state]}"

    @property
    def _commands(self) -> tuple[str, ...]:
        receipt, target = self.receipt, self.receipt.plan.target
        attestation = receipt.plan.release.attestation
        signer = attestation.signer if attestation else None
        kind = "" if target.repo_type == "model" else f" --repo-type {target.repo_type}"
        hub = "" if target.endpoint in (PUBLIC_HUB, EMBEDDED) else f"HF_ENDPOINT={shlex.quote(target.endpoint)} "
        folder = target.repo_id.rpartition("/")[2]
        download = f"{hub}hf download {target.repo_id}{kind} --revision {receipt.commit} --local-dir {folder}"
        verify = (verify_command(signer, folder),) if signer else ()
        return verify if self._embedded else (download, *verify)

    @property
    def _embedded(self) -> bool:
        return self.receipt.plan.target.endpoint == EMBEDDED


def verify_command(signer: SignedBy, folder: str) -> str:
    """Return the stock command that verifies a download; a reader names the file of the signer's key or root in it.

    Args:
        signer: the signer.
        folder: the folder of `hf download --local-dir`.
    """
    from hublish.attestation.stock_command import CLIENT_FOLDER, stock_command

    options = (
        ("--identity", signer.name, "--identity_provider", signer.provider or "")
        if signer.method == "sigstore"
        else _PLACEHOLDERS[signer.method]
    )
    return stock_command(signer.method, folder, options, beside=(CLIENT_FOLDER,))
