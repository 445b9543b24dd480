// Compares our composition with @theguild/federation-composition; see README.md.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { differences } from "./meaning.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv[2] ?? "";
const explained = JSON.parse(fs.readFileSync(path.join(here, "differences.json"), "utf8"));
const counts = { compared: 0, bothCompose: 0, bothRefuse: 0, sameCodes: 0, explained: 0, unexplained: 0 };
const met = new Set();

for (const [kind, folder] of [["case", path.join(here, "../cases")], ["set", path.join(here, "sets")]]) {
  if (!fs.existsSync(folder)) {
    console.log(`no ${folder}: see README.md`);
    continue;
  }
  for (const name of fs.readdirSync(folder).sort(inOrder)) {
    const id = `${kind} ${name}`;
    if (id.includes(wanted)) compare(id, path.join(folder, name));
  }
}

for (const id of Object.keys(explained.differences)) {
  if (!met.has(id) && id.includes(wanted)) {
    console.log(`${id} is explained, but there is no difference any more`);
    counts.unexplained += 1;
  }
}
console.log(JSON.stringify(counts));
process.exitCode = counts.unexplained === 0 ? 0 : 1;

function compare(id, folder) {
  counts.compared += 1;
  const theirs = oracle(folder);
  const ours = recorded(folder);
  if (theirs.codes && ours.codes) {
    counts.bothRefuse += 1;
    if (codes(theirs) === codes(ours)) counts.sameCodes += 1;
    return;
  }
  let found;
  if (theirs.codes || ours.codes) {
    found = [`verdict: oracle ${verdict(theirs)}, ours ${verdict(ours)}`];
  } else {
    counts.bothCompose += 1;
    found = differences(theirs.supergraph, ours.supergraph);
  }
  if (found.length === 0) return;
  met.add(id);
  const reason = explained.differences[id];
  if (reason && explained.reasons[reason]) {
    counts.explained += 1;
    return;
  }
  counts.unexplained += 1;
  console.log(`${id} differs:\n  ${found.join("\n  ")}`);
}

function oracle(folder) {
  try {
    const subgraphs = path.join(folder, "subgraphs");
    const services = fs.readdirSync(subgraphs).sort().map((file) => {
      const name = path.basename(file, ".graphql");
      const typeDefs = parse(fs.readFileSync(path.join(subgraphs, file), "utf8"));
      return { name, url: `http://${name}.test/graphql`, typeDefs };
    });
    const result = composeServices(services);
    if (result.errors) return { codes: result.errors.map((error) => error.extensions?.code ?? "UNKNOWN") };
    return { supergraph: result.supergraphSdl };
  } catch (error) {
    return { codes: [`it throws: ${String(error.message).split("\n")[0]}`] };
  }
}

function recorded(folder) {
  const diagnostics = path.join(folder, "diagnostics.txt");
  if (!fs.existsSync(diagnostics)) return { supergraph: fs.readFileSync(path.join(folder, "supergraph.graphql"), "utf8") };
  const text = fs.readFileSync(diagnostics, "utf8");
  return { codes: [...text.matchAll(/^error\[(\w+)\]/gm)].map((match) => match[1]) };
}

function verdict(outcome) {
  return outcome.codes ? `refuses (${codes(outcome)})` : "composes";
}

function codes(outcome) {
  return [...new Set(outcome.codes)].sort().join(", ");
}

function inOrder(a, b) {
  return Number(a) - Number(b) || a.localeCompare(b);
}
