// Downloads of small files.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { commit, downloadFile, fileDownloadInfo, fileExists } from "@huggingface/hub";
import { adding, anonymous, assertRefused, blobId, eve, hubUrl, newRepo, owner, textOf } from "./hub.mjs";

let repo;
let first;

before(async () => {
	repo = await newRepo("downloads");
	first = (await commit({ ...owner, repo, title: "1", operations: [adding("a.txt", "0123456789"), adding("f/b.txt", "b")] })).commit.oid;
	await commit({ ...owner, repo, title: "2", operations: [adding("a.txt", "new")] });
});

test("fileExists finds files and folders' files, and no others", async () => {
	const answers = [];
	for (const path of ["a.txt", "f/b.txt", "missing.txt", "f"]) {
		answers.push(await fileExists({ ...owner, repo, path }));
	}
	assert.deepEqual(answers, [true, true, false, false]);
});

test("fileExists looks at the given revision", async () => {
	await commit({ ...owner, repo, title: "3", operations: [adding("late.txt", "late")] });
	assert.equal(await fileExists({ ...owner, repo, path: "late.txt" }), true);
	assert.equal(await fileExists({ ...owner, repo, path: "late.txt", revision: first }), false);
	assert.equal(await fileExists({ ...owner, repo, path: "late.txt", revision: "missing" }), false);
});

test("fileExists is false in a private repository of others", async () => {
	const hidden = await newRepo("hidden", "dataset", { private: true });
	await commit({ ...owner, repo: hidden, title: "a", operations: [adding("a.txt", "a")] });
	assert.equal(await fileExists({ ...owner, repo: hidden, path: "a.txt" }), true);
	assert.equal(await fileExists({ ...anonymous, repo: hidden, path: "a.txt" }), false);
});

test("downloadFile reads a file at a branch, a commit and HEAD", async () => {
	assert.equal(await textOf(repo, "a.txt"), "new");
	assert.equal(await textOf(repo, "a.txt", { revision: first }), "0123456789");
	assert.equal(await textOf(repo, "a.txt", { revision: first.slice(0, 10) }), "0123456789");
	assert.equal(await textOf(repo, "a.txt", { revision: "HEAD" }), "new");
});

test("downloadFile reads parts of a file", async () => {
	const blob = await downloadFile({ ...owner, repo, path: "a.txt", revision: first });
	assert.equal(blob.size, 10);
	assert.equal(await blob.slice(3, 5).text(), "34");
	assert.equal(await blob.slice(8).text(), "89");
});

test("downloadFile streams a file", async () => {
	const blob = await downloadFile({ ...owner, repo, path: "f/b.txt" });
	assert.equal(await new Response(blob.stream()).text(), "b");
});

test("downloadFile is null for a missing file", async () => {
	assert.equal(await downloadFile({ ...owner, repo, path: "missing.txt" }), null);
});

test("downloadFile reads a private file with a token only", async () => {
	const hidden = await newRepo("hidden", "space", { private: true });
	await commit({ ...owner, repo: hidden, title: "a", operations: [adding("a.txt", "secret")] });
	assert.equal(await textOf(hidden, "a.txt"), "secret");
	await assertRefused(downloadFile({ ...eve, repo: hidden, path: "a.txt" }), 404, /Repository not found/);
	await assertRefused(downloadFile({ ...anonymous, repo: hidden, path: "a.txt" }), 404, /Repository not found/);
});

test("downloadFile refuses a missing revision and a missing repository with 404", async () => {
	await assertRefused(downloadFile({ ...owner, repo, path: "a.txt", revision: "missing" }), 404, /Invalid rev id/);
	await assertRefused(downloadFile({ ...owner, repo: "acme/missing", path: "a.txt" }), 404, /Repository not found/);
});

test("downloadFile refuses a repository without a namespace with 404", async () => {
	await assertRefused(downloadFile({ ...owner, repo: "gpt2", path: "config.json" }), 404, /Repository not found/);
});

test("fileDownloadInfo gives size, ETag and address", async () => {
	const info = await fileDownloadInfo({ ...owner, repo, path: "a.txt", revision: first });
	assert.deepEqual(info, {
		size: 10,
		etag: `"${blobId("0123456789")}"`,
		xet: undefined,
		url: `${hubUrl}/${repo.name}/resolve/${first}/a.txt`,
	});
});

test("fileDownloadInfo gives the raw file, and leaves out the name on request", async () => {
	assert.equal((await fileDownloadInfo({ ...owner, repo, path: "a.txt", raw: true })).url, `${hubUrl}/${repo.name}/raw/main/a.txt`);
	const info = await fileDownloadInfo({ ...owner, repo, path: "a.txt", noContentDisposition: true });
	const response = await fetch(info.url);
	assert.equal(response.headers.get("content-disposition"), null);
	assert.equal(await response.text(), "new");
});

test("fileDownloadInfo is null for a missing file", async () => {
	assert.equal(await fileDownloadInfo({ ...owner, repo, path: "missing.txt" }), null);
});

test("downloadFile uses the information of an earlier call", async () => {
	const downloadInfo = await fileDownloadInfo({ ...owner, repo, path: "a.txt", revision: first });
	assert.equal(await textOf(repo, "ignored", { downloadInfo }), "0123456789");
});
