// Commits of small files: added, replaced, deleted, and refused.
import assert from "node:assert/strict";
import { mkdtemp, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
	commit,
	commitIter,
	deleteFile,
	deleteFiles,
	fileExists,
	listCommits,
	listFiles,
	uploadFile,
	uploadFiles,
	uploadFilesWithProgress,
} from "@huggingface/hub";
import { adding, anonymous, assertRefused, collect, drain, eve, hubUrl, newRepo, owner, reader, SHA1, textOf } from "./hub.mjs";

async function pathsOf(repo, options = {}) {
	const files = await collect(listFiles({ ...owner, repo, recursive: true, ...options }));
	return files.filter((file) => file.type === "file" && file.path !== ".gitattributes").map((file) => file.path);
}

test("uploadFile returns the commit", async () => {
	const repo = await newRepo("one");
	const { commit, pullRequestUrl, hookOutput } = await uploadFile({ ...owner, repo, file: { path: "a.txt", content: new Blob(["a"]) } });
	assert.match(commit.oid, SHA1);
	assert.equal(commit.url, `${hubUrl}/${repo.name}/commit/${commit.oid}`);
	assert.equal(pullRequestUrl, undefined);
	assert.equal(hookOutput, "");
	assert.equal(await textOf(repo, "a.txt"), "a");
});

test("uploadFile takes a File and a file on disk", async () => {
	const repo = await newRepo("sources");
	const folder = await mkdtemp(join(tmpdir(), "js-"));
	await writeFile(join(folder, "on-disk.txt"), "disk");
	await uploadFile({ ...owner, repo, file: new File(["file"], "file.txt") });
	await uploadFile({ ...owner, repo, file: pathToFileURL(join(folder, "on-disk.txt")) });
	assert.deepEqual(await pathsOf(repo), ["file.txt", "on-disk.txt"]);
	assert.equal(await textOf(repo, "on-disk.txt"), "disk");
});

test("uploadFile writes title and description", async () => {
	const repo = await newRepo("titled");
	const file = { path: "a.txt", content: new Blob(["a"]) };
	await uploadFile({ ...owner, repo, file, commitTitle: "Add a", commitDescription: "Because of b" });
	const [last] = await collect(listCommits({ ...owner, repo }));
	assert.deepEqual([last.title, last.message], ["Add a", "Because of b"]);
	await uploadFile({ ...owner, repo, file: { path: "c.txt", content: new Blob(["c"]) } });
	assert.equal((await collect(listCommits({ ...owner, repo })))[0].title, "Add c.txt");
});

test("uploadFile copies a file from a web address", async () => {
	const [source, repo] = [await newRepo("source"), await newRepo("copy")];
	await uploadFile({ ...owner, repo: source, file: { path: "data.csv", content: new Blob(["1,2,3"]) } });
	await uploadFile({ ...owner, repo, file: new URL(`${hubUrl}/${source.name}/resolve/main/data.csv`) });
	assert.equal(await textOf(repo, "data.csv"), "1,2,3");
});

test("uploadFile keeps names with spaces, umlauts, percent and plus signs", async () => {
	const repo = await newRepo("names");
	const paths = ["a b.txt", "100%.txt", "c+d.txt", "größe/é.txt", "日本.txt", "[x].txt"];
	await commit({ ...owner, repo, title: "names", operations: paths.map((path) => adding(path, path)) });
	assert.deepEqual((await pathsOf(repo)).sort(), [...paths].sort());
	for (const path of paths) {
		assert.equal(await textOf(repo, encodeURI(path)), path);
	}
});

test("uploadFile writes an empty file", async () => {
	const repo = await newRepo("empty");
	await uploadFile({ ...owner, repo, file: { path: "empty.txt", content: new Blob([]) } });
	const [file] = (await collect(listFiles({ ...owner, repo }))).filter(({ path }) => path === "empty.txt");
	assert.deepEqual([file.size, file.oid], [0, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"]);
});

test("uploadFiles writes many files in one commit", async () => {
	const repo = await newRepo("many");
	const files = Array.from({ length: 150 }, (_, number) => ({ path: `f/${number}.txt`, content: new Blob([String(number)]) }));
	await uploadFiles({ ...owner, repo, files });
	assert.equal((await pathsOf(repo)).length, 150);
	assert.equal(await textOf(repo, "f/149.txt"), "149");
	const commits = await collect(listCommits({ ...owner, repo }));
	assert.deepEqual(commits.map(({ title }) => title), ["Add 150 files", "initial commit"]);
});

test("uploadFiles writes a folder, down to the given depth", async () => {
	const repo = await newRepo("folder");
	const folder = await mkdtemp(join(tmpdir(), "js-"));
	await mkdir(join(folder, "a", "b"), { recursive: true });
	for (const path of ["top.txt", "a/middle.txt", "a/b/deep.txt"]) {
		await writeFile(join(folder, path), path);
	}
	await commit({
		...owner,
		repo,
		title: "folder",
		operations: [{ operation: "addOrUpdate", path: "in", content: pathToFileURL(folder) }],
	});
	assert.deepEqual(await pathsOf(repo), ["in/a/b/deep.txt", "in/a/middle.txt", "in/top.txt"]);
	assert.equal(await textOf(repo, "in/a/b/deep.txt"), "a/b/deep.txt");
});

test("uploadFilesWithProgress reports the phases", async () => {
	const repo = await newRepo("progress");
	const { events, result } = await drain(
		uploadFilesWithProgress({ ...owner, repo, files: [{ path: "a.txt", content: new Blob(["a"]) }] }),
	);
	const phases = events.filter(({ event }) => event === "phase").map(({ phase }) => phase);
	assert.deepEqual(phases, ["preuploading", "uploadingLargeFiles", "committing"]);
	assert.match(result.commit.oid, SHA1);
});

test("commit adds, replaces and deletes in one commit", async () => {
	const repo = await newRepo("mixed");
	await commit({ ...owner, repo, title: "first", operations: [adding("old.txt", "old"), adding("kept.txt", "1")] });
	const operations = [adding("new.txt", "new"), adding("kept.txt", "2"), { operation: "delete", path: "old.txt" }];
	await commit({ ...owner, repo, title: "second", operations });
	assert.deepEqual(await pathsOf(repo), ["kept.txt", "new.txt"]);
	assert.equal(await textOf(repo, "kept.txt"), "2");
});

test("commit edits byte ranges of a file", async () => {
	const repo = await newRepo("edited");
	const originalContent = new Blob(["Hello, world"]);
	await commit({ ...owner, repo, title: "first", operations: [adding("a.txt", "Hello, world")] });
	const edits = [{ start: 0, end: 5, content: new Blob(["Goodbye"]) }, { start: 12, end: 12, content: new Blob(["!"]) }];
	await commit({ ...owner, repo, title: "edit", operations: [{ operation: "edit", path: "a.txt", originalContent, edits }] });
	assert.equal(await textOf(repo, "a.txt"), "Goodbye, world!");
});

test("commit writes datasets and Spaces", async () => {
	for (const type of ["dataset", "space"]) {
		const repo = await newRepo("typed", type);
		const { commit: written } = await commit({ ...owner, repo, title: "a", operations: [adding("a.txt", type)] });
		assert.equal(written.url, `${hubUrl}/${type}s/${repo.name}/commit/${written.oid}`);
		assert.equal(await textOf(repo, "a.txt"), type);
	}
});

test("commit expects a parent, and is refused with 412 when the branch has moved", async () => {
	const repo = await newRepo("parent");
	const first = await commit({ ...owner, repo, title: "first", operations: [adding("a.txt", "1")] });
	const after = (parentCommit) => commit({ ...owner, repo, title: "next", parentCommit, operations: [adding("a.txt", "2")] });
	await after(first.commit.oid);
	await assertRefused(after(first.commit.oid), 412, /commit has happened since|was updated since/);
	assert.equal((await collect(listCommits({ ...owner, repo }))).length, 3);
});

test("commit can be aborted", async () => {
	const repo = await newRepo("aborted");
	const controller = new AbortController();
	const iterator = commitIter({ ...owner, repo, title: "a", operations: [adding("a.txt", "a")], abortSignal: controller.signal });
	await iterator.next();
	await iterator.next(); // the client has asked for the way of each file
	controller.abort();
	await assert.rejects(drain(iterator), { name: "AbortError" });
	assert.deepEqual(await pathsOf(repo), []);
});

test("deleteFile deletes a file", async () => {
	const repo = await newRepo("delete");
	await commit({ ...owner, repo, title: "files", operations: [adding("a.txt", "a"), adding("b.txt", "b")] });
	await deleteFile({ ...owner, repo, path: "a.txt" });
	assert.equal(await fileExists({ ...owner, repo, path: "a.txt" }), false);
	const [last] = await collect(listCommits({ ...owner, repo }));
	assert.equal(last.title, "Delete a.txt");
});

test("deleteFile deletes a folder", async () => {
	const repo = await newRepo("folder");
	await commit({ ...owner, repo, title: "files", operations: [adding("f/a.txt", "a"), adding("f/g/b.txt", "b"), adding("c.txt", "c")] });
	await deleteFile({ ...owner, repo, path: "f" });
	assert.deepEqual(await pathsOf(repo), ["c.txt"]);
});

test("deleteFiles deletes several files in one commit", async () => {
	const repo = await newRepo("delete");
	const names = ["a.txt", "b.txt", "c.txt"];
	await commit({ ...owner, repo, title: "files", operations: names.map((name) => adding(name, name)) });
	await deleteFiles({ ...owner, repo, paths: ["a.txt", "c.txt"] });
	assert.deepEqual(await pathsOf(repo), ["b.txt"]);
	assert.equal((await collect(listCommits({ ...owner, repo }))).length, 3);
});

test("deleteFile refuses a missing file with 404", async () => {
	const repo = await newRepo("missing");
	await assertRefused(deleteFile({ ...owner, repo, path: "missing.txt" }), 404, /doesn't exist/);
});

test("commit refuses callers without the right to write", async () => {
	const operations = [adding("a.txt", "a")];
	const repo = await newRepo("guarded");
	await assertRefused(commit({ ...eve, repo, title: "a", operations }), 403);
	await assertRefused(commit({ ...reader, repo, title: "a", operations }), 403);
	await assertRefused(commit({ ...anonymous, repo, title: "a", operations }), 401);
	const hidden = await newRepo("hidden", "model", { private: true });
	await assertRefused(commit({ ...eve, repo: hidden, title: "a", operations }), 404, /Repository not found/);
});

test("commit refuses a missing branch with 404", async () => {
	const repo = await newRepo("branch");
	await assertRefused(commit({ ...owner, repo, branch: "missing", title: "a", operations: [adding("a.txt", "a")] }), 404, /Invalid rev id/);
});

test("commit refuses a card with invalid metadata with 400", async () => {
	const repo = await newRepo("card");
	const card = "---\nlicense: [not, a, license\n---\n";
	await assertRefused(commit({ ...owner, repo, title: "card", operations: [adding("README.md", card)] }), 400, /metadata/);
});

test("commit refuses a path that leaves the repository with 400", async () => {
	const repo = await newRepo("outside");
	await assertRefused(commit({ ...owner, repo, title: "a", operations: [adding("../a.txt", "a")] }), 400);
});
