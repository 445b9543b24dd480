//! The schema as a Federation 2 subgraph.

use async_graphql::{ObjectType, SDLExportOptions, Schema, SubscriptionType};

/// The subgraph's SDL, in an order that depends on nothing but the schema.
///
/// async-graphql links a fixed list of federation directives that lacks `@authenticated`; a directive that is used but
/// not imported would protect nothing, so it is added to the import here.
pub fn export<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new().federation().use_space_ident().include_specified_by();
    let sdl = schema.sdl_with_options(options);
    import_authenticated(&sdl.replace(RUST_DATE_TIME, DATE_TIME))
}

/// How async-graphql describes its scalar: to Rust programmers.
const RUST_DATE_TIME: &str = "Implement the DateTime<Utc> scalar\n\nThe input/output is a string in RFC3339 format.";
/// The same for the readers of the schema.
const DATE_TIME: &str = "A moment in UTC, as RFC 3339 writes it: `2026-01-01T08:00:00.000Z`.";

fn import_authenticated(sdl: &str) -> String {
    let imported = sdl.replace("import: [\"@key\"", "import: [\"@key\", \"@authenticated\"");
    // The definition belongs to the linked specification; printing our own beside it would shadow the import.
    let lines = imported.lines().filter(|line| !line.starts_with("directive @authenticated"));
    let mut text: String = lines.flat_map(|line| [line, "\n"]).collect();
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
