//! Finds the objects at a flatten path. Lists are passed through wherever they are; the positions taken are kept, so
//! that an object can be found again and named in an error.

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name};

use super::project::typename;
use crate::path::PathSegment;
use crate::planner::{FlattenPath, FlattenSegment};
use crate::schema::Schema;

type Object = IndexMap<Name, ConstValue>;

/// Calls `visit` for every object at the path, in order.
pub(crate) fn walk<'d>(
    schema: &Schema,
    value: &'d ConstValue,
    path: &[FlattenSegment],
    positions: &mut Vec<usize>,
    visit: &mut dyn FnMut(&'d Object, &[usize]),
) {
    match value {
        ConstValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                positions.push(index);
                walk(schema, item, path, positions, visit);
                positions.pop();
            }
        }
        ConstValue::Object(object) => match path {
            [] => visit(object, positions),
            [FlattenSegment::Key(key), rest @ ..] => {
                if let Some(value) = object.get(key) {
                    walk(schema, value, rest, positions, visit);
                }
            }
            [FlattenSegment::Types(types), rest @ ..] => {
                if is_one_of(schema, object, types.iter().map(String::as_str)) {
                    walk(schema, value, rest, positions, visit);
                }
            }
        },
        _ => {}
    }
}

/// [`walk`], to change the objects.
pub(crate) fn walk_mut(
    schema: &Schema,
    value: &mut ConstValue,
    path: &[FlattenSegment],
    positions: &mut Vec<usize>,
    visit: &mut dyn FnMut(&mut Object, &[usize]),
) {
    if let [FlattenSegment::Types(types), rest @ ..] = path {
        let passes = match &*value {
            ConstValue::Object(object) => is_one_of(schema, object, types.iter().map(String::as_str)),
            _ => false,
        };
        if passes {
            return walk_mut(schema, value, rest, positions, visit);
        }
    }
    match value {
        ConstValue::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                positions.push(index);
                walk_mut(schema, item, path, positions, visit);
                positions.pop();
            }
        }
        ConstValue::Object(object) => match path {
            [] => visit(object, positions),
            [FlattenSegment::Key(key), rest @ ..] => {
                if let Some(value) = object.get_mut(key) {
                    walk_mut(schema, value, rest, positions, visit);
                }
            }
            [FlattenSegment::Types(_), ..] => {}
        },
        _ => {}
    }
}

/// Whether an object is one of the types. One that does not tell its type was selected without need for it.
pub(crate) fn is_one_of<'t>(schema: &Schema, object: &Object, types: impl IntoIterator<Item = &'t str>) -> bool {
    match typename(object) {
        Some(name) => types.into_iter().any(|condition| schema.is_possible(condition, name)),
        None => true,
    }
}

/// The response path of an object found at `path` by these positions.
pub(crate) fn response_path(data: &ConstValue, path: &FlattenPath, positions: &[usize]) -> Vec<PathSegment> {
    let mut steps = Vec::with_capacity(path.0.len() + positions.len());
    let mut positions = positions.iter();
    let mut value = Some(data);
    let into_lists =
        |value: &mut Option<&ConstValue>, steps: &mut Vec<PathSegment>, positions: &mut std::slice::Iter<'_, usize>| {
            while let Some(ConstValue::List(items)) = *value {
                let Some(&index) = positions.next() else { return };
                steps.push(PathSegment::Index(index));
                *value = items.get(index);
            }
        };
    for segment in &path.0 {
        if let FlattenSegment::Key(key) = segment {
            steps.push(PathSegment::Key(key.clone()));
            value = match value {
                Some(ConstValue::Object(object)) => object.get(key),
                _ => None,
            };
            into_lists(&mut value, &mut steps, &mut positions);
        }
    }
    steps
}
