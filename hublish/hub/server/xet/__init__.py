"""Xet: the chunk-deduplicated content store that the client uploads to and downloads from by default.

    hashing         keyed BLAKE3 over chunks, and the trees over xorbs and files
    xorb            chunks packed into one body of up to 64 MiB: reading, decoding, indexing
    shard           the list of files that an upload ends with
    dedup           the answer to "do you know this chunk?": a shard of chunks the client need not send
    reconstruction  which bytes of which xorbs make up a file, or a range of it
    index           what is known of xorbs, chunks and files, in SQLite
    spool           a body on disk while it arrives
    xorbs           xorbs on disk
    store           all of these; files rebuilt into plain content by sha256
    tokens          short-lived access tokens and signed download addresses
    routes          all of it over HTTP

The formats are those of the Xet protocol specification in the Hub's documentation ("Xet Protocol
Specification": chunking, hashing, xorb format, shard format, CAS API), checked against hf_xet 1.8.0.
"""
