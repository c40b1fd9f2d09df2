// Writes tasks.json, libraries.json and licenses.json from what the Hub's makers publish.
//
//   npm pack @huggingface/tasks && tar xzf huggingface-tasks-*.tgz
//   git clone https://github.com/huggingface/hub-docs
//   node refresh.mjs package hub-docs
//
// The package has no licenses: those are the table of hub-docs/docs/hub/repositories-licenses.md.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const [packageDir, docsDir] = process.argv.slice(2).map((path) => resolve(path));

function write(name, source, date, ids) {
  const text = JSON.stringify({ source, date, ids: [...new Set(ids)].sort() }, null, 2);
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${text}\n`);
}

const { name, version } = JSON.parse(readFileSync(`${packageDir}/package.json`, "utf8"));
const tasks = await import(`${packageDir}/dist/esm/index.js`);
const published = JSON.parse(execFileSync("npm", ["view", name, "time", "--json"], { encoding: "utf8" }))[version];
write("tasks", `${name} ${version}`, published.slice(0, 10), tasks.PIPELINE_TYPES);
write("libraries", `${name} ${version}`, published.slice(0, 10), tasks.ALL_MODEL_LIBRARY_KEYS);

const page = "docs/hub/repositories-licenses.md";
const git = (...args) => execFileSync("git", ["-C", docsDir, ...args], { encoding: "utf8" }).trim();
const rows = git("show", `HEAD:${page}`).matchAll(/^\|[^|]+\|\s*`([^`]+)`/gm);
const [commit, date] = git("log", "-1", "--format=%h %cs").split(" ");
write("licenses", `hub-docs ${page} at ${commit}`, date, [...rows].map((row) => row[1]));
