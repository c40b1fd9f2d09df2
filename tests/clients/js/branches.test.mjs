// Branches and pull requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { commit, createBranch, deleteBranch, deleteFile, listCommits, listFiles, modelInfo, uploadFile } from "@huggingface/hub";
import { adding, assertRefused, collect, eve, hubUrl, newRepo, owner, reader, textOf } from "./hub.mjs";

async function repoWithFile(type = "model") {
	const repo = await newRepo("branches", type);
	const { commit: first } = await commit({ ...owner, repo, title: "first", operations: [adding("a.txt", "1")] });
	return { repo, first: first.oid };
}

test("createBranch starts at the default branch", async () => {
	const { repo } = await repoWithFile();
	assert.equal(await createBranch({ ...owner, repo, branch: "dev" }), undefined);
	assert.equal(await textOf(repo, "a.txt", { revision: "dev" }), "1");
});

test("createBranch starts at a commit", async () => {
	const { repo, first } = await repoWithFile("dataset");
	await commit({ ...owner, repo, title: "second", operations: [adding("a.txt", "2")] });
	await createBranch({ ...owner, repo, branch: "old", revision: first });
	assert.equal(await textOf(repo, "a.txt", { revision: "old" }), "1");
});

test("createBranch creates an empty branch", async () => {
	const { repo } = await repoWithFile();
	await createBranch({ ...owner, repo, branch: "empty", empty: true });
	assert.deepEqual(await collect(listFiles({ ...owner, repo, revision: "empty", recursive: true })), []);
	assert.equal((await collect(listCommits({ ...owner, repo, revision: "empty" }))).length, 1);
});

test("createBranch accepts a name with a slash", async () => {
	const { repo } = await repoWithFile();
	await createBranch({ ...owner, repo, branch: "feature/one" });
	await uploadFile({ ...owner, repo, branch: "feature/one", file: { path: "b.txt", content: new Blob(["b"]) } });
	assert.equal(await textOf(repo, "b.txt", { revision: "feature/one" }), "b");
	assert.equal((await modelInfo({ ...owner, name: repo.name, revision: "feature/one", additionalFields: ["sha"] })).sha.length, 40);
	await deleteBranch({ ...owner, repo, branch: "feature/one" });
});

test("createBranch refuses an existing branch with 409, and moves it with overwrite", async () => {
	const { repo, first } = await repoWithFile();
	await createBranch({ ...owner, repo, branch: "dev" });
	await commit({ ...owner, repo, branch: "dev", title: "second", operations: [adding("a.txt", "2")] });
	await assertRefused(createBranch({ ...owner, repo, branch: "dev" }), 409, /already exists/);
	await createBranch({ ...owner, repo, branch: "dev", revision: first, overwrite: true });
	assert.equal(await textOf(repo, "a.txt", { revision: "dev" }), "1");
});

test("createBranch refuses a missing starting point with 404", async () => {
	const { repo } = await repoWithFile();
	await assertRefused(createBranch({ ...owner, repo, branch: "dev", revision: "missing" }), 404, /Invalid rev id/);
});

test("createBranch refuses callers without the right to write with 403", async () => {
	const { repo } = await repoWithFile();
	await assertRefused(createBranch({ ...eve, repo, branch: "dev" }), 403);
	await assertRefused(createBranch({ ...reader, repo, branch: "dev" }), 403);
});

test("deleteBranch deletes a branch", async () => {
	const { repo } = await repoWithFile();
	await createBranch({ ...owner, repo, branch: "dev" });
	assert.equal(await deleteBranch({ ...owner, repo, branch: "dev" }), undefined);
	await assertRefused(deleteBranch({ ...owner, repo, branch: "dev" }), 404, /Invalid rev id/);
});

test("deleteBranch refuses the default branch with 403", async () => {
	const { repo } = await repoWithFile();
	await assertRefused(deleteBranch({ ...owner, repo, branch: "main" }), 403);
});

test("commit writes to a branch", async () => {
	const { repo } = await repoWithFile();
	await createBranch({ ...owner, repo, branch: "dev" });
	await commit({ ...owner, repo, branch: "dev", title: "on dev", operations: [adding("b.txt", "b")] });
	await deleteFile({ ...owner, repo, branch: "dev", path: "a.txt" });
	assert.equal(await textOf(repo, "a.txt", { revision: "dev" }), null);
	assert.equal(await textOf(repo, "a.txt"), "1");
	assert.equal(await textOf(repo, "b.txt"), null);
});

test("commit opens a pull request", async () => {
	const { repo } = await repoWithFile();
	const { pullRequestUrl, commit: written } = await commit({
		...owner,
		repo,
		title: "Change a",
		description: "It was wrong",
		isPullRequest: true,
		operations: [adding("a.txt", "2")],
	});
	assert.equal(pullRequestUrl, `${hubUrl}/${repo.name}/discussions/1`);
	assert.equal(await textOf(repo, "a.txt"), "1");
	assert.equal(await textOf(repo, "a.txt", { revision: "refs/pr/1" }), "2");
	const [last] = await collect(listCommits({ ...owner, repo, revision: "refs/pr/1" }));
	assert.deepEqual([last.oid, last.title], [written.oid, "Change a"]);
});

test("commit adds to a pull request", async () => {
	const { repo } = await repoWithFile();
	await commit({ ...owner, repo, title: "one", isPullRequest: true, operations: [adding("b.txt", "b")] });
	await commit({ ...owner, repo, title: "two", branch: "refs/pr/1", operations: [adding("c.txt", "c")] });
	const files = await collect(listFiles({ ...owner, repo, revision: "refs/pr/1" }));
	assert.deepEqual(files.map(({ path }) => path), [".gitattributes", "a.txt", "b.txt", "c.txt"]);
});

test("commit opens a pull request on a parent", async () => {
	const { repo, first } = await repoWithFile();
	const operations = [adding("b.txt", "b")];
	await commit({ ...owner, repo, title: "one", isPullRequest: true, parentCommit: first, operations });
	assert.equal(await textOf(repo, "b.txt", { revision: "refs/pr/1" }), "b");
});

test("another user opens a pull request, and cannot write to the branch", async () => {
	const { repo } = await repoWithFile("dataset");
	const { pullRequestUrl } = await uploadFile({ ...eve, repo, isPullRequest: true, file: { path: "e.txt", content: new Blob(["e"]) } });
	assert.equal(pullRequestUrl, `${hubUrl}/datasets/${repo.name}/discussions/1`);
	assert.equal(await textOf(repo, "e.txt", { revision: "refs/pr/1" }), "e");
	await assertRefused(uploadFile({ ...eve, repo, file: { path: "e.txt", content: new Blob(["e"]) } }), 403);
});
