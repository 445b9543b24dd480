// Starts GraphiQL with the example operations as its tabs.
"use strict";

// A renewed login comes back in the answer's headers. Who still sends the old pair gets the new one.
const renewals = new Map();

function withRenewals(headers) {
  let pair;
  while ((pair = renewals.get(headers.get("Access-Token")))) {
    headers.set("Access-Token", pair.access);
    headers.set("Refresh-Token", pair.refresh);
  }
  return headers;
}

async function run(parameters, options) {
  const headers = withRenewals(new Headers((options && options.headers) || {}));
  headers.set("Accept", "application/graphql-response+json, application/json;q=0.9");
  headers.set("Content-Type", "application/json");
  const response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(parameters) });
  const access = response.headers.get("New-Access-Token");
  if (access) {
    renewals.set(headers.get("Access-Token"), { access, refresh: response.headers.get("Refresh-Token") });
  }
  return response.json();
}

async function start() {
  const response = await fetch("/graphiql/examples.json");
  const examples = response.ok ? await response.json() : [];
  const tabs = examples.map(({ query, variables }) => ({ query, variables, headers: null }));
  const page = React.createElement(GraphiQL, {
    fetcher: run,
    defaultTabs: tabs.length ? tabs : undefined,
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false,
  });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
}

start();
