"""Reference -> LocalRelease (checked): resolve a commit, select its files, download and check them."""
