// Buckets: files without a history, sent by xet alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
	commit,
	copyFile,
	copyFolder,
	createRepo,
	deleteFile,
	deleteFiles,
	deleteRepo,
	downloadFile,
	fileDownloadInfo,
	fileExists,
	listFiles,
	pathsInfo,
	repoExists,
	uploadFile,
	uploadFiles,
} from "@huggingface/hub";
import { adding, anonymous, assertRefused, bytes, collect, eve, hubUrl, newRepo, owner, textOf, unusedRepo } from "./hub.mjs";

async function newBucket(files = {}, options = {}) {
	const repo = await newRepo("bucket", "bucket", options);
	if (Object.keys(files).length) {
		const operations = Object.entries(files).map(([path, content]) => adding(path, content));
		await commit({ ...owner, repo, title: "", operations });
	}
	return repo;
}

async function pathsOf(repo, options = {}) {
	const files = await collect(listFiles({ ...owner, repo, recursive: true, ...options }));
	return files.map(({ path }) => path).sort();
}

test("createRepo creates a bucket, and deleteRepo deletes it", async () => {
	const repo = unusedRepo("bucket", "bucket");
	const created = await createRepo({ ...owner, repo });
	assert.equal(created.repoUrl, `${hubUrl}/buckets/${repo.name}`);
	assert.equal(await repoExists({ ...owner, repo }), true);
	await assertRefused(createRepo({ ...owner, repo }), 409);
	await deleteRepo({ ...owner, repo });
	assert.equal(await repoExists({ ...owner, repo }), false);
});

test("createRepo creates a private bucket that others cannot see", async () => {
	const repo = await newBucket({ "a.txt": "a" }, { private: true });
	assert.equal(await repoExists({ ...eve, repo }), false);
	await assertRefused(collect(listFiles({ ...anonymous, repo })), 404);
	await assertRefused(downloadFile({ ...eve, repo, path: "a.txt" }), 404);
});

test("uploadFile and uploadFiles write to a bucket", async () => {
	const repo = await newBucket();
	const large = bytes(100_000);
	await uploadFile({ ...owner, repo, file: { path: "a.txt", content: new Blob(["a"]) } });
	const files = [{ path: "f/b.txt", content: new Blob(["b"]) }, { path: "large.bin", content: new Blob([large]) }];
	await uploadFiles({ ...owner, repo, files });
	assert.deepEqual(await pathsOf(repo), ["a.txt", "f/b.txt", "large.bin"]);
	assert.equal(await textOf(repo, "f/b.txt"), "b");
	const blob = await downloadFile({ ...owner, repo, path: "large.bin" });
	assert.ok(Buffer.from(await blob.arrayBuffer()).equals(large));
	assert.equal(await (await downloadFile({ ...owner, repo, path: "a.txt", xet: false })).text(), "a");
});

test("uploadFile replaces and edits a file of a bucket", async () => {
	const repo = await newBucket({ "a.txt": "Hello" });
	await uploadFile({ ...owner, repo, file: { path: "a.txt", content: new Blob(["Hello, world"]) } });
	const originalContent = await downloadFile({ ...owner, repo, path: "a.txt" });
	const edits = [{ start: 12, end: 12, content: new Blob(["!"]) }];
	await uploadFile({ ...owner, repo, file: { path: "a.txt", originalContent, edits } });
	assert.equal(await textOf(repo, "a.txt"), "Hello, world!");
});

test("deleteFile and deleteFiles remove files of a bucket", async () => {
	const repo = await newBucket({ "a.txt": "a", "b.txt": "b", "c.txt": "c", "d.txt": "d" });
	await deleteFile({ ...owner, repo, path: "a.txt" });
	await deleteFiles({ ...owner, repo, paths: ["b.txt", "c.txt"] });
	assert.deepEqual(await pathsOf(repo), ["d.txt"]);
	assert.equal(await fileExists({ ...owner, repo, path: "a.txt" }), false);
	assert.equal(await fileExists({ ...owner, repo, path: "d.txt" }), true);
});

test("listFiles and pathsInfo describe files of a bucket", async () => {
	const repo = await newBucket({ "a.txt": "abc", "f/b.txt": "b" });
	const top = await collect(listFiles({ ...owner, repo, recursive: false }));
	assert.deepEqual(top.map(({ type, path }) => [type, path]).sort(), [["directory", "f"], ["file", "a.txt"]]);
	const [info, ...others] = await pathsInfo({ ...owner, repo, paths: ["a.txt", "missing.txt"] });
	assert.deepEqual([info.type, info.path, info.size, others.length], ["file", "a.txt", 3, 0]);
	assert.match(info.xetHash, /^[0-9a-f]{64}$/);
	assert.ok(Math.abs(Date.parse(info.uploadedAt) - Date.now()) < 600_000);
});

test("fileDownloadInfo describes a file of a bucket", async () => {
	const repo = await newBucket({ "a.txt": "abc" });
	const info = await fileDownloadInfo({ ...owner, repo, path: "a.txt" });
	assert.deepEqual([info.size, info.url], [3, `${hubUrl}/buckets/${repo.name}/resolve/a.txt`]);
	assert.equal(info.etag, `"${info.xet.hash}"`);
	assert.ok(info.xet.reconstructionUrl.href.endsWith(`/v1/reconstructions/${info.xet.hash}`));
	assert.equal(await fileDownloadInfo({ ...owner, repo, path: "missing.txt" }), null);
});

test("copyFile copies large and small files of a repository into a bucket", async () => {
	const source = await newRepo("source", "dataset");
	const large = bytes(50_000);
	await commit({ ...owner, repo: source, title: "files", operations: [adding("a.txt", "a"), adding("large.bin", large)] });
	const repo = await newBucket();
	for (const path of ["a.txt", "large.bin"]) {
		await copyFile({ ...owner, source: { repo: source, path }, destination: { repo, path: `copied/${path}` } });
	}
	assert.deepEqual(await pathsOf(repo), ["copied/a.txt", "copied/large.bin"]);
	const blob = await downloadFile({ ...owner, repo, path: "copied/large.bin" });
	assert.ok(Buffer.from(await blob.arrayBuffer()).equals(large));
});

test("copyFolder copies a folder of a bucket into another one", async () => {
	const source = await newBucket({ "f/a.txt": "a", "f/g/b.txt": "b", "c.txt": "c" });
	const repo = await newBucket();
	await copyFolder({ ...owner, source: { repo: source, path: "f" }, destination: { repo, path: "to" } });
	assert.deepEqual(await pathsOf(repo), ["to/a.txt", "to/g/b.txt"]);
	assert.equal(await textOf(repo, "to/g/b.txt"), "b");
});

test("commit refuses callers without the right to write to a bucket", async () => {
	const repo = await newBucket({ "a.txt": "a" });
	await assertRefused(deleteFile({ ...eve, repo, path: "a.txt" }), 403);
	await assertRefused(uploadFile({ ...eve, repo, file: { path: "b.txt", content: new Blob(["b"]) } }), 403);
});
