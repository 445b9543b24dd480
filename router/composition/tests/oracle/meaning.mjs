// What a supergraph means, as a flat table that does not depend on order or layout.
import { Kind, parse, print } from "graphql";

// Definitions that every supergraph has in its own words.
const machinery = /^(join__|link__|core__|context__|federation__|requiresScopes__|policy__)/;
const features = ["link", "tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost", "listSize", "context", "oneOf"];
const sayNothing = ["resolvable: true", "external: false", "extension: false", "requireOneSlicingArgument: true"];

export function differences(theirs, ours) {
  const [left, right] = [table(theirs), table(ours)];
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys]
    .filter((key) => left.get(key) !== right.get(key))
    .map((key) => `${key}\n    oracle ${left.get(key)}\n    ours   ${right.get(key)}`);
}

function table(supergraph) {
  const rows = new Map();
  for (const definition of parse(supergraph).definitions) {
    if (definition.kind === Kind.SCHEMA_DEFINITION) {
      rows.set("schema", schema(definition));
    } else if (definition.kind === Kind.DIRECTIVE_DEFINITION) {
      directiveDefinition(definition, rows);
    } else if (!machinery.test(definition.name.value)) {
      type(definition, rows);
    }
  }
  return rows;
}

function schema(definition) {
  const roots = definition.operationTypes.map((it) => `${it.operation}: ${it.type.name.value}`);
  // Versions of the join specification and imports of cost differ by what is needed.
  const links = definition.directives.map((link) => {
    const argument = (name) => link.arguments.find((it) => it.name.value === name)?.value;
    const url = argument("url").value.replace(/join\/v.*/, "join");
    const imports = argument("import");
    return imports && !url.includes("/cost/") ? `${url} ${value(imports)}` : url;
  });
  return [...roots.sort(), ...links.sort()].join(" ");
}

function directiveDefinition(definition, rows) {
  const name = definition.name.value;
  if (machinery.test(name) || features.includes(name)) return;
  const locations = definition.locations.map((it) => it.value).sort().join(" | ");
  rows.set(`@${name}`, `${definition.repeatable ? "repeatable " : ""}${locations} ${inputs(definition.arguments)}`);
}

function type(definition, rows) {
  const name = definition.name.value;
  const implemented = sorted(definition.interfaces, (it) => it.name.value);
  const members = sorted(definition.types, (it) => it.name.value);
  rows.set(name, `${definition.kind} ${directives(definition)} ${implemented} ${members} ${description(definition)}`);
  for (const field of definition.fields ?? []) {
    const value = field.defaultValue ? ` = ${print(field.defaultValue)}` : "";
    const text = `${inputs(field.arguments)}${print(field.type)}${value} ${directives(field)} ${description(field)}`;
    rows.set(`${name}.${field.name.value}`, text);
  }
  for (const value of definition.values ?? []) {
    rows.set(`${name}.${value.name.value}`, `${directives(value)} ${description(value)}`);
  }
}

function inputs(values) {
  return sorted(values, (it) => {
    const value = it.defaultValue ? ` = ${print(it.defaultValue)}` : "";
    return `${it.name.value}: ${print(it.type)}${value} ${directives(it)}`;
  });
}

function directives(node) {
  return sorted(node.directives, (directive) => {
    const texts = directive.arguments.map((it) => `${it.name.value}: ${value(it.value)}`);
    const said = texts.filter((text) => !sayNothing.includes(text)).map(plain);
    return `@${directive.name.value}(${said.sort().join(", ")})`;
  });
}

// Lists of groups, of arguments and of fields are sets here.
function value(node) {
  return node.kind === Kind.LIST ? `[${node.values.map(value).sort().join(", ")}]` : print(node);
}

// Field sets are the same however they are spaced.
function plain(text) {
  return text.replace(/"([^"]*)"/g, (_, inner) => `"${inner.replace(/\s+/g, " ").replace(/\s*([{}])\s*/g, "$1").trim()}"`);
}

function sorted(nodes, text) {
  return (nodes ?? []).map(text).sort().join(", ");
}

function description(node) {
  return JSON.stringify(node.description?.value ?? "");
}
