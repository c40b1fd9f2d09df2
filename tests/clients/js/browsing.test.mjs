// Listings: files, paths, commits.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { commit, countCommits, listCommits, listFiles, pathsInfo } from "@huggingface/hub";
import { adding, anonymous, assertRefused, blobId, collect, eve, newRepo, owner, SHA1, sha256 } from "./hub.mjs";

let repo;
const oids = [];

before(async () => {
	repo = await newRepo("browsing");
	const write = async (title, ...operations) => oids.push((await commit({ ...owner, repo, title, operations })).commit.oid);
	await write("first", adding("a.txt", "a"), adding("f/b.txt", "bb"), adding("f/g/c.bin", "ccc"));
	await write("second", adding("a.txt", "aa"));
	await write("third", { operation: "delete", path: "f/b.txt" });
});

test("listFiles lists one level", async () => {
	const files = await collect(listFiles({ ...owner, repo, revision: oids[0] }));
	const known = Object.fromEntries(files.map((file) => [file.path, file]));
	assert.deepEqual(Object.keys(known), ["f", ".gitattributes", "a.txt"]);
	assert.deepEqual(known["a.txt"], { type: "file", path: "a.txt", size: 1, oid: blobId("a") });
	assert.deepEqual([known.f.type, known.f.size], ["directory", 0]);
	assert.match(known.f.oid, SHA1);
});

test("listFiles lists all levels", async () => {
	const files = await collect(listFiles({ ...owner, repo, revision: oids[0], recursive: true }));
	assert.deepEqual(files.map(({ path }) => path).sort(), [".gitattributes", "a.txt", "f", "f/b.txt", "f/g", "f/g/c.bin"]);
	const large = files.find(({ path }) => path === "f/g/c.bin");
	assert.equal(large.size, 3);
	assert.deepEqual([large.lfs.oid, large.lfs.size], [sha256("ccc"), 3]);
});

test("listFiles lists a folder", async () => {
	const files = await collect(listFiles({ ...owner, repo, revision: oids[0], path: "f" }));
	assert.deepEqual(files.map(({ path }) => path).sort(), ["f/b.txt", "f/g"]);
});

test("listFiles gives the last commit of each entry on request", async () => {
	const files = await collect(listFiles({ ...owner, repo, expand: true }));
	const titles = Object.fromEntries(files.map((file) => [file.path, file.lastCommit.title]));
	assert.deepEqual(titles, { ".gitattributes": "initial commit", "a.txt": "second", f: "third" });
	const file = files.find(({ path }) => path === "a.txt");
	assert.equal(file.lastCommit.id, oids[1]);
	assert.ok(!Number.isNaN(Date.parse(file.lastCommit.date)));
	assert.ok(file.securityFileStatus);
});

test("listFiles follows the pages of a long list", async () => {
	const many = await newRepo("many", "dataset");
	const operations = Array.from({ length: 1_100 }, (_, number) => adding(`${String(number).padStart(4, "0")}.txt`, "x"));
	await commit({ ...owner, repo: many, title: "many", operations });
	const paths = (await collect(listFiles({ ...owner, repo: many }))).map(({ path }) => path);
	assert.equal(paths.length, 1_101);
	assert.equal(new Set(paths).size, 1_101);
});

test("listFiles refuses a missing folder, revision and repository with 404", async () => {
	await assertRefused(collect(listFiles({ ...owner, repo, path: "missing" })), 404);
	await assertRefused(collect(listFiles({ ...owner, repo, revision: "missing" })), 404, /Invalid rev id/);
	await assertRefused(collect(listFiles({ ...owner, repo: "acme/missing" })), 404, /Repository not found/);
});

test("pathsInfo describes files and folders, and leaves out missing paths", async () => {
	const infos = await pathsInfo({ ...owner, repo, revision: oids[0], paths: ["a.txt", "f", "f/g/c.bin", "missing"] });
	assert.deepEqual(infos.map(({ path, type, size }) => [path, type, size]), [
		["a.txt", "file", 1],
		["f", "directory", 0],
		["f/g/c.bin", "file", 3],
	]);
	assert.equal(infos[0].oid, blobId("a"));
	assert.equal(infos[0].lastCommit, undefined);
	assert.equal(infos[2].lfs.oid, sha256("ccc"));
});

test("pathsInfo gives the last commit on request", async () => {
	const [info] = await pathsInfo({ ...owner, repo, paths: ["a.txt"], expand: true });
	assert.deepEqual([info.lastCommit.id, info.lastCommit.title], [oids[1], "second"]);
	assert.ok(info.lastCommit.date instanceof Date && !Number.isNaN(info.lastCommit.date.getTime()));
	assert.ok(info.securityFileStatus.status);
});

test("pathsInfo refuses a missing revision with 404", async () => {
	await assertRefused(pathsInfo({ ...owner, repo, revision: "missing", paths: ["a.txt"] }), 404, /Invalid rev id/);
});

test("listCommits lists commits, the latest first", async () => {
	const commits = await collect(listCommits({ ...owner, repo }));
	assert.deepEqual(commits.map(({ title }) => title), ["third", "second", "first", "initial commit"]);
	assert.deepEqual(commits.slice(0, 3).map(({ oid }) => oid), [...oids].reverse());
	assert.equal(commits[0].message, "");
	assert.equal(commits[0].authors[0].username, "acme");
	assert.match(commits[0].authors[0].avatarUrl, /\/avatars\//);
	assert.ok(Math.abs(commits[0].date - Date.now()) < 600_000);
});

test("listCommits follows pages", async () => {
	const commits = await collect(listCommits({ ...owner, repo, batchSize: 1 }));
	assert.equal(commits.length, 4);
});

test("listCommits starts at a revision", async () => {
	const commits = await collect(listCommits({ ...owner, repo, revision: oids[0] }));
	assert.deepEqual(commits.map(({ title }) => title), ["first", "initial commit"]);
});

test("countCommits counts the commits of a revision", async () => {
	assert.equal(await countCommits({ ...owner, repo }), 4);
	assert.equal(await countCommits({ ...owner, repo, revision: oids[0] }), 2);
});

test("countCommits refuses a missing revision with 404", async () => {
	await assertRefused(countCommits({ ...owner, repo, revision: "missing" }), 404, /Invalid rev id/);
});

test("lists of a private repository are refused with 404", async () => {
	const hidden = await newRepo("hidden", "model", { private: true });
	for (const caller of [eve, anonymous]) {
		await assertRefused(collect(listFiles({ ...caller, repo: hidden })), 404, /Repository not found/);
		await assertRefused(collect(listCommits({ ...caller, repo: hidden })), 404, /Repository not found/);
		await assertRefused(pathsInfo({ ...caller, repo: hidden, paths: ["a.txt"] }), 404, /Repository not found/);
	}
});
