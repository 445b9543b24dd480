//! What a supergraph may ask for and no plan here can do.

use graphql_tools::static_graphql::schema::{Definition, Directive, Document, Field, TypeDefinition, Value};

use super::PlannerError;

/// Refuses a supergraph whose fields take arguments from a context (`@fromContext`, Federation 2.8): the planner would
/// leave the arguments out, and the subgraph would answer something else than was meant.
///
/// # Errors
/// [`PlannerError::Unsupported`] for the first such field.
pub(super) fn check(supergraph: &Document) -> Result<(), PlannerError> {
    for definition in &supergraph.definitions {
        let Definition::TypeDefinition(definition) = definition else { continue };
        let (name, fields) = fields(definition);
        if let Some(field) = fields.iter().find(|field| field.directives.iter().any(takes_from_context)) {
            return Err(PlannerError::Unsupported {
                field: format!("{name}.{}", field.name),
                directive: "@fromContext",
            });
        }
    }
    Ok(())
}

fn fields(definition: &TypeDefinition) -> (&str, &[Field]) {
    match definition {
        TypeDefinition::Object(object) => (&object.name, &object.fields),
        TypeDefinition::Interface(interface) => (&interface.name, &interface.fields),
        _ => ("", &[]),
    }
}

fn takes_from_context(directive: &Directive) -> bool {
    let takes = |(name, value): &(String, Value)| {
        name == "contextArguments" && !matches!(value, Value::Null) && *value != Value::List(Vec::new())
    };
    directive.name == "join__field" && directive.arguments.iter().any(takes)
}

#[cfg(test)]
mod tests {
    use super::super::HivePlanner;

    const CONTEXT: &str = include_str!("../../composition/tests/cases/context/supergraph.graphql");

    #[test]
    fn a_field_with_arguments_from_a_context_is_named_and_refused() {
        let refused = HivePlanner::new(CONTEXT).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("@fromContext") && refused.contains(".price"), "{refused}");
    }

    #[test]
    fn the_same_without_them_is_taken() {
        let without: String = CONTEXT
            .lines()
            .map(|line| match (line.find(", contextArguments: ["), line.rfind("])")) {
                (Some(from), Some(to)) => format!("{}{}\n", &line[..from], &line[to + 1..]),
                _ => format!("{line}\n"),
            })
            .collect();
        assert_eq!(HivePlanner::new(&without).err().map(|error| error.to_string()), None);
    }
}
