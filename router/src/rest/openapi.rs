//! The interface document (OpenAPI 3.1), written from the table of the endpoints.

use std::collections::BTreeMap;

use reel_error::{ErrorCode, Language};
use serde_json::{Map, Value, json};

use super::endpoint::{Access, Endpoint, Method, Takes};
use super::endpoints;
use super::parameter::{Data, Kind, Parameter};

/// The documented REST endpoints as an OpenAPI document: the text of `schema/openapi.json`.
pub fn openapi() -> String {
    format!("{:#}\n", sorted(document()))
}

/// Members in the order of their names, whatever order serde_json is built to keep.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().collect();
            members.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        other => other,
    }
}

fn document() -> Value {
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[method(endpoint.method)] = operation(endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Reelgraph",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Failures are HTTP 200 with a `base.code` other than 10000, unless the server is set to use statuses. \
                Every path may end in one slash. Bodies are multipart, urlencoded or JSON.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "AccessToken": { "type": "apiKey", "in": "header", "name": "Access-Token" },
                "Bearer": { "type": "http", "scheme": "bearer" },
            },
            "schemas": schemas(),
        },
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Delete => "delete",
    }
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut operation = json!({
        "summary": endpoint.summary,
        "tags": [endpoint.path.split('/').nth(1).unwrap_or_default()],
        "responses": { "200": { "description": "Success or failure, told apart by base.code.", "content": json_content(&envelope(endpoint.data)) } },
    });
    match endpoint.takes {
        Takes::Query => operation["parameters"] = endpoint.parameters.iter().map(query_parameter).collect(),
        Takes::Form | Takes::FormOrQuery => {
            let form = json!({ "schema": form(endpoint.parameters) });
            operation["requestBody"] = json!({ "required": true, "content": {
                "multipart/form-data": form, "application/x-www-form-urlencoded": form, "application/json": form,
            } });
        }
        Takes::File { .. } => {
            let form = json!({ "schema": form(endpoint.parameters) });
            operation["requestBody"] = json!({ "required": true, "content": { "multipart/form-data": form } });
        }
        Takes::Nothing => {}
    }
    if matches!(endpoint.access, Access::PublicRead | Access::Person) {
        operation["security"] = json!([{ "AccessToken": [] }, { "Bearer": [] }]);
    }
    operation
}

fn query_parameter(parameter: &Parameter) -> Value {
    json!({ "name": parameter.name, "in": "query", "required": parameter.required, "schema": kind(parameter.kind) })
}

fn form(parameters: &[Parameter]) -> Value {
    let properties: Map<String, Value> =
        parameters.iter().map(|parameter| (parameter.name.to_owned(), kind(parameter.kind))).collect();
    let required: Vec<&str> =
        parameters.iter().filter(|parameter| parameter.required).map(|parameter| parameter.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Id => json!({ "type": "string", "pattern": "^[1-9][0-9]{0,18}$" }),
        Kind::Whole { minimum, maximum: None } => json!({ "type": "integer", "minimum": minimum }),
        Kind::Whole { minimum, maximum: Some(maximum) } => {
            json!({ "type": "integer", "minimum": minimum, "maximum": maximum })
        }
        Kind::Milliseconds => json!({ "type": "string", "pattern": "^[0-9]{13}$" }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::File => json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
    }
}

fn envelope(data: Data) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": { "base": reference("Base") },
        "required": ["base"],
    });
    if let Some(data) = data_schema(data) {
        schema["properties"]["data"] = data;
    }
    schema
}

fn data_schema(data: Data) -> Option<Value> {
    match data {
        Data::None => None,
        Data::User => Some(reference("User")),
        Data::Video => Some(reference("Video")),
        Data::Videos => Some(items("Video", false)),
        Data::CountedVideos => Some(items("Video", true)),
        Data::Comments => Some(items("Comment", false)),
        Data::People => Some(items("Social", true)),
        Data::Tokens => Some(object(&["access_token", "refresh_token"], &[])),
    }
}

fn items(of: &str, counted: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": { "items": { "type": "array", "items": reference(of) } },
        "required": ["items"],
    });
    if counted {
        schema["properties"]["total"] = json!({ "type": "integer" });
        schema["required"] = json!(["items", "total"]);
    }
    schema
}

fn schemas() -> Value {
    const TIMES: [&str; 3] = ["created_at", "updated_at", "deleted_at"];
    let with_times = |texts: &[&'static str]| [texts, &TIMES].concat();
    let video = with_times(&["id", "user_id", "video_url", "cover_url", "title", "description"]);
    let comment = with_times(&["id", "user_id", "video_id", "parent_id", "content"]);
    let codes: Vec<i32> = std::iter::once(10_000).chain(ErrorCode::all().map(ErrorCode::number)).collect();
    let meanings: Vec<String> = ErrorCode::all()
        .map(|code| format!("{}: {} ({})", code.number(), code.message(Language::English), code.name()))
        .collect();
    json!({
        "Base": {
            "type": "object",
            "properties": {
                "code": { "type": "integer", "enum": codes, "description": format!("10000: success\n{}", meanings.join("\n")) },
                "msg": { "type": "string", "description": "For a person; Chinese, or English with Accept-Language: en." },
            },
            "required": ["code", "msg"],
        },
        "User": object(&with_times(&["id", "username", "avatar_url"]), &[]),
        "Video": object(&video, &["visit_count", "like_count", "comment_count"]),
        "Comment": object(&comment, &["like_count", "child_count"]),
        "Social": object(&["id", "username", "avatar_url"], &[]),
    })
}

/// An object whose fields are all required.
fn object(texts: &[&str], counts: &[&str]) -> Value {
    let text = texts.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" })));
    let count = counts.iter().map(|name| ((*name).to_owned(), json!({ "type": "integer" })));
    let properties: Map<String, Value> = text.chain(count).collect();
    let required: Vec<&str> = texts.iter().chain(counts).copied().collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

#[cfg(test)]
mod tests {
    use reel_auth::Viewer;
    use reel_id::{SessionId, UploadId, UserId};

    use super::*;
    use crate::auth::Caller;
    use crate::rest::input::Input;

    fn sample(kind: Kind) -> Option<String> {
        match kind {
            Kind::Text => Some("text".into()),
            Kind::Id => Some("7".into()),
            Kind::Whole { minimum, .. } => Some(minimum.to_string()),
            Kind::Milliseconds => Some("1735689600000".into()),
            Kind::Choice(words) => words.first().map(ToString::to_string),
            Kind::File => None,
        }
    }

    /// Whether the endpoint takes its documented parameters without the one of this name.
    fn accepts(endpoint: &Endpoint, left_out: &str) -> bool {
        let caller = Caller::Known(Viewer { user_id: UserId::from(7), session_id: SessionId::from(9) });
        let given = endpoint.parameters.iter().filter(|parameter| parameter.name != left_out);
        // Of two ids that exclude or replace each other, the first stands for both.
        let both = |parameter: &&Parameter| parameter.required || parameter.name != "comment_id";
        let fields = given.clone().filter(both).filter_map(|one| Some((one.name.to_owned(), sample(one.kind)?)));
        let mut input = Input::new(caller, fields.collect());
        input.refresh_token = Some("refresh".into());
        input.upload = given.clone().any(|one| matches!(one.kind, Kind::File)).then(|| UploadId::from(1));
        (endpoint.operation)(&input).is_ok()
    }

    #[test]
    fn each_endpoint_needs_exactly_the_parameters_that_are_documented_as_required() {
        for endpoint in endpoints().filter(|endpoint| !endpoint.summary.starts_with("Not available")) {
            assert!(accepts(endpoint, ""), "{}", endpoint.path);
            for parameter in endpoint.parameters.iter().filter(|parameter| parameter.required) {
                assert!(!accepts(endpoint, parameter.name), "{} without {}", endpoint.path, parameter.name);
            }
        }
    }

    #[test]
    fn the_interface_document_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/openapi.json");
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), openapi(), "run `make schema`");
    }

    #[test]
    fn every_endpoint_is_in_the_interface_document() {
        let document = document();
        for endpoint in endpoints() {
            assert!(
                document["paths"][endpoint.path][method(endpoint.method)]["summary"].is_string(),
                "{}",
                endpoint.path
            );
        }
    }
}
