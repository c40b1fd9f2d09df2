// The cache on disk, in the layout that huggingface_hub shares.
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, readlink, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { before, test } from "node:test";
import { commit, createBranch, downloadFileToCacheDir, scanCacheDir, snapshotDownload } from "@huggingface/hub";
import { adding, blobId, bytes, newRepo, owner, sha256 } from "./hub.mjs";

console.debug = () => {}; // the client reports each download there

const large = bytes(50_000);
let repo;
let head;

const newCache = async () => realpath(await mkdtemp(join(tmpdir(), "js-cache-")));

before(async () => {
	repo = await newRepo("cache");
	const operations = [adding("a.txt", "a"), adding("f/g/b.txt", "b"), adding("weights.bin", large)];
	head = (await commit({ ...owner, repo, title: "files", operations })).commit.oid;
});

test("downloadFileToCacheDir stores a file under its commit and blob", async () => {
	const cacheDir = await newCache();
	const path = await downloadFileToCacheDir({ ...owner, repo, path: "a.txt", cacheDir });
	const folder = join(cacheDir, `models--${repo.name.replace("/", "--")}`);
	assert.equal(path, join(folder, "snapshots", head, "a.txt"));
	assert.equal(await readFile(path, "utf8"), "a");
	assert.equal(basename(await readlink(path)), blobId("a"));
});

test("downloadFileToCacheDir names a large file by its sha256", async () => {
	const path = await downloadFileToCacheDir({ ...owner, repo, path: "weights.bin", cacheDir: await newCache() });
	assert.equal(basename(await readlink(path)), sha256(large));
	assert.ok((await readFile(path)).equals(large));
});

test("downloadFileToCacheDir takes a file that is there, without the Hub", async () => {
	const cacheDir = await newCache();
	const first = await downloadFileToCacheDir({ ...owner, repo, path: "a.txt", revision: head, cacheDir });
	const fetch = () => assert.fail("no request was expected");
	assert.equal(await downloadFileToCacheDir({ ...owner, repo, path: "a.txt", revision: head, cacheDir, fetch }), first);
});

test("downloadFileToCacheDir fails for a missing file", async () => {
	await assert.rejects(downloadFileToCacheDir({ ...owner, repo, path: "missing.txt", cacheDir: await newCache() }), /cannot get path info/);
});

test("snapshotDownload stores all files of a revision", async () => {
	const cacheDir = await newCache();
	const folder = await snapshotDownload({ ...owner, repo, cacheDir });
	assert.equal(basename(folder), head);
	assert.deepEqual((await readdir(folder)).sort(), [".gitattributes", "a.txt", "f", "weights.bin"]);
	assert.equal(await readFile(join(folder, "f/g/b.txt"), "utf8"), "b");
	assert.ok((await readFile(join(folder, "weights.bin"))).equals(large));
	assert.equal(await readFile(join(folder, "../../refs/main"), "utf8"), head);
});

test("snapshotDownload stores a branch of a dataset and of a Space", async () => {
	for (const type of ["dataset", "space"]) {
		const other = await newRepo("cache", type);
		await createBranch({ ...owner, repo: other, branch: "dev" });
		await commit({ ...owner, repo: other, branch: "dev", title: "a", operations: [adding("a.txt", type)] });
		const folder = await snapshotDownload({ ...owner, repo: other, revision: "dev", cacheDir: await newCache() });
		assert.equal(await readFile(join(folder, "a.txt"), "utf8"), type);
	}
});

test("scanCacheDir describes the cache", async () => {
	const cacheDir = await newCache();
	await snapshotDownload({ ...owner, repo, cacheDir });
	const { repos, warnings } = await scanCacheDir(cacheDir);
	assert.deepEqual(warnings, []);
	assert.deepEqual(repos.map(({ id }) => id), [repo]);
	assert.deepEqual(repos[0].revisions.map(({ commitOid, refs }) => [commitOid, refs]), [[head, ["main"]]]);
});
