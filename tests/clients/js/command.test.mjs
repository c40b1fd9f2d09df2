// The client's command, hfjs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { modelInfo, repoExists } from "@huggingface/hub";
import { newRepo, owner, textOf, unusedRepo } from "./hub.mjs";

const command = join(dirname(createRequire(import.meta.url).resolve("@huggingface/hub")), "cli.js");
const hfjs = (...words) => promisify(execFile)(process.execPath, [command, ...words]);

async function folderWith(content) {
	const folder = await mkdtemp(join(tmpdir(), "js-"));
	await writeFile(join(folder, "a.txt"), content);
	return folder;
}

test("hfjs upload creates a repository and uploads a folder", async () => {
	const repo = unusedRepo("upload");
	await hfjs("upload", repo.name, await folderWith("one"), "in", "--private", "--quiet");
	assert.equal(await textOf(repo, "in/a.txt"), "one");
	assert.equal((await modelInfo({ ...owner, name: repo.name })).private, true);
});

test("hfjs upload uploads to a branch of a dataset", async () => {
	const repo = await newRepo("upload", "dataset");
	await hfjs("branch", "create", `datasets/${repo.name}`, "dev");
	await hfjs("upload", `datasets/${repo.name}`, await folderWith("two"), "--revision", "dev", "--commit-message", "Two");
	assert.equal(await textOf(repo, "a.txt", { revision: "dev" }), "two");
	assert.equal(await textOf(repo, "a.txt"), null);
});

test("hfjs branch deletes a branch", async () => {
	const repo = await newRepo("branch");
	await hfjs("branch", "create", repo.name, "dev");
	await hfjs("branch", "delete", repo.name, "dev");
	await assert.rejects(hfjs("branch", "delete", repo.name, "dev"), /dev/);
});

test("hfjs models lists models", async () => {
	const repo = await newRepo("listed");
	const { stdout } = await hfjs("models", "list", `--search=${repo.name.split("/")[1]}`);
	assert.match(stdout, new RegExp(repo.name));
});

test("hfjs repo deletes a repository", async () => {
	const repo = await newRepo("gone", "space");
	await hfjs("repo", "delete", repo.name, "--repo-type", "space");
	assert.equal(await repoExists({ ...owner, repo }), false);
});
