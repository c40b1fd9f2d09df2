"""The verifiers of the signers that a trust policy declares."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hublish.attestation.certificates import CertificateVerifier
from hublish.attestation.examine import AppliedRule
from hublish.attestation.interface import Verifier
from hublish.attestation.keyless import KeylessVerifier
from hublish.attestation.keys import KeyVerifier
from hublish.base.errors import TrustPolicyError
from hublish.schemas.diagnose.problems import Problem, counted
from hublish.schemas.documents.trust import TrustedSigner, TrustPolicy, problem_at
from hublish.schemas.yaml.reader import Reading

# Public keys, certificates and the roots of an instance of Sigstore have a few kilobytes.
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class TrustedSigners:
    """A trust policy with the folder of its keys."""

    source: str
    """The path of trust.yaml, as it was found."""
    policy: TrustPolicy
    reading: Reading
    folder: Path
    read: Callable[[Path], bytes]

    def applies_to(self, repo: str) -> bool:
        """Return whether a rule applies to a repo."""
        return self.policy.rule_for(repo) is not None

    def rule_for(self, repo: str) -> AppliedRule | None:
        """Return the rule that applies to a repo, with the verifiers of all signers; None without one.

        Raises:
            TrustPolicyError: naming every file of a signer that cannot be used.
            MissingDependencyError: `hublish[sign]` is not installed.
        """
        found = self.policy.rule_for(repo)
        if found is None:
            return None
        index, rule = found
        verifiers: dict[str, Verifier] = {}
        problems: list[Problem] = []
        for name, signer in self.policy.signers.items():
            made = self._verifier(name, signer)
            if isinstance(made, Problem):
                problems.append(made)
            else:
                verifiers[name] = made
        if problems:
            msg = f"{self.source} declares {counted(problems, 'signer')} whose files cannot be used"
            raise TrustPolicyError(msg, hint="correct the paths; they are relative to that file", problems=problems)
        place = self.reading.positions.value(("rules", index))
        options = {name: self._options(signer) for name, signer in self.policy.signers.items()}
        return AppliedRule(f"rule {index + 1} of {self.source} (line {place.line})", rule, verifiers, options)

    def _options(self, signer: TrustedSigner) -> tuple[str, ...]:
        """Return the options by which the stock command knows a signer."""

        def path(written: str) -> str:
            return str(self.folder / Path(written).expanduser())

        if signer.public_key is not None:
            return ("--public_key", path(signer.public_key))
        if signer.certificate_chain is not None:
            return tuple(each for one in signer.certificate_chain for each in ("--certificate_chain", path(one)))
        own = ("--trust_config", path(signer.trust_config)) if signer.trust_config is not None else ()
        return ("--identity", str(signer.identity), "--identity_provider", str(signer.identity_provider), *own)

    def _verifier(self, name: str, signer: TrustedSigner) -> Verifier | Problem:
        files: dict[tuple[str | int, ...], bytes] = {}
        for path, written in _files(signer):
            place = ("signers", name, *path)
            try:
                files[place] = self._read(written)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                return problem_at(self.reading, place, f"'{written}' cannot be read: {reason}", "correct the path")
        place = next(iter(files), ("signers", name))
        try:
            return _made(signer, tuple(files.values()))
        except ValueError as error:
            return problem_at(self.reading, place, str(error), "name another file")

    def _read(self, written: str) -> bytes:
        data = self.read(self.folder / Path(written).expanduser())
        if len(data) > _MOST_BYTES:
            raise ValueError("it is too large for a key or certificates")
        return data


def _files(signer: TrustedSigner) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the files that a signer names, each with its place in the signer."""
    if signer.public_key is not None:
        yield ("public_key",), signer.public_key
    for index, path in enumerate(signer.certificate_chain or ()):
        yield ("certificate_chain", index), path
    if signer.trust_config is not None:
        yield ("trust_config",), signer.trust_config


def _made(signer: TrustedSigner, files: tuple[bytes, ...]) -> Verifier:
    if signer.public_key is not None:
        return KeyVerifier.from_pem(files[0])
    assert signer.identity is not None
    if signer.certificate_chain is not None:
        return CertificateVerifier(b"\n".join(files), signer.identity)
    assert signer.identity_provider is not None
    return KeylessVerifier(signer.identity, signer.identity_provider, files[0] if files else None)
