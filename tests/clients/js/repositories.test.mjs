// Repositories: creating, finding and deleting them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRepoAccess, createRepo, deleteRepo, listFiles, modelInfo, repoExists, spaceInfo } from "@huggingface/hub";
import { anonymous, assertRefused, collect, eve, hubUrl, newRepo, owner, reader, textOf, unusedRepo } from "./hub.mjs";

for (const [type, prefix] of [["model", ""], ["dataset", "datasets/"], ["space", "spaces/"]]) {
	test(`createRepo creates a ${type} and returns its address`, async () => {
		const repo = unusedRepo("created", type);
		const created = await createRepo({ ...owner, repo });
		assert.equal(created.repoUrl, `${hubUrl}/${prefix}${repo.name}`);
		assert.match(created.id, /./);
		assert.equal(await repoExists({ ...owner, repo }), true);
	});

	test(`deleteRepo deletes a ${type}`, async () => {
		const repo = await newRepo("deleted", type);
		assert.equal(await deleteRepo({ ...owner, repo }), undefined);
		assert.equal(await repoExists({ ...owner, repo }), false);
	});
}

test("createRepo accepts a designation as a string and a credentials object", async () => {
	const repo = unusedRepo("string", "dataset");
	const created = await createRepo({ hubUrl, credentials: { accessToken: owner.accessToken }, repo: `datasets/${repo.name}` });
	assert.equal(created.repoUrl, `${hubUrl}/datasets/${repo.name}`);
});

test("createRepo writes the files that it is given", async () => {
	const files = [
		{ path: "config.json", content: new Blob(['{"a": 1}']) },
		{ path: "folder/notes.txt", content: new TextEncoder().encode("Zoë").buffer },
	];
	const repo = await newRepo("filled", "model", { files });
	const paths = (await collect(listFiles({ ...owner, repo, recursive: true }))).map((file) => file.path);
	assert.deepEqual(paths.sort(), [".gitattributes", "config.json", "folder", "folder/notes.txt"]);
	assert.equal(await textOf(repo, "config.json"), '{"a": 1}');
	assert.equal(await textOf(repo, "folder/notes.txt"), "Zoë");
});

test("createRepo writes a card with the license", async () => {
	const repo = await newRepo("licensed", "model", { license: "mit" });
	assert.equal(await textOf(repo, "README.md"), "---\nlicense: mit\n---\n");
	const info = await modelInfo({ ...owner, name: repo.name, additionalFields: ["tags", "cardData"] });
	assert.ok(info.tags.includes("license:mit"));
	assert.deepEqual(info.cardData, { license: "mit" });
});

test("createRepo creates a Space with the given sdk, by default a static one", async () => {
	for (const [options, sdk] of [[{}, "static"], [{ sdk: "gradio" }, "gradio"], [{ sdk: "docker" }, "docker"]]) {
		const repo = await newRepo("sdk", "space", options);
		assert.equal((await spaceInfo({ ...owner, name: repo.name })).sdk, sdk);
	}
});

test("createRepo creates a private repository that others cannot see", async () => {
	for (const options of [{ private: true }, { visibility: "private" }]) {
		const repo = await newRepo("private", "model", options);
		assert.equal((await modelInfo({ ...owner, name: repo.name })).private, true);
		assert.equal(await repoExists({ ...eve, repo }), false);
		assert.equal(await repoExists({ ...anonymous, repo }), false);
		await assertRefused(checkRepoAccess({ ...eve, repo }), 404, /Repository not found/);
	}
});

test("createRepo refuses a name that exists with 409", async () => {
	const repo = await newRepo("twice");
	await assertRefused(createRepo({ ...owner, repo }), 409, /You already created this model repo/);
});

test("createRepo refuses the namespace of another user with 403", async () => {
	await assertRefused(createRepo({ ...eve, repo: unusedRepo("foreign") }), 403);
});

test("createRepo refuses a token that may only read with 403", async () => {
	await assertRefused(createRepo({ ...reader, repo: { type: "model", name: "reader/model" } }), 403);
});

test("createRepo refuses an unknown token with 401", async () => {
	await assertRefused(createRepo({ hubUrl, accessToken: "hf_unknown", repo: unusedRepo("stranger") }), 401);
});

test("createRepo refuses an invalid name with 400", async () => {
	await assertRefused(createRepo({ ...owner, repo: { type: "model", name: "acme/no spaces" } }), 400);
});

test("deleteRepo refuses a missing repository with 404", async () => {
	await assertRefused(deleteRepo({ ...owner, repo: unusedRepo("missing") }), 404, /Repository not found/);
});

test("deleteRepo refuses the repository of another user with 403, and a private one with 404", async () => {
	await assertRefused(deleteRepo({ ...eve, repo: await newRepo("kept") }), 403);
	await assertRefused(deleteRepo({ ...eve, repo: await newRepo("hidden", "model", { private: true }) }), 404);
});

test("repoExists tells types apart", async () => {
	const { name } = await newRepo("typed", "dataset");
	assert.equal(await repoExists({ ...owner, repo: { type: "model", name } }), false);
	assert.equal(await repoExists({ ...owner, repo: { type: "dataset", name } }), true);
});

test("repoExists is false for a name without a namespace", async () => {
	assert.equal(await repoExists({ ...anonymous, repo: "gpt2" }), false);
});

test("checkRepoAccess passes for a readable repository", async () => {
	const repo = await newRepo("readable");
	for (const caller of [owner, eve, reader, anonymous]) {
		assert.equal(await checkRepoAccess({ ...caller, repo }), undefined);
	}
});

test("checkRepoAccess refuses a missing repository with 404", async () => {
	await assertRefused(checkRepoAccess({ ...owner, repo: unusedRepo("missing") }), 404, /Repository not found/);
});

test("checkRepoAccess refuses an unknown token with 401", async () => {
	const repo = await newRepo("stranger");
	await assertRefused(checkRepoAccess({ hubUrl, accessToken: "hf_unknown", repo }), 401, /Invalid/);
});
