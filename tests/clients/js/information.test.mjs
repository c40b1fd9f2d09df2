// Information about one repository: models, datasets, Spaces.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { commit, createBranch, datasetInfo, modelInfo, spaceInfo } from "@huggingface/hub";
import { adding, anonymous, assertRefused, eve, newRepo, owner, SHA1 } from "./hub.mjs";

const card = (lines) => `---\n${lines.join("\n")}\n---\n# Title\n`;
let model;
let dataset;
let space;
let head;

before(async () => {
	model = await newRepo("info");
	const metadata = card(["license: mit", "pipeline_tag: text-classification", "library_name: transformers", "language: en"]);
	const config = JSON.stringify({ model_type: "bert", architectures: ["BertForSequenceClassification"] });
	head = (await commit({ ...owner, repo: model, title: "card", operations: [adding("README.md", metadata), adding("config.json", config)] })).commit.oid;
	dataset = await newRepo("info", "dataset");
	await commit({ ...owner, repo: dataset, title: "card", operations: [adding("README.md", card(["license: cc-by-4.0", "task_categories: [text-classification]"]))] });
	space = await newRepo("info", "space", { sdk: "gradio" });
});

test("modelInfo gives the fields of a model", async () => {
	const { id, updatedAt, ...rest } = await modelInfo({ ...owner, name: model.name });
	assert.match(id, /^[0-9a-f]{24}$/);
	assert.ok(Math.abs(updatedAt - Date.now()) < 600_000);
	assert.deepEqual(rest, { name: model.name, private: false, task: "text-classification", downloads: 0, gated: false, likes: 0 });
});

test("modelInfo gives every additional field", async () => {
	const additionalFields = ["author", "cardData", "config", "createdAt", "disabled", "downloadsAllTime", "gitalyUid", "library_name"];
	additionalFields.push("inferenceProviderMapping", "model-index", "safetensors", "sha", "spaces", "tags", "transformersInfo", "filePaths");
	const info = await modelInfo({ ...owner, name: model.name, additionalFields });
	assert.equal(info.author, "acme");
	assert.equal(info.sha, head);
	assert.equal(info.library_name, "transformers");
	assert.equal(info.disabled, false);
	assert.equal(info.downloadsAllTime, 0);
	assert.ok(!Number.isNaN(Date.parse(info.createdAt)));
	assert.deepEqual(info.spaces, []);
	assert.deepEqual(info.cardData, { license: "mit", pipeline_tag: "text-classification", library_name: "transformers", language: "en" });
	assert.deepEqual(info.config, { architectures: ["BertForSequenceClassification"], model_type: "bert" });
	assert.deepEqual(info.filePaths, [".gitattributes", "README.md", "config.json"]);
	for (const tag of ["transformers", "bert", "text-classification", "en", "license:mit"]) {
		assert.ok(info.tags.includes(tag), tag);
	}
	assert.equal(info.transformersInfo.auto_model, "AutoModelForSequenceClassification");
});

test("modelInfo reads a revision", async () => {
	await createBranch({ ...owner, repo: model, branch: "dev" });
	await commit({ ...owner, repo: model, branch: "dev", title: "dev", operations: [adding("dev.txt", "dev")] });
	const at = async (revision) => (await modelInfo({ ...owner, name: model.name, revision, additionalFields: ["sha", "filePaths"] }));
	assert.equal((await at("main")).sha, head);
	assert.equal((await at(head)).sha, head);
	assert.ok((await at("dev")).filePaths.includes("dev.txt"));
});

test("modelInfo refuses a missing revision and a missing model with 404", async () => {
	await assertRefused(modelInfo({ ...owner, name: model.name, revision: "missing" }), 404, /Invalid rev id/);
	await assertRefused(modelInfo({ ...owner, name: "acme/missing" }), 404, /Repository not found/);
	await assertRefused(modelInfo({ ...owner, name: "gpt2" }), 404, /Repository not found/);
});

test("modelInfo refuses an unknown field with 400", async () => {
	await assertRefused(modelInfo({ ...owner, name: model.name, additionalFields: ["unknown"] }), 400, /expand/);
});

test("modelInfo refuses a private model to others with 404", async () => {
	const { name } = await newRepo("private", "model", { private: true });
	assert.equal((await modelInfo({ ...owner, name })).private, true);
	for (const caller of [eve, anonymous]) {
		await assertRefused(modelInfo({ ...caller, name }), 404, /Repository not found/);
	}
});

test("datasetInfo gives the fields of a dataset", async () => {
	const { id, updatedAt, ...rest } = await datasetInfo({ ...owner, name: dataset.name });
	assert.match(id, /^[0-9a-f]{24}$/);
	assert.ok(Math.abs(updatedAt - Date.now()) < 600_000);
	assert.deepEqual(rest, { name: dataset.name, private: false, downloads: 0, likes: 0, gated: false });
});

test("datasetInfo gives every additional field", async () => {
	const additionalFields = ["author", "cardData", "citation", "createdAt", "disabled", "description", "downloadsAllTime", "gitalyUid"];
	additionalFields.push("paperswithcode_id", "sha", "tags");
	const info = await datasetInfo({ ...owner, name: dataset.name, additionalFields });
	assert.equal(info.author, "acme");
	assert.match(info.sha, SHA1);
	assert.equal(info.disabled, false);
	assert.deepEqual(info.cardData, { license: "cc-by-4.0", task_categories: ["text-classification"] });
	assert.ok(info.tags.includes("license:cc-by-4.0"));
	assert.ok(info.tags.includes("task_categories:text-classification"));
});

test("datasetInfo refuses a missing dataset with 404", async () => {
	await assertRefused(datasetInfo({ ...owner, name: "acme/missing" }), 404, /Repository not found/);
	await assertRefused(datasetInfo({ ...owner, name: model.name.replace("info", "absent") }), 404, /Repository not found/);
});

test("spaceInfo gives the fields of a Space", async () => {
	const { id, updatedAt, ...rest } = await spaceInfo({ ...owner, name: space.name });
	assert.match(id, /^[0-9a-f]{24}$/);
	assert.ok(Math.abs(updatedAt - Date.now()) < 600_000);
	assert.deepEqual(rest, { name: space.name, sdk: "gradio", likes: 0, private: false });
});

test("spaceInfo gives every additional field", async () => {
	const additionalFields = ["author", "cardData", "datasets", "disabled", "gitalyUid", "createdAt", "runtime", "sha", "subdomain", "tags", "models"];
	const info = await spaceInfo({ ...owner, name: space.name, additionalFields });
	assert.equal(info.author, "acme");
	assert.match(info.sha, SHA1);
	assert.equal(info.cardData.sdk, "gradio");
	assert.equal(info.disabled, false);
	assert.match(info.subdomain, /^acme-info/);
	assert.ok(info.tags.includes("gradio"));
	assert.deepEqual([info.models, info.datasets], [[], []]);
	assert.match(info.runtime.stage, /^[A-Z_]+$/);
	assert.deepEqual(info.runtime.hardware, { current: null, requested: null });
});

test("spaceInfo refuses a missing Space with 404", async () => {
	await assertRefused(spaceInfo({ ...owner, name: "acme/missing" }), 404, /Repository not found/);
});
