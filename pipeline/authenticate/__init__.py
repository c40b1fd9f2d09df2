"""RemoteRelease -> RemoteRelease: the files of a release with the digests that a trusted signer has signed."""
