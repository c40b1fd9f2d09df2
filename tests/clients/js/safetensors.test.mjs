// Headers of safetensors files, read by ranges.
import assert from "node:assert/strict";
import { test } from "node:test";
import { commit, modelInfo, parseSafetensorsMetadata } from "@huggingface/hub";
import { adding, newRepo, owner } from "./hub.mjs";

/** Return a file with one tensor of zeros. */
function weights(name, dtype, shape, width) {
	const size = shape.reduce((product, length) => product * length, width);
	const header = Buffer.from(JSON.stringify({ [name]: { dtype, shape, data_offsets: [0, size] } }));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(header.length));
	return Buffer.concat([length, header, Buffer.alloc(size)]);
}

test("parseSafetensorsMetadata reads one file", async () => {
	const repo = await newRepo("single");
	await commit({ ...owner, repo, title: "a", operations: [adding("model.safetensors", weights("w", "F32", [10, 20], 4))] });
	const parsed = await parseSafetensorsMetadata({ ...owner, repo, computeParametersCount: true });
	assert.equal(parsed.sharded, false);
	assert.deepEqual(parsed.header.w, { dtype: "F32", shape: [10, 20], data_offsets: [0, 800] });
	assert.deepEqual(parsed.parameterCount, { F32: 200 });
	assert.deepEqual(parsed.filepaths, ["model.safetensors"]);
});

test("parseSafetensorsMetadata reads shards", async () => {
	const repo = await newRepo("shards");
	const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
	const index = { metadata: { total_size: 440 }, weight_map: { a: shards[0], b: shards[1] } };
	const operations = [
		adding("model.safetensors.index.json", JSON.stringify(index)),
		adding(shards[0], weights("a", "F32", [100], 4)),
		adding(shards[1], weights("b", "BF16", [20], 2)),
	];
	await commit({ ...owner, repo, title: "shards", operations });
	const parsed = await parseSafetensorsMetadata({ ...owner, repo, computeParametersCount: true });
	assert.equal(parsed.sharded, true);
	assert.deepEqual(Object.keys(parsed.headers).sort(), shards);
	assert.deepEqual(parsed.parameterCount, { F32: 100, BF16: 20 });
});

test("parseSafetensorsMetadata reads the file at a path and revision", async () => {
	const repo = await newRepo("path");
	const { commit: first } = await commit({ ...owner, repo, title: "a", operations: [adding("sub/x.safetensors", weights("x", "I64", [3], 8))] });
	await commit({ ...owner, repo, title: "b", operations: [{ operation: "delete", path: "sub/x.safetensors" }] });
	const parsed = await parseSafetensorsMetadata({ ...owner, repo, path: "sub/x.safetensors", revision: first.oid });
	assert.deepEqual(parsed.header.x.shape, [3]);
});

test("parseSafetensorsMetadata fails for a model without such a file", async () => {
	const repo = await newRepo("without");
	await assert.rejects(parseSafetensorsMetadata({ ...owner, repo }), /does not seem to contain safetensors weights/);
});

test("modelInfo counts the parameters of a safetensors file", async () => {
	const repo = await newRepo("counted");
	await commit({ ...owner, repo, title: "a", operations: [adding("model.safetensors", weights("w", "F16", [6, 7], 2))] });
	const { safetensors } = await modelInfo({ ...owner, name: repo.name, additionalFields: ["safetensors"] });
	assert.deepEqual(safetensors, { parameters: { F16: 42 }, total: 42 });
});
