// Accounts: who the caller is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { whoAmI } from "@huggingface/hub";
import { assertRefused, eve, hubUrl, owner, reader } from "./hub.mjs";

test("whoAmI describes the owner of a token", async () => {
	const me = await whoAmI(owner);
	assert.equal(me.type, "user");
	assert.equal(me.name, "acme");
	assert.equal(me.fullname, "acme");
	assert.match(me.id, /./);
	assert.match(me.email, /@/);
	assert.equal(me.emailVerified, true);
	assert.equal(me.isPro, false);
	assert.equal(me.canPay, false);
	assert.equal(me.periodEnd, null);
	assert.equal(me.billingMode, "postpaid");
	assert.match(me.avatarUrl, /\/avatars\//);
	assert.deepEqual(me.orgs, []);
});

test("whoAmI describes the token", async () => {
	const { auth } = await whoAmI(owner);
	assert.equal(auth.type, "access_token");
	assert.equal(auth.accessToken.role, "write");
	assert.match(auth.accessToken.displayName, /./);
	assert.ok(auth.accessToken.createdAt instanceof Date);
	assert.ok(auth.accessToken.createdAt <= new Date());
});

test("whoAmI names the role of a token that may only read", async () => {
	assert.equal((await whoAmI(reader)).auth.accessToken.role, "read");
});

test("whoAmI lists organizations", async () => {
	const { name, orgs } = await whoAmI(eve);
	assert.equal(name, "eve");
	assert.deepEqual(orgs.map((org) => [org.type, org.name, org.fullname]), [["org", "garden", "garden"]]);
});

test("whoAmI refuses an unknown token with 401", async () => {
	await assertRefused(whoAmI({ hubUrl, accessToken: "hf_unknown" }), 401, /Invalid/);
});
