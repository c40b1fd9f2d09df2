"""Generate the input of a seed and a number; it is always the same, so that it can be reproduced."""

from functools import lru_cache
from random import Random

from tests.fuzz.data_mutations import mutated_json
from tests.fuzz.inputs import Input, Kind
from tests.fuzz.mutations import mutated
from tests.fuzz.seeds import Seeds
from tests.fuzz.strategies import from_strategy

_DOCUMENTS = (Kind.LOCK, Kind.PLAN, Kind.RECEIPT, Kind.EVALUATION)
# So many consecutive inputs are mutations of one manifest from the schema: hypothesis takes 30 ms to generate it.
_FROM_ONE = 64


def manifest(seeds: Seeds, seed: int, number: int) -> Input:
    """Return a manifest: a mutated seed, a manifest from the schema (mutated or not), or random bytes."""
    rng = Random(f"manifest {seed} {number}")
    chance = rng.random()
    if chance < 0.55:
        return Input(Kind.MANIFEST, mutated(rng, rng.choice(seeds.valid), seeds.manifests), "valid seed, mutated")
    if chance < 0.83:
        return Input(Kind.MANIFEST, mutated(rng, rng.choice(seeds.manifests), seeds.manifests), "corpus, mutated")
    if chance < 0.84:
        return Input(Kind.MANIFEST, from_strategy(rng), "schema")
    if chance < 0.99:
        return Input(
            Kind.MANIFEST, mutated(rng, _of_schema(seed, number // _FROM_ONE), seeds.manifests), "schema, mutated"
        )
    return Input(Kind.MANIFEST, rng.randbytes(rng.randint(0, 300)), "bytes")


@lru_cache(maxsize=1)
def _of_schema(seed: int, number: int) -> bytes:
    return from_strategy(Random(f"schema {seed} {number}"))


def document(seeds: Seeds, seed: int, number: int) -> Input:
    """Return a mutated lock, plan, receipt or evaluation file."""
    rng = Random(f"document {seed} {number}")
    kind = rng.choice(_DOCUMENTS)
    text = rng.choice(seeds.documents[kind])
    if rng.random() < 0.7:
        return Input(kind, mutated_json(rng, text), "document, values replaced")
    others = [other for texts in seeds.documents.values() for other in texts]
    return Input(kind, mutated(rng, text, others), "document, mutated")
