// Collections: the client creates, lists and deletes them; plain requests fill them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollection, deleteCollection, listCollections } from "@huggingface/hub";
import { anonymous, assertRefused, collect, eve, newRepo, owner } from "./hub.mjs";

const creating = (title, options = {}) => createCollection({ ...owner, collection: { title, namespace: "acme", ...options } });
const found = (search, caller = owner) => collect(listCollections({ ...caller, search }));

async function add(slug, type, id) {
	const headers = { authorization: `Bearer ${owner.accessToken}`, "content-type": "application/json" };
	const body = JSON.stringify({ item: { type, id }, note: "Read me" });
	const response = await fetch(`${owner.hubUrl}/api/collections/${slug}/items`, { method: "POST", headers, body });
	assert.equal(response.status, 200);
}

test("createCollection returns a slug of its title", async () => {
	const { slug } = await creating("Best Models (of 2026)");
	assert.match(slug, /^acme\/best-models-of-2026-[0-9a-f]{24}$/);
});

test("createCollection refuses a title that exists with 409", async () => {
	await creating("Twice");
	await assertRefused(creating("Twice"), 409);
});

test("createCollection refuses the namespace of another user with 403, and no token with 401", async () => {
	const collection = { title: "Foreign", namespace: "acme" };
	await assertRefused(createCollection({ ...eve, collection }), 403);
	const unknown = { hubUrl: owner.hubUrl, accessToken: "hf_unknown" };
	await assertRefused(createCollection({ ...unknown, collection }), 401);
});

test("listCollections describes a collection and its items", async () => {
	const repo = await newRepo("item", "dataset");
	const { slug } = await creating("Described", { description: "What it holds" });
	await add(slug, "dataset", repo.name);
	const [{ owner: author, items, lastUpdated, ...rest }] = await found({ q: "described" });
	assert.deepEqual([author.name, author.fullname, author.type], ["acme", "acme", "user"]);
	assert.match(author.avatarUrl, /\/avatars\//);
	assert.deepEqual([author.isHf, author.isHfAdmin, author.isMod, author.isPro], [false, false, false, false]);
	assert.ok(!Number.isNaN(Date.parse(lastUpdated)));
	assert.deepEqual([rest.slug, rest.title, rest.description, rest.private], [slug, "Described", "What it holds", false]);
	assert.deepEqual([rest.upvotes, rest.isUpvotedByUser, rest.gating], [0, false, false]);
	const [item] = items;
	assert.deepEqual([item.type, item.id, item.author, item.note.text, item.position], ["dataset", repo.name, "acme", "Read me", 0]);
});

test("listCollections filters by owner, item and words", async () => {
	const repo = await newRepo("item", "model");
	const { slug } = await creating("Filtered by item");
	await add(slug, "model", repo.name);
	assert.deepEqual((await found({ item: [`models/${repo.name}`] })).map((collection) => collection.slug), [slug]);
	assert.deepEqual((await found({ q: "FILTERED by" })).map((collection) => collection.slug), [slug]);
	assert.ok((await found({ owner: ["acme"] })).some((collection) => collection.slug === slug));
	assert.deepEqual(await found({ owner: ["nobody"] }), []);
});

test("listCollections stops at the limit and takes every order", async () => {
	for (const title of ["Order one", "Order two"]) {
		await creating(title);
	}
	for (const sort of ["lastModified", "trending", "upvotes"]) {
		assert.equal((await collect(listCollections({ ...owner, search: { q: "order" }, sort, limit: 1 }))).length, 1);
	}
});

test("listCollections shows private collections to their owner only", async () => {
	await creating("Hidden one", { private: true });
	assert.equal((await found({ q: "hidden one" })).length, 1);
	assert.deepEqual(await found({ q: "hidden one" }, eve), []);
	assert.deepEqual(await found({ q: "hidden one" }, anonymous), []);
});

test("deleteCollection deletes a collection", async () => {
	const { slug } = await creating("Deleted");
	await assertRefused(deleteCollection({ ...eve, slug }), 403);
	assert.equal(await deleteCollection({ ...owner, slug }), undefined);
	await assertRefused(deleteCollection({ ...owner, slug }), 404);
});
