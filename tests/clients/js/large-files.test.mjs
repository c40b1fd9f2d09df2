// Large files: by LFS in one part and in several, by xet, edited, and not sent twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { __internal_sha256, __internal_XetBlob, commit, commitIter, downloadFile, fileDownloadInfo, pathsInfo, uploadFile } from "@huggingface/hub";
import { adding, assertRefused, blobId, bytes, drain, eve, newRepo, ONE_MIB, owner, recordingFetch, sha256, SHA1, textOf } from "./hub.mjs";

async function contentOf(repo, path, options = {}) {
	const blob = await downloadFile({ ...owner, repo, path, ...options });
	return Buffer.from(await blob.arrayBuffer());
}

function uploading(repo, path, content, options = {}) {
	return uploadFile({ ...owner, repo, file: { path, content: new Blob([content]) }, ...options });
}

async function uploadIn(useXet, label, content) {
	const repo = await newRepo(label);
	const { fetch, requests } = recordingFetch();
	const result = await uploading(repo, "weights.bin", content, { useXet, fetch });
	assert.match(result.commit.oid, SHA1);
	return { repo, requests };
}

const pointer = (content) => `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(content)}\nsize ${content.length}\n`;

test("commit sends a large file by LFS", async () => {
	const content = bytes(50_000);
	const { repo, requests } = await uploadIn(false, "lfs", content);
	assert.deepEqual(requests.map(({ method }) => method), ["POST", "POST", "PUT", "POST"]);
	assert.ok((await contentOf(repo, "weights.bin")).equals(content));
	const [info] = await pathsInfo({ ...owner, repo, paths: ["weights.bin"] });
	assert.deepEqual(info.lfs, { oid: sha256(content), size: 50_000, pointerSize: pointer(content).length });
	assert.equal(info.oid, blobId(pointer(content)));
});

test("commit sends a larger file by LFS in parts", async () => {
	const content = bytes(5 * ONE_MIB + 17); // the Hub under test takes parts of one MiB
	const { repo, requests } = await uploadIn(false, "parts", content);
	assert.equal(requests.filter(({ method }) => method === "PUT").length, 6);
	assert.ok((await contentOf(repo, "weights.bin")).equals(content));
});

test("commit sends a large file by xet", async () => {
	const content = bytes(3 * ONE_MIB);
	const { repo, requests } = await uploadIn(true, "xet", content);
	assert.ok(requests.some(({ path }) => path.includes("/v1/xorbs/default/")));
	assert.ok(requests.some(({ path }) => path.endsWith("/v1/shards")));
	assert.ok(!requests.some(({ method }) => method === "PUT"));
	const [info] = await pathsInfo({ ...owner, repo, paths: ["weights.bin"] });
	assert.equal(info.lfs.oid, sha256(content));
	assert.match(info.xetHash, /^[0-9a-f]{64}$/);
	assert.ok((await contentOf(repo, "weights.bin")).equals(content));
});

test("commit sends many large files by xet at once", async () => {
	const repo = await newRepo("xet");
	const contents = Array.from({ length: 8 }, (_, number) => bytes(100_000 + number));
	await commit({ ...owner, repo, title: "many", operations: contents.map((content, number) => adding(`${number}.bin`, content)) });
	for (const [number, content] of contents.entries()) {
		assert.ok((await contentOf(repo, `${number}.bin`)).equals(content), `${number}.bin`);
	}
});

test("commit opens a pull request with a large file", async () => {
	for (const useXet of [true, false]) {
		const repo = await newRepo("pull");
		const content = bytes(60_000);
		const { pullRequestUrl } = await uploading(repo, "weights.bin", content, { useXet, isPullRequest: true });
		assert.match(pullRequestUrl, /\/discussions\/1$/);
		assert.ok((await contentOf(repo, "weights.bin", { revision: "refs/pr/1" })).equals(content));
		assert.equal(await textOf(repo, "weights.bin"), null);
	}
});

test("commit does not send again what the repository has", async () => {
	const content = bytes(70_000);
	for (const useXet of [true, false]) {
		const { repo } = await uploadIn(useXet, "again", content);
		const { fetch, requests } = recordingFetch();
		await uploading(repo, "copy.bin", content, { useXet, fetch });
		assert.deepEqual(requests.map(({ path }) => path.split("/").at(-1)), ["main", "batch", "main"]);
		assert.ok((await contentOf(repo, "copy.bin")).equals(content));
	}
});

test("commit sends only the new chunks of a changed file", async () => {
	const content = bytes(2 * ONE_MIB);
	const { repo } = await uploadIn(true, "chunks", content);
	const { fetch, requests } = recordingFetch();
	const longer = Buffer.concat([content, bytes(1000)]);
	await uploading(repo, "weights.bin", longer, { fetch });
	assert.ok(requests.some(({ path, response }) => path.includes("/v1/chunks/default/") && response.status === 200));
	assert.ok((await contentOf(repo, "weights.bin")).equals(longer));
});

test("commit appends to a large file", async () => {
	const content = bytes(ONE_MIB);
	const rangeEditCache = new Map();
	const { repo } = await uploadIn(true, "append", content);
	let whole = content;
	for (let round = 0; round < 2; round += 1) {
		const originalContent = await downloadFile({ ...owner, repo, path: "weights.bin" });
		const edits = [{ start: whole.length, end: whole.length, content: new Blob(["more"]) }];
		await uploadFile({ ...owner, repo, file: { path: "weights.bin", originalContent, edits }, rangeEditCache });
		whole = Buffer.concat([whole, Buffer.from("more")]);
		assert.ok((await contentOf(repo, "weights.bin")).equals(whole));
	}
});

test("commit replaces a range in the middle of a large file", async () => {
	const content = bytes(2 * ONE_MIB);
	const { repo } = await uploadIn(true, "middle", content);
	const originalContent = await downloadFile({ ...owner, repo, path: "weights.bin" });
	const edits = [{ start: ONE_MIB, end: ONE_MIB + 3, content: new Blob(["12345"]) }];
	await uploadFile({ ...owner, repo, file: { path: "weights.bin", originalContent, edits } });
	const expected = Buffer.concat([content.subarray(0, ONE_MIB), Buffer.from("12345"), content.subarray(ONE_MIB + 3)]);
	assert.ok((await contentOf(repo, "weights.bin")).equals(expected));
});

test("commitIter reports hashing and uploading of a large file", async () => {
	for (const useXet of [true, false]) {
		const repo = await newRepo("events");
		const operations = [adding("weights.bin", bytes(80_000))];
		const { events, result } = await drain(commitIter({ ...owner, repo, title: "large", operations, useXet }));
		const states = new Set(events.filter(({ event }) => event === "fileProgress").map(({ state }) => state));
		assert.deepEqual([...states], ["hashing", "uploading"]);
		assert.equal(events.filter(({ state }) => state === "uploading").at(-1).progress, 1);
		assert.match(result.commit.oid, SHA1);
	}
});

test("downloadFile reads a file by xet and by HTTP", async () => {
	const content = bytes(300_000);
	const { repo } = await uploadIn(true, "both", content);
	const xet = await downloadFile({ ...owner, repo, path: "weights.bin" });
	const http = await downloadFile({ ...owner, repo, path: "weights.bin", xet: false });
	assert.equal(xet.constructor.name, __internal_XetBlob.name);
	assert.notEqual(http.constructor.name, __internal_XetBlob.name);
	for (const blob of [xet, http]) {
		assert.equal(blob.size, 300_000);
		assert.ok(Buffer.from(await blob.arrayBuffer()).equals(content));
		assert.ok(Buffer.from(await blob.slice(100_000, 200_001).arrayBuffer()).equals(content.subarray(100_000, 200_001)));
	}
});

test("downloadFile reads a large file with parallel requests", async () => {
	const content = bytes(6 * ONE_MIB);
	const { repo } = await uploadIn(true, "parallel", content);
	for (const parallelDownloads of [{ maxConcurrency: 4 }, false]) {
		assert.ok((await contentOf(repo, "weights.bin", { parallelDownloads })).equals(content));
	}
});

test("downloadFile reads the pointer of a large file", async () => {
	const content = bytes(90_000);
	const { repo } = await uploadIn(false, "pointer", content);
	assert.equal(await textOf(repo, "weights.bin", { raw: true }), pointer(content));
});

test("fileDownloadInfo describes a large file", async () => {
	const content = bytes(40_000);
	for (const useXet of [true, false]) {
		const { repo } = await uploadIn(useXet, "described", content);
		const info = await fileDownloadInfo({ ...owner, repo, path: "weights.bin" });
		assert.deepEqual([info.size, info.etag], [40_000, `"${sha256(content)}"`]);
		assert.equal(info.url, `${owner.hubUrl}/${repo.name}/resolve/main/weights.bin`);
	}
	const repo = await newRepo("described");
	await uploading(repo, "weights.bin", bytes(40_000));
	const { xet } = await fileDownloadInfo({ ...owner, repo, path: "weights.bin" });
	assert.match(xet.hash, /^[0-9a-f]{64}$/);
	assert.equal(xet.refreshUrl.origin, owner.hubUrl);
	assert.ok(xet.reconstructionUrl.href.endsWith(`/v1/reconstructions/${xet.hash}`));
});

test("commit refuses a large file of a caller without the right to write", async () => {
	const repo = await newRepo("guarded");
	await assertRefused(uploadFile({ ...eve, repo, file: { path: "weights.bin", content: new Blob([bytes(40_000)]) } }), 403);
	const hidden = await newRepo("hidden", "model", { private: true });
	await assertRefused(uploadFile({ ...eve, repo: hidden, file: { path: "weights.bin", content: new Blob([bytes(40_000)]) } }), 404);
});

test("the client's sha256 is that of the Hub", async () => {
	const iterator = __internal_sha256(new Blob(["abc"]));
	assert.equal((await drain(iterator)).result, sha256("abc"));
});
