//! One operation of a document, resolved against the API schema, with its fragments in place.

use async_graphql_parser::types::{
    Directive, ExecutableDocument, Field as AstField, OperationDefinition, OperationType, Selection as AstSelection,
    SelectionSet, Type,
};
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::{ConstValue, Name, Value};
use reel_error::ErrorCode;

use crate::error::GraphqlError;
use crate::schema::{Schema, TypeDefinition, base_name};

pub use async_graphql_parser::types::OperationType as OperationKind;

pub use crate::condition::Condition;

/// An operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Query or mutation.
    pub kind: OperationKind,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// The type of its root.
    pub root_type: Name,
    /// What it selects there.
    pub selections: Vec<Selection>,
}

/// A variable definition.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name, without the `$`.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its default.
    pub default_value: Option<ConstValue>,
    /// Where it is defined.
    pub position: Pos,
}

/// A part of a selection set.
#[derive(Debug, Clone)]
pub enum Selection {
    /// A field.
    Field(Field),
    /// An inline fragment, or a spread put in place.
    Fragment(Fragment),
}

/// A selected field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its key in the response.
    pub key: Name,
    /// Its key in what subgraphs are asked and answer.
    pub sent: Name,
    /// Its name.
    pub name: Name,
    /// The type that it is selected on.
    pub parent: Name,
    /// Its arguments.
    pub arguments: Vec<(Name, Value)>,
    /// When it is included.
    pub conditions: Vec<Condition>,
    /// Its type.
    pub ty: Type,
    /// What is selected on it.
    pub selections: Vec<Selection>,
    /// Why this viewer may not have it.
    pub denied: Option<ErrorCode>,
    /// Where it is in the document.
    pub position: Pos,
}

/// A selection set for some types.
#[derive(Debug, Clone)]
pub struct Fragment {
    /// The type; without one, that of the surrounding set.
    pub condition: Option<Name>,
    /// When it is included.
    pub conditions: Vec<Condition>,
    /// What is selected.
    pub selections: Vec<Selection>,
}

impl Operation {
    /// Refuses the operation when it asks for the schema.
    pub(super) fn refuse_introspection(&self) -> Result<(), GraphqlError> {
        match find_introspection(&self.selections) {
            Some(position) => Err(GraphqlError::new(
                ErrorCode::GraphqlValidationFailed,
                "Introspection is turned off; read the published schema instead.",
            )
            .located(position)),
            None => Ok(()),
        }
    }
}

impl Field {
    /// Whether the router answers it from the schema.
    pub fn is_introspection(&self) -> bool {
        matches!(self.name.as_str(), "__schema" | "__type")
    }
}

fn find_introspection(selections: &[Selection]) -> Option<Pos> {
    selections.iter().find_map(|selection| match selection {
        Selection::Field(field) if field.is_introspection() => Some(field.position),
        Selection::Field(_) => None,
        Selection::Fragment(fragment) => find_introspection(&fragment.selections),
    })
}

/// Picks the operation and resolves it.
///
/// # Errors
///
/// When there is no such operation, or when it does not fit the schema.
pub fn resolve(schema: &Schema, document: &ExecutableDocument, name: Option<&str>) -> Result<Operation, GraphqlError> {
    let operation = pick(document, name)?;
    let root_type = match operation.node.ty {
        OperationType::Query => Some(&schema.query),
        OperationType::Mutation => schema.mutation.as_ref(),
        OperationType::Subscription => None,
    };
    let root_type = root_type
        .and_then(|name| schema.type_named(name))
        .ok_or_else(|| refused(format!("The schema has no {} operations.", operation.node.ty), operation.pos))?;
    let resolver = Resolver { schema, document };
    Ok(Operation {
        kind: operation.node.ty,
        variables: variables(&operation.node),
        root_type: root_type.name.clone(),
        selections: resolver.set(root_type, &operation.node.selection_set)?,
    })
}

fn pick<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, GraphqlError> {
    // Clients send an empty name for none.
    match name.filter(|name| !name.is_empty()) {
        Some(wanted) => document
            .operations
            .iter()
            .find_map(|(name, operation)| (name.is_some_and(|name| name == wanted)).then_some(operation))
            .ok_or_else(|| refuse(format!("The document has no operation named \"{wanted}\"."))),
        None if document.operations.iter().len() > 1 => {
            Err(refuse("The document has several operations; say which with `operationName`."))
        }
        None => document
            .operations
            .iter()
            .next()
            .map(|(_, operation)| operation)
            .ok_or_else(|| refuse("The document has no operation.")),
    }
}

fn variables(operation: &OperationDefinition) -> Vec<Variable> {
    let variable = |definition: &Positioned<async_graphql_parser::types::VariableDefinition>| Variable {
        name: definition.node.name.node.clone(),
        ty: definition.node.var_type.node.clone(),
        default_value: definition.node.default_value.as_ref().map(|value| value.node.clone()),
        position: definition.pos,
    };
    operation.variable_definitions.iter().map(variable).collect()
}

/// The recursion is bounded by the nesting that the pre-check allowed, its breadth by the selections.
struct Resolver<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
}

impl Resolver<'_> {
    fn set(&self, parent: &TypeDefinition, set: &Positioned<SelectionSet>) -> Result<Vec<Selection>, GraphqlError> {
        let mut selections = Vec::with_capacity(set.node.items.len());
        for selection in &set.node.items {
            let Some(conditions) = conditions(selection.node.directives())? else { continue };
            selections.push(match &selection.node {
                AstSelection::Field(field) => Selection::Field(self.field(parent, field, conditions)?),
                AstSelection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on);
                    self.fragment(parent, condition, conditions, &fragment.node.selection_set)?
                }
                AstSelection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name;
                    let fragment = self
                        .document
                        .fragments
                        .get(&name.node)
                        .ok_or_else(|| refused(format!("Unknown fragment \"{}\".", name.node), name.pos))?;
                    let condition = Some(&fragment.node.type_condition.node.on);
                    self.fragment(parent, condition, conditions, &fragment.node.selection_set)?
                }
            });
        }
        Ok(selections)
    }

    fn fragment(
        &self,
        parent: &TypeDefinition,
        condition: Option<&Positioned<Name>>,
        conditions: Vec<Condition>,
        set: &Positioned<SelectionSet>,
    ) -> Result<Selection, GraphqlError> {
        let ty = match condition {
            None => parent,
            Some(name) => self
                .schema
                .type_named(&name.node)
                .ok_or_else(|| refused(format!("Unknown type \"{}\".", name.node), name.pos))?,
        };
        let condition = condition.map(|name| name.node.clone()).filter(|name| *name != parent.name);
        Ok(Selection::Fragment(Fragment { condition, conditions, selections: self.set(ty, set)? }))
    }

    fn field(
        &self,
        parent: &TypeDefinition,
        field: &Positioned<AstField>,
        conditions: Vec<Condition>,
    ) -> Result<Field, GraphqlError> {
        let name = &field.node.name.node;
        let ty = self
            .field_type(parent, name)
            .ok_or_else(|| refused(format!("Cannot query field \"{name}\" on type \"{}\".", parent.name), field.pos))?;
        let base = self.schema.type_named(base_name(&ty));
        let selections = match base {
            Some(base) if !base.is_leaf() => self.set(base, &field.node.selection_set)?,
            _ => Vec::new(),
        };
        Ok(Field {
            key: field.node.response_key().node.clone(),
            sent: field.node.response_key().node.clone(),
            name: name.clone(),
            parent: parent.name.clone(),
            arguments: field
                .node
                .arguments
                .iter()
                .map(|(name, value)| (name.node.clone(), value.node.clone()))
                .collect(),
            conditions,
            ty,
            selections,
            denied: None,
            position: field.pos,
        })
    }

    fn field_type(&self, parent: &TypeDefinition, name: &Name) -> Option<Type> {
        match name.as_str() {
            "__typename" => Type::new("String!"),
            "__schema" if parent.name == self.schema.query => Type::new("__Schema!"),
            "__type" if parent.name == self.schema.query => Type::new("__Type"),
            _ => parent.fields.get(name).map(|field| field.ty.clone()),
        }
    }
}

/// The conditions of a selection; `None` when a literal already excludes it.
fn conditions(directives: &[Positioned<Directive>]) -> Result<Option<Vec<Condition>>, GraphqlError> {
    let mut conditions = Vec::new();
    for directive in directives {
        let expected = match directive.node.name.node.as_str() {
            "include" => true,
            "skip" => false,
            _ => continue,
        };
        match directive.node.get_argument("if").map(|value| &value.node) {
            Some(Value::Boolean(value)) if *value == expected => {}
            Some(Value::Boolean(_)) => return Ok(None),
            Some(Value::Variable(variable)) => conditions.push(Condition { variable: variable.clone(), expected }),
            _ => return Err(refused("`@skip` and `@include` need `if` with a Boolean.", directive.pos)),
        }
    }
    Ok(Some(conditions))
}

fn refuse(message: impl Into<String>) -> GraphqlError {
    GraphqlError::new(ErrorCode::GraphqlValidationFailed, message)
}

fn refused(message: impl Into<String>, position: Pos) -> GraphqlError {
    refuse(message).located(position)
}
