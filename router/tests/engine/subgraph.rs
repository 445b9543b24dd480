//! A subgraph that executes what it is asked, over data of a test. Documents that do not fit its schema fail.

use async_graphql_parser::types::{Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql_parser::{Positioned, parse_query};
use graphql_tools::parser::{parse_query as parse_document, parse_schema};
use graphql_tools::validation::rules::default_rules_validation_plan;
use graphql_tools::validation::validate::validate;
use serde_json::{Map, Value, json};

const DIRECTIVES: &str = "directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT \
    directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT";

/// How fields with arguments are resolved: object, name, arguments.
type Resolve = Box<dyn Fn(&Value, &str, &Value) -> Option<Value> + Send + Sync>;

/// A subgraph. Values may refer to entities (`{"ref": "Item:1"}`) and may be errors (`{"error": "CODE"}`).
pub(crate) struct Subgraph {
    schema: String,
    roots: Value,
    entities: Value,
    resolve: Resolve,
}

impl Subgraph {
    /// `entities` are the entity types of the schema.
    pub(crate) fn new(sdl: &str, entities: &str, mut data: Value) -> Self {
        let field = "_entities(representations: [_Any!]!): [_Entity]!";
        let schema = sdl.replacen("type Query {", &format!("type Query {{ {field} "), 1);
        let schema = format!(
            "{schema} {DIRECTIVES} scalar ID scalar Int scalar String scalar Boolean scalar _Any union _Entity = {entities}"
        );
        let (roots, entities) = (data["roots"].take(), data["entities"].take());
        Self { schema, roots, entities, resolve: Box::new(|_, _, _| None) }
    }

    pub(crate) fn resolving(
        mut self,
        resolve: impl Fn(&Value, &str, &Value) -> Option<Value> + Send + Sync + 'static,
    ) -> Self {
        self.resolve = Box::new(resolve);
        self
    }

    pub(crate) fn with_schema(mut self, change: impl FnOnce(&str) -> String) -> Self {
        self.schema = change(&self.schema);
        self
    }

    /// The response to a document.
    pub(crate) fn answer(&self, text: &str, variables: &Value) -> Value {
        self.check(text);
        let document = parse_query(text).unwrap();
        let operation: &OperationDefinition = &document.operations.iter().next().unwrap().1.node;
        let mut execution = Execution { subgraph: self, document: &document, variables, errors: Vec::new() };
        let data = execution.object(&operation.selection_set.node, &self.roots, &[]);
        json!({ "data": data, "errors": execution.errors })
    }

    fn check(&self, text: &str) {
        let schema = parse_schema::<String>(&self.schema).unwrap().into_static();
        let document = parse_document::<String>(text).unwrap().into_static();
        let errors = validate(&schema, &document, &default_rules_validation_plan());
        assert!(errors.is_empty(), "{text}: {errors:?}");
    }

    fn entity(&self, representation: &Value) -> Value {
        let named = |name: &str| representation[name].as_str().unwrap_or_default().to_owned();
        self.follow(json!({ "ref": format!("{}:{}", named("__typename"), named("id")) }), representation)
    }

    fn follow(&self, value: Value, given: &Value) -> Value {
        let Some(reference) = value["ref"].as_str() else { return value };
        let mut found = self.entities[reference].clone();
        if let (Some(found), Some((ty, id))) = (found.as_object_mut(), reference.split_once(':')) {
            found.insert("__typename".to_owned(), ty.into());
            found.insert("id".to_owned(), id.into());
            for (name, value) in given.as_object().into_iter().flatten() {
                found.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        found
    }
}

struct Execution<'a> {
    subgraph: &'a Subgraph,
    document: &'a ExecutableDocument,
    variables: &'a Value,
    errors: Vec<Value>,
}

impl Execution<'_> {
    fn object(&mut self, set: &SelectionSet, object: &Value, path: &[Value]) -> Value {
        let mut shown = Map::new();
        self.collect(set, object, path, &mut shown);
        shown.into()
    }

    fn collect(&mut self, set: &SelectionSet, object: &Value, path: &[Value], shown: &mut Map<String, Value>) {
        for selection in set.items.iter().map(|item| &item.node) {
            if !self.is_included(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    let value = self.field(&field.node, object, &[path, &[key.clone().into()]].concat());
                    merge(shown.entry(key).or_insert(Value::Null), value);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    if condition.is_none_or(|on| is_a(object, on)) {
                        self.collect(&fragment.node.selection_set.node, object, path, shown);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.document.fragments[&spread.node.fragment_name.node].node;
                    if is_a(object, &fragment.type_condition.node.on.node) {
                        self.collect(&fragment.selection_set.node, object, path, shown);
                    }
                }
            }
        }
    }

    fn field(&mut self, field: &Field, object: &Value, path: &[Value]) -> Value {
        let name = field.name.node.as_str();
        let arguments: Map<String, Value> =
            field.arguments.iter().map(|(name, value)| (name.to_string(), self.value(&value.node))).collect();
        let value = match name {
            "_entities" => {
                let representations = arguments["representations"].as_array().unwrap();
                representations.iter().map(|one| self.subgraph.entity(one)).collect()
            }
            _ => {
                let resolved = (self.subgraph.resolve)(object, name, &arguments.into());
                resolved.unwrap_or_else(|| object[name].clone())
            }
        };
        self.complete(value, &field.selection_set.node, path)
    }

    fn complete(&mut self, value: Value, set: &SelectionSet, path: &[Value]) -> Value {
        let value = self.subgraph.follow(value, &Value::Null);
        if let Some(code) = value["error"].as_str() {
            self.errors.push(json!({ "message": code, "path": path, "extensions": { "code": code } }));
            return Value::Null;
        }
        match value {
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                items.map(|(place, item)| self.complete(item, set, &[path, &[place.into()]].concat())).collect()
            }
            Value::Object(_) if !set.items.is_empty() => self.object(set, &value, path),
            leaf => leaf,
        }
    }

    fn value(&self, value: &async_graphql_value::Value) -> Value {
        let variable = |name: async_graphql_value::Name| {
            Ok::<_, ()>(async_graphql_value::ConstValue::from_json(self.variables[name.as_str()].clone()).unwrap())
        };
        value.clone().into_const_with(variable).unwrap().into_json().unwrap()
    }

    fn is_included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let argument = self.value(&directive.node.get_argument("if").unwrap().node);
            argument == Value::Bool(directive.node.name.node == "include")
        })
    }
}

fn is_a(object: &Value, ty: &str) -> bool {
    let also = object["is"].as_array().is_some_and(|also| also.iter().any(|name| name == ty));
    // Objects of which there is one kind only need not say it.
    object["__typename"].is_null() || object["__typename"] == ty || also
}

pub(crate) fn merge(into: &mut Value, value: Value) {
    match (into, value) {
        (Value::Object(into), Value::Object(value)) => {
            value.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
        }
        (Value::Array(into), Value::Array(value)) => {
            into.iter_mut().zip(value).for_each(|(into, value)| merge(into, value));
        }
        (into, value) => *into = value,
    }
}
