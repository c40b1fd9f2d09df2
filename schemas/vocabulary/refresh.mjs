// Writes the generated lists of this folder from what the Hub's makers publish; `make vocabulary` fetches the sources.
//
//   node refresh.mjs SOURCES [FOLDER]
//
// SOURCES contains node_modules with @huggingface/tasks, iso-639-2 and iso-639-3, clones of hub-docs and evaluate, and
// _space_api.py of huggingface_hub. FOLDER is where the lists are written, by default this one.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";

const sources = resolve(process.argv[2]);
const target = resolve(process.argv[3] ?? fileURLToPath(new URL(".", import.meta.url)));

// The digest makes a test fail after an edit by hand: the next run would lose it.
function write(name, { source, date }, content) {
  const digest = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  const lines = Object.entries({ source, date, digest, ...content }).map(([key, value]) => {
    const long = value !== null && typeof value === "object" && JSON.stringify(value).length > 100;
    return `  ${JSON.stringify(key)}: ${long ? listed(value) : JSON.stringify(value)}`;
  });
  writeFileSync(join(target, `${name}.json`), `{\n${lines.join(",\n")}\n}\n`);
}

// One entry a line, so that a diff of two versions shows what has changed.
function listed(value) {
  const isList = Array.isArray(value);
  const lines = isList
    ? value.map((item) => `    ${JSON.stringify(item)}`)
    : Object.entries(value).map(([key, item]) => `    ${JSON.stringify(key)}: ${JSON.stringify(item)}`);
  return `${isList ? "[" : "{"}\n${lines.join(",\n")}\n  ${isList ? "]" : "}"}`;
}

const sorted = (values) => [...new Set(values)].sort();
const given = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

function npm(name) {
  const { version } = JSON.parse(readFileSync(join(sources, "node_modules", name, "package.json"), "utf8"));
  const published = JSON.parse(execFileSync("npm", ["view", name, "time", "--json"], { encoding: "utf8" }));
  return { source: `${name} ${version}`, date: published[version].slice(0, 10) };
}

const imported = (path) => import(join(sources, "node_modules", path));

function clone(name) {
  const git = (...args) => execFileSync("git", ["-C", join(sources, name), ...args], { encoding: "utf8" });
  const [commit, date] = git("log", "-1", "--format=%h %cs").trim().split(" ");
  return {
    page: (path) => git("show", `HEAD:${path}`),
    files: (path) => git("ls-tree", "--name-only", "HEAD", path).trim().split("\n"),
    origin: (what) => ({ source: `${name} ${what} at ${commit}`, date }),
  };
}

const tasks = await imported("@huggingface/tasks/dist/esm/index.js");
const origin = npm("@huggingface/tasks");
const docs = clone("hub-docs");

// The order is the package's: within a kind of data, the more specific task comes first.
write("tasks", origin, {
  entries: Object.fromEntries(
    Object.entries(tasks.PIPELINE_DATA).map(([id, task]) => [
      id,
      given({
        name: task.name,
        modality: task.modality,
        subtasks: task.subtasks?.map((subtask) => subtask.type),
        of_datasets_only: task.hideInModels || undefined,
      }),
    ]),
  ),
});

// `downloads` is the library's query for the files that count as downloads, in the syntax of Elasticsearch.
write("libraries", origin, {
  entries: Object.fromEntries(
    Object.entries(tasks.MODEL_LIBRARIES_UI_ELEMENTS)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([id, library]) => [
        id,
        given({
          name: library.prettyLabel,
          repo: library.repoUrl,
          docs: library.docsUrl,
          downloads: library.countDownloads?.trim(),
          snippet: library.snippets ? true : undefined,
          popular: library.filter || undefined,
          tasks: tasks.LIBRARY_TASK_MAPPING[id],
        }),
      ]),
  ),
  of_datasets: shown(tasks.DATASET_LIBRARIES_UI_ELEMENTS),
  of_kernels: shown(tasks.KERNEL_LIBRARIES_UI_ELEMENTS),
});

function shown(libraries) {
  const entries = Object.entries(libraries).map(([id, library]) => [
    id,
    given({ name: library.prettyLabel, repo: library.repoUrl, docs: library.docsUrl }),
  ]);
  return Object.fromEntries(entries);
}

const frameworks = Object.entries(tasks.EVALUATION_FRAMEWORKS).map(([id, { description, url }]) => [
  id,
  { description, url },
]);
write("evaluation_frameworks", origin, { entries: Object.fromEntries(frameworks) });

// Enumerations of TypeScript map names to numbers, and numbers to names.
const byNumber = (values) => Object.fromEntries(Object.entries(values).filter(([key]) => /^\d+$/.test(key)));
write("gguf", origin, {
  file_types: byNumber(tasks.GGMLFileQuantizationType),
  tensor_types: byNumber(tasks.GGMLQuantizationType),
  largest_first: tasks.GGUF_QUANT_ORDER.map((type) => tasks.GGMLFileQuantizationType[type]),
});

// The package has no licenses. In the table of hub-docs, comments name a page about some of them.
const licenses = "docs/hub/repositories-licenses.md";
const rows = docs.page(licenses).matchAll(/^\|\s*([^|]+?)\s*\|\s*`([^`]+)`\s*\|(.*)$/gm);
write("licenses", docs.origin(licenses), {
  entries: Object.fromEntries(
    [...rows].map(([, name, id, comment]) => [
      id,
      given({
        name: name.replaceAll("\\", ""),
        link: (/license: (\S+)/.exec(comment) ?? /info: (\S+)/.exec(comment))?.[1],
      }),
    ]),
  ),
});

// Space settings: hub-docs lists fewer kinds of hardware than the client accepts.
const settings = docs.page("docs/hub/spaces-config-reference.md");
const hardware = readFileSync(join(sources, "_space_api.py"), "utf8");
const section = (key) => settings.split(/^\*\*`/m).find((part) => part.startsWith(`${key}\``));
const oauth = docs.page("docs/hub/spaces-oauth.md");
const [, ofHardware] = /class SpaceHardware\b([\s\S]*?)\n(?:class|@)/.exec(hardware);
const quoted = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);
write("space_settings", docs.origin("docs/hub/spaces-{config-reference,oauth}.md, SpaceHardware of huggingface_hub"), {
  colors: /\(([a-z, ]+)\)/.exec(section("colorFrom"))[1].split(", "),
  sdks: quoted(section("sdk"), /`([a-z]+)`/g).filter((sdk) => sdk !== "sdk"),
  headers: sorted(quoted(section("custom_headers"), /\[(cross-origin-[a-z-]+)\]/g)),
  hardware: [...new Set([...quoted(ofHardware, /= "([^"]+)"/g), ...quoted(section("suggested_hardware"), /"([^"]+)"/g)])],
  scopes: quoted(oauth.split(/^## Scopes$/m)[1].split(/^## /m)[0], /^- `([a-z-]+)`:/gm),
});

// The folders of evaluate are the metrics of hf.co/metrics; the tasks name a few more.
const evaluate = clone("evaluate");
const measured = Object.values(tasks.TASKS_DATA).flatMap((task) => task?.metrics ?? []);
const metrics = evaluate.origin("metrics/");
write("metrics", { source: `${metrics.source}, ${origin.source}`, date: sorted([metrics.date, origin.date]).at(-1) }, {
  ids: sorted([
    ...evaluate.files("metrics/").map((path) => path.slice("metrics/".length)),
    ...measured.map((metric) => metric.id.toLowerCase()).filter((id) => /^[a-z][a-z0-9_-]*$/.test(id)),
  ]),
});

// Every code of ISO 639: its third part lists languages, and its second part groups of them as well.
const { iso6393 } = await imported("iso-639-3/index.js");
const { iso6392 } = await imported("iso-639-2/index.js");
const [part2, part3] = [npm("iso-639-2"), npm("iso-639-3")];
const iso = { source: `${part2.source}, ${part3.source}`, date: sorted([part2.date, part3.date]).at(-1) };
const codes = [
  ...iso6393.flatMap((language) => [language.iso6391, language.iso6393, language.iso6392B, language.iso6392T]),
  ...iso6392.flatMap((language) => [language.iso6391, language.iso6392B, language.iso6392T]),
].filter((code) => code && /^[a-z]{2,3}$/.test(code));
const long = sorted(codes).filter((code) => code.length === 3);
// One string a first letter: 8,000 strings would take ten times as long to read.
write("languages", iso, {
  two_letters: sorted(codes).filter((code) => code.length === 2).join(" "),
  three_letters: Object.fromEntries(
    [..."abcdefghijklmnopqrstuvwxyz"].map((first) => [first, long.filter((code) => code.startsWith(first)).join(" ")]),
  ),
});
// The shortest code of each language: the Hub's pages list `en`, not `eng`.
const named = new Map();
for (const language of [...iso6393, ...iso6392]) {
  const code = language.iso6391 ?? language.iso6393 ?? language.iso6392B;
  const names = language.name.split(";").map((name) => name.trim().replace(/ \([^)]*\)$/, "").toLowerCase());
  for (const name of names) {
    if (/^[a-z]{2,3}$/.test(code) && (!named.has(name) || code.length < named.get(name).length)) named.set(name, code);
  }
}
const byName = [...named].sort(([one], [other]) => (one < other ? -1 : 1));
write("language_names", iso, { entries: Object.fromEntries(byName) });
