// The Hub under test and the callers; every step of the exercise uses them.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createRepo, downloadFile, HubApiError } from "@huggingface/hub";

export const hubUrl = process.env.HF_ENDPOINT;

// The owner writes everywhere. Eve is another user; the reader's token may only read.
export const owner = { hubUrl, accessToken: process.env.HF_TOKEN };
export const eve = { hubUrl, accessToken: process.env.EVE_TOKEN };
export const reader = { hubUrl, accessToken: process.env.READER_TOKEN };
export const anonymous = { hubUrl };

export const ONE_MIB = 1 << 20;
export const SHA1 = /^[0-9a-f]{40}$/;

let repos = 0;

/** Return a designation of a new repository, such as {type: "model", name: "acme/browse-1"}, and create it. */
export async function newRepo(label, type = "model", options = {}) {
	const repo = unusedRepo(label, type);
	await createRepo({ ...owner, repo, ...options });
	return repo;
}

/** Return a designation that no other step uses. */
export function unusedRepo(label, type = "model") {
	repos += 1;
	return { type, name: `acme/${label}-${repos}` };
}

/** Return an operation that adds a file. */
export function adding(path, content) {
	return { operation: "addOrUpdate", path, content: new Blob([content]) };
}

/** Return the text of a file, or null when it does not exist. */
export async function textOf(repo, path, options = {}) {
	const blob = await downloadFile({ ...owner, repo, path, ...options });
	return blob && (await blob.text());
}

export const sha256 = (content) => createHash("sha256").update(content).digest("hex");

/** Return the id that git gives a file. */
export const blobId = (content) => createHash("sha1").update(`blob ${Buffer.byteLength(content)}\0`).update(content).digest("hex");

export const bytes = (size) => randomBytes(size);

/** Assert that a call fails with this status, and that the message of the Hub matches. */
export async function assertRefused(promise, status, message = /./) {
	const error = await promise.then(
		() => assert.fail(`expected status ${status}`),
		(error) => error,
	);
	assert.ok(error instanceof HubApiError, String(error.stack));
	assert.equal(error.statusCode, status, error.message);
	assert.match(String(error.data?.error), message);
	assert.match(error.requestId, /./);
}

/** Return the items of an async generator. */
export async function collect(generator) {
	const items = [];
	for await (const item of generator) {
		items.push(item);
	}
	return items;
}

/** Return the events of an async generator, and its result. */
export async function drain(generator) {
	const events = [];
	for (;;) {
		const { value, done } = await generator.next();
		if (done) {
			return { events, result: value };
		}
		events.push(value);
	}
}

/** Return a fetch function, and the requests that were made with it. */
export function recordingFetch() {
	const requests = [];
	const recording = async (input, init) => {
		const response = await fetch(input, init);
		requests.push({ method: init?.method ?? "GET", path: new URL(input).pathname, response });
		return response;
	};
	return { fetch: recording, requests };
}
