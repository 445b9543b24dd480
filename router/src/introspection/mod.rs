//! `__schema` and `__type`, answered from the API schema in the shape that was asked for.

mod resolve;
mod size;

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name, Value, Variables};

use self::resolve::Node;
pub(crate) use self::size::is_bounded;
use crate::executor::shape::{Content, Projection, ShapeField, ShapeId, ValueKind, ValueShape};
use crate::schema::Schema;

/// The answers of the introspecting root fields.
pub(crate) fn answer(schema: &Schema, projection: &Projection, variables: &Variables) -> IndexMap<Name, ConstValue> {
    let writer = Writer { schema, projection, variables };
    let mut answers = IndexMap::new();
    for field in &projection.shapes[projection.root].fields {
        let Some(node) = writer.root(field) else { continue };
        if let Content::Value(shape) = &field.content {
            answers.insert(field.key.name().clone(), writer.value(shape, node));
        }
    }
    answers
}

struct Writer<'a> {
    schema: &'a Schema,
    projection: &'a Projection,
    variables: &'a Variables,
}

impl<'a> Writer<'a> {
    /// What an introspecting root field is about; `None` for all others.
    fn root(&self, field: &ShapeField) -> Option<Node<'a>> {
        match field.name.as_str() {
            "__schema" => Some(Node::Schema),
            "__type" => Some(match self.argument(field, "name") {
                Some(ConstValue::String(name)) => self.schema.type_named(&name).map_or(Node::Null, Node::Type),
                _ => Node::Null,
            }),
            _ => None,
        }
    }

    fn value(&self, shape: &ValueShape, node: Node<'_>) -> ConstValue {
        match (&shape.kind, node) {
            (_, Node::Null) => ConstValue::Null,
            (_, Node::Leaf(value)) => value,
            (ValueKind::List(inner), Node::List(nodes)) => {
                ConstValue::List(nodes.into_iter().map(|node| self.value(inner, node)).collect())
            }
            (ValueKind::Object(shape), node) => self.object(*shape, &node),
            _ => ConstValue::Null,
        }
    }

    fn object(&self, shape: ShapeId, node: &Node<'_>) -> ConstValue {
        let mut object = IndexMap::new();
        for field in &self.projection.shapes[shape].fields {
            if let Content::Value(shape) = &field.content
                && field.when.holds(self.variables)
            {
                let resolved = resolve::field(self.schema, node, &field.name, self.wants_deprecated(field));
                object.insert(field.key.name().clone(), self.value(shape, resolved));
            }
        }
        ConstValue::Object(object)
    }

    fn wants_deprecated(&self, field: &ShapeField) -> bool {
        matches!(self.argument(field, "includeDeprecated"), Some(ConstValue::Boolean(true)))
    }

    fn argument(&self, field: &ShapeField, name: &str) -> Option<ConstValue> {
        let (_, value) = field.arguments.iter().find(|(argument, _)| argument == name)?;
        match value {
            Value::Variable(variable) => self.variables.get(variable).cloned(),
            value => value.clone().into_const(),
        }
    }
}
