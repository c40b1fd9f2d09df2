// Lists of repositories, with filters, orders and limits.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { commit, createRepo, listDatasets, listModels, listSpaces } from "@huggingface/hub";
import { adding, anonymous, assertRefused, collect, eve, owner } from "./hub.mjs";

// A namespace of its own: other files of the exercise run on the same Hub.
const names = async (generator) => (await collect(generator)).map(({ name }) => name.replace("lists/", "")).sort();
const mine = (search = {}) => ({ ...owner, search: { owner: "lists", ...search } });

async function create(type, name, card, options = {}) {
	const repo = { type, name: `lists/${name}` };
	await createRepo({ ...owner, repo, ...options });
	if (card) {
		await commit({ ...owner, repo, title: "card", operations: [adding("README.md", `---\n${card}\n---\n`)] });
	}
}

before(async () => {
	await create("model", "bert", "pipeline_tag: fill-mask\nlibrary_name: transformers\ntags: [alpha, gguf]\nlicense: mit");
	await create("model", "whisper", "pipeline_tag: automatic-speech-recognition\ntags: [alpha, beta]");
	await create("model", "plain");
	await create("model", "secret", "", { private: true });
	await create("dataset", "squad", "task_categories: [question-answering]\nlicense: mit\ntags: [alpha]");
	await create("dataset", "imdb", "task_categories: [text-classification]");
	await create("dataset", "hidden", "", { private: true });
	await create("space", "demo", "", { sdk: "gradio" });
	await create("space", "page", "sdk: static\ntags: [alpha]");
});

test("listModels lists the models of an owner", async () => {
	assert.deepEqual(await names(listModels(mine())), ["bert", "plain", "secret", "whisper"]);
});

test("listModels gives the fields of a model", async () => {
	const [model] = await collect(listModels(mine({ query: "bert" })));
	const { id, updatedAt, ...rest } = model;
	assert.match(id, /^[0-9a-f]{24}$/);
	assert.ok(Math.abs(updatedAt - Date.now()) < 600_000);
	assert.deepEqual(rest, { name: "lists/bert", private: false, task: "fill-mask", downloads: 0, gated: false, likes: 0 });
});

test("listModels filters by task", async () => {
	assert.deepEqual(await names(listModels(mine({ task: "fill-mask" }))), ["bert"]);
});

test("listModels filters by words of the name", async () => {
	assert.deepEqual(await names(listModels(mine({ query: "WHISP" }))), ["whisper"]);
});

test("listModels filters by tags, which must all match", async () => {
	assert.deepEqual(await names(listModels(mine({ tags: ["alpha"] }))), ["bert", "whisper"]);
	assert.deepEqual(await names(listModels(mine({ tags: ["alpha", "beta"] }))), ["whisper"]);
	assert.deepEqual(await names(listModels(mine({ tags: ["license:mit"] }))), ["bert"]);
	assert.deepEqual(await names(listModels(mine({ tags: ["transformers"] }))), ["bert"]);
});

test("listModels filters by apps and inference providers", async () => {
	assert.deepEqual(await names(listModels(mine({ apps: ["ollama"] }))), ["bert"]);
	assert.deepEqual(await names(listModels(mine({ inferenceProviders: ["together"] }))), []);
});

test("listModels gives additional fields", async () => {
	const additionalFields = ["author", "cardData", "sha", "tags", "library_name", "filePaths", "createdAt"];
	const [model] = await collect(listModels({ ...mine({ query: "bert" }), additionalFields }));
	assert.equal(model.author, "lists");
	assert.equal(model.library_name, "transformers");
	assert.equal(model.cardData.license, "mit");
	assert.equal(model.sha.length, 40);
	assert.deepEqual(model.filePaths, [".gitattributes", "README.md"]);
});

test("listModels stops at the limit", async () => {
	assert.equal((await collect(listModels({ ...mine(), limit: 2 }))).length, 2);
});

test("listModels sorts", async () => {
	const created = (await collect(listModels({ ...mine(), sort: "createdAt", additionalFields: ["createdAt"] }))).map(({ createdAt }) => createdAt);
	assert.deepEqual(created, [...created].sort().reverse());
	const byId = (await collect(listModels({ ...mine(), sort: "id" }))).map(({ name }) => name);
	assert.deepEqual(byId, ["lists/whisper", "lists/secret", "lists/plain", "lists/bert"]);
	for (const sort of ["downloads", "likes", "lastModified", "likes30d", "trendingScore", "num_parameters", "mainSize", "id"]) {
		assert.equal((await collect(listModels({ ...mine(), sort }))).length, 4, sort);
	}
});

test("listModels shows private models to their owner only", async () => {
	for (const caller of [eve, anonymous]) {
		const visible = await names(listModels({ ...caller, search: { owner: "lists" } }));
		assert.deepEqual(visible, ["bert", "plain", "whisper"]);
	}
});

test("listModels refuses an unknown order and field with 400", async () => {
	await assertRefused(collect(listModels({ ...mine(), sort: "unknown" })), 400, /sort/);
	await assertRefused(collect(listModels({ ...mine(), additionalFields: ["unknown"] })), 400, /expand/);
});

test("listDatasets lists the datasets of an owner", async () => {
	assert.deepEqual(await names(listDatasets(mine())), ["hidden", "imdb", "squad"]);
	assert.deepEqual(await names(listDatasets({ ...anonymous, search: { owner: "lists" } })), ["imdb", "squad"]);
});

test("listDatasets filters by words and tags", async () => {
	assert.deepEqual(await names(listDatasets(mine({ query: "squad" }))), ["squad"]);
	assert.deepEqual(await names(listDatasets(mine({ tags: ["task_categories:text-classification"] }))), ["imdb"]);
	assert.deepEqual(await names(listDatasets(mine({ tags: ["alpha", "license:mit"] }))), ["squad"]);
});

test("listDatasets gives fields, sorts, and stops at the limit", async () => {
	const [dataset] = await collect(listDatasets({ ...mine({ query: "squad" }), additionalFields: ["author", "tags", "sha"] }));
	assert.deepEqual([dataset.name, dataset.private, dataset.gated, dataset.author], ["lists/squad", false, false, "lists"]);
	assert.equal((await collect(listDatasets({ ...mine(), limit: 1 }))).length, 1);
	for (const sort of ["createdAt", "downloads", "likes", "lastModified", "likes30d", "trendingScore", "datasetsServerInfo.numRows", "mainSize", "id"]) {
		assert.equal((await collect(listDatasets({ ...mine(), sort }))).length, 3, sort);
	}
});

test("listSpaces lists the Spaces of an owner", async () => {
	const spaces = await collect(listSpaces(mine()));
	assert.deepEqual(spaces.map(({ name, sdk }) => [name, sdk]).sort(), [["lists/demo", "gradio"], ["lists/page", "static"]]);
});

test("listSpaces filters by words and tags, sorts, and gives additional fields", async () => {
	assert.deepEqual(await names(listSpaces(mine({ query: "pag" }))), ["page"]);
	assert.deepEqual(await names(listSpaces(mine({ tags: ["alpha"] }))), ["page"]);
	assert.deepEqual(await names(listSpaces(mine({ tags: ["gradio"] }))), ["demo"]);
	const [demo] = await collect(listSpaces({ ...mine({ query: "demo" }), additionalFields: ["author", "runtime", "subdomain"] }));
	assert.deepEqual([demo.author, demo.subdomain], ["lists", "lists-demo"]);
	for (const sort of ["createdAt", "likes", "lastModified", "likes30d", "trendingScore", "mainSize", "id"]) {
		assert.equal((await collect(listSpaces({ ...mine(), sort }))).length, 2, sort);
	}
});
