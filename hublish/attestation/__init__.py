"""Signatures, provenance and bills of materials: make them for a release, and check those of others.

Nothing here knows a Hub. The formats are those of other tools: the bundle of Sigstore, the signature of OpenSSF Model
Signing, in-toto statements with SLSA provenance, and CycloneDX.
"""
