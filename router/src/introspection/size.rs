//! How large the answer to an introspection is. Lists of a schema inside each other multiply.

use async_graphql_value::Variables;

use super::{Node, Writer, resolve};
use crate::executor::shape::{Content, Projection, ShapeField, ShapeId, ValueKind, ValueShape};
use crate::schema::{Schema, TypeDefinition};

/// How often an answer may hold everything in the schema. The standard query holds each thing once, and what it has for a
/// type: at most six objects.
const MOST_TIMES: usize = 10;
/// What any schema may be asked for, however small it is.
const ALWAYS: usize = 1_000;

/// Whether the answer is no larger than is good for anybody.
pub(crate) fn is_bounded(schema: &Schema, projection: &Projection, variables: &Variables) -> bool {
    let writer = Writer { schema, projection, variables };
    let mut left = schema.types.values().map(things).sum::<usize>() * MOST_TIMES + ALWAYS;
    projection.shapes[projection.root].fields.iter().all(|field| match (&field.content, writer.root(field)) {
        (Content::Value(shape), Some(node)) => writer.takes(shape, node, &mut left).is_some(),
        _ => true,
    })
}

/// What there is to tell of a type: itself, its members, and their arguments.
fn things(ty: &TypeDefinition) -> usize {
    let fields: usize = ty.fields.values().map(|field| 1 + field.arguments.len()).sum();
    1 + fields + ty.input_fields.len() + ty.values.len() + ty.interfaces.len() + ty.possible_types.len()
}

impl Writer<'_> {
    /// Takes the objects of a value from what is left; `None` when that is not enough.
    fn takes(&self, shape: &ValueShape, node: Node<'_>, left: &mut usize) -> Option<()> {
        match (&shape.kind, node) {
            (ValueKind::List(inner), Node::List(nodes)) => {
                nodes.into_iter().try_for_each(|node| self.takes(inner, node, left))
            }
            (_, Node::Null | Node::Leaf(_)) => Some(()),
            (ValueKind::Object(shape), node) => {
                *left = left.checked_sub(1)?;
                self.takes_object(*shape, &node, left)
            }
            _ => Some(()),
        }
    }

    fn takes_object(&self, shape: ShapeId, node: &Node<'_>, left: &mut usize) -> Option<()> {
        let has_more = |field: &&ShapeField| match &field.content {
            Content::Value(shape) => shape.has_objects() && field.when.holds(self.variables),
            _ => false,
        };
        self.projection.shapes[shape].fields.iter().filter(has_more).try_for_each(|field| {
            let Content::Value(shape) = &field.content else { return Some(()) };
            let resolved = resolve::field(self.schema, node, &field.name, self.wants_deprecated(field));
            self.takes(shape, resolved, left)
        })
    }
}
