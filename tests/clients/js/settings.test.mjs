// Repositories that were moved, gated, tagged, or whose pull request was merged by other clients.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
	checkRepoAccess,
	commit,
	createBranch,
	deleteFile,
	deleteRepo,
	downloadFile,
	fileExists,
	listCommits,
	listFiles,
	listModels,
	modelInfo,
	pathsInfo,
	repoExists,
	uploadFile,
} from "@huggingface/hub";
import { adding, anonymous, assertRefused, bytes, collect, eve, newRepo, owner, textOf, unusedRepo } from "./hub.mjs";

async function call(method, path, body) {
	const headers = { authorization: `Bearer ${owner.accessToken}`, "content-type": "application/json" };
	const response = await fetch(owner.hubUrl + path, { method, headers, body: body && JSON.stringify(body) });
	assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
	return response;
}

async function movedRepo(type) {
	const [repo, target] = [await newRepo("old", type), unusedRepo("new", type)];
	await commit({ ...owner, repo, title: "files", operations: [adding("a.txt", "a"), adding("w.bin", bytes(100))] });
	await call("POST", "/api/repos/move", { fromRepo: repo.name, toRepo: target.name, type });
	return { repo, target };
}

for (const type of ["model", "dataset"]) {
	test(`a moved ${type} is read by its former name`, async () => {
		const { repo, target } = await movedRepo(type);
		assert.equal(await repoExists({ ...owner, repo }), true);
		assert.equal(await textOf(repo, "a.txt"), "a");
		assert.equal((await downloadFile({ ...owner, repo, path: "w.bin" })).size, 100);
		assert.equal(await fileExists({ ...owner, repo, path: "a.txt" }), true);
		assert.equal((await collect(listFiles({ ...owner, repo }))).length, 3);
		assert.equal((await pathsInfo({ ...owner, repo, paths: ["a.txt"] })).length, 1);
		assert.deepEqual(await collect(listCommits({ ...owner, repo })), await collect(listCommits({ ...owner, repo: target })));
	});

	test(`a moved ${type} is written by its former name`, async () => {
		const { repo, target } = await movedRepo(type);
		for (const useXet of [true, false]) {
			await uploadFile({ ...owner, repo, file: { path: `${useXet}.bin`, content: new Blob([bytes(100)]) }, useXet });
		}
		await createBranch({ ...owner, repo, branch: "dev" });
		await deleteFile({ ...owner, repo, path: "a.txt" });
		const paths = (await collect(listFiles({ ...owner, repo: target }))).map(({ path }) => path);
		assert.deepEqual(paths.sort(), [".gitattributes", "false.bin", "true.bin", "w.bin"]);
	});
}

test("a name in another case finds the repository", async () => {
	const repo = await newRepo("Cased");
	const name = repo.name.toLowerCase();
	assert.equal((await modelInfo({ ...anonymous, name })).name, repo.name);
	await uploadFile({ ...owner, repo: name, file: { path: "a.txt", content: new Blob(["a"]) } });
	assert.equal(await textOf(name, "a.txt"), "a");
});

test("a gated model shows its listing and keeps its files", async () => {
	for (const gated of ["auto", "manual"]) {
		const repo = await newRepo("gated");
		await commit({ ...owner, repo, title: "files", operations: [adding("a.txt", "a"), adding("w.bin", bytes(100))] });
		await call("PUT", `/api/models/${repo.name}/settings`, { gated });
		assert.equal((await modelInfo({ ...anonymous, name: repo.name })).gated, gated);
		const [listed] = await collect(listModels({ ...anonymous, search: { query: repo.name } }));
		assert.equal(listed.gated, gated);
		assert.equal(await checkRepoAccess({ ...anonymous, repo }), undefined);
		assert.equal((await collect(listFiles({ ...anonymous, repo }))).length, 3);
		for (const path of ["a.txt", "w.bin"]) {
			await assertRefused(downloadFile({ ...eve, repo, path }), 403, /restricted/);
			await assertRefused(downloadFile({ ...anonymous, repo, path }), 401, /restricted/);
			assert.notEqual(await downloadFile({ ...owner, repo, path }), null);
		}
		await call("POST", `/api/models/${repo.name}/user-access-request/grant`, { user: "eve" });
		assert.equal(await textOf(repo, "a.txt", eve), "a");
	}
});

test("a tag is a revision", async () => {
	const repo = await newRepo("tagged");
	await commit({ ...owner, repo, title: "one", operations: [adding("a.txt", "1")] });
	await call("POST", `/api/models/${repo.name}/tag/main`, { tag: "v1.0", message: "First" });
	await commit({ ...owner, repo, title: "two", operations: [adding("a.txt", "2")] });
	assert.equal(await textOf(repo, "a.txt", { revision: "v1.0" }), "1");
	assert.equal((await modelInfo({ ...owner, name: repo.name, revision: "v1.0", additionalFields: ["sha"] })).sha.length, 40);
	assert.equal((await collect(listCommits({ ...owner, repo, revision: "v1.0" })))[0].title, "one");
	await assertRefused(commit({ ...owner, repo, branch: "v1.0", title: "x", operations: [adding("a.txt", "3")] }), 404);
});

test("a merged pull request changes the branch, and takes no more commits", async () => {
	const repo = await newRepo("merged");
	await uploadFile({ ...owner, repo, isPullRequest: true, file: { path: "a.txt", content: new Blob(["a"]) } });
	await call("POST", `/api/models/${repo.name}/discussions/1/merge`);
	assert.equal(await textOf(repo, "a.txt"), "a");
	const more = { ...owner, repo, branch: "refs/pr/1", title: "more", operations: [adding("b.txt", "b")] };
	await assertRefused(commit(more), 403);
});

test("a kernel is created, written, read and deleted", async () => {
	const repo = await newRepo("kernel", "kernel");
	await commit({ ...owner, repo, title: "a", operations: [adding("a.txt", "a"), adding("w.bin", bytes(100))] });
	assert.equal(await textOf(repo, "a.txt"), "a");
	assert.equal((await downloadFile({ ...owner, repo, path: "w.bin" })).size, 100);
	assert.equal(await repoExists({ ...owner, repo }), true);
	assert.equal((await collect(listFiles({ ...owner, repo }))).length, 3);
	await deleteRepo({ ...owner, repo });
	assert.equal(await repoExists({ ...owner, repo }), false);
});
