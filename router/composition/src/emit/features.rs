//! The specifications that a supergraph links: text that is the same in every supergraph that uses them.

use crate::compose::model::{Merged, MergedKind, MergedMarks};

/// Which of the optional specifications the supergraph uses.
#[derive(Default)]
pub(super) struct Features {
    tag: bool,
    inaccessible: bool,
    authenticated: bool,
    requires_scopes: bool,
    policy: bool,
    cost: bool,
    list_size: bool,
    /// Contexts, or arguments that take their values from them.
    pub(super) context: bool,
}

impl Features {
    pub(super) fn of(merged: &Merged) -> Self {
        let mut features = Self::default();
        for ty in merged.types.values() {
            features.see(&ty.marks);
            match &ty.kind {
                MergedKind::Object(it) | MergedKind::Interface(it) => {
                    for field in it.fields.values() {
                        features.see(&field.marks);
                        features.context |= field.joins.iter().any(|join| !join.context_arguments.is_empty());
                        field.arguments.values().for_each(|argument| features.see(&argument.marks));
                    }
                }
                MergedKind::Enum(values) => values.values().for_each(|value| features.see(&value.marks)),
                MergedKind::Input(fields) => fields.values().for_each(|field| features.see(&field.marks)),
                MergedKind::Scalar | MergedKind::Union(_) => {}
            }
        }
        features
    }

    fn see(&mut self, marks: &MergedMarks) {
        self.tag |= !marks.tags.is_empty();
        self.inaccessible |= marks.inaccessible;
        self.authenticated |= marks.authenticated;
        self.requires_scopes |= marks.requires_scopes.is_some();
        self.policy |= marks.policy.is_some();
        self.cost |= marks.cost.is_some();
        self.list_size |= marks.list_size.is_some();
        self.context |= !marks.contexts.is_empty();
    }

    /// The `@link`s and definitions of those that are used.
    pub(super) fn used(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let all = [
            (self.tag, TAG),
            (self.inaccessible, INACCESSIBLE),
            (self.authenticated, AUTHENTICATED),
            (self.requires_scopes, REQUIRES_SCOPES),
            (self.policy, POLICY),
            (self.cost && !self.list_size, COST),
            (self.list_size, LIST_SIZE),
            (self.context, CONTEXT),
        ];
        all.into_iter().filter(|(used, _)| *used).map(|(_, feature)| feature)
    }
}

const TAG: (&str, &str) = (
    "  @link(url: \"https://specs.apollo.dev/tag/v0.3\")\n",
    "
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA
",
);
const INACCESSIBLE: (&str, &str) = (
    "  @link(url: \"https://specs.apollo.dev/inaccessible/v0.2\", for: SECURITY)\n",
    "
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
",
);
const AUTHENTICATED: (&str, &str) = (
    "  @link(url: \"https://specs.apollo.dev/authenticated/v0.1\", for: SECURITY)\n",
    "
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
",
);
const REQUIRES_SCOPES: (&str, &str) = (
    "  @link(url: \"https://specs.apollo.dev/requiresScopes/v0.1\", for: SECURITY)\n",
    "
directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM

scalar requiresScopes__Scope
",
);
const POLICY: (&str, &str) = (
    "  @link(url: \"https://specs.apollo.dev/policy/v0.1\", for: SECURITY)\n",
    "
directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM

scalar policy__Policy
",
);

const COST: (&str, &str) = (
    "  @link(url: \"https://specs.apollo.dev/cost/v0.1\")\n",
    "
directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
",
);
const LIST_SIZE: (&str, &str) = (
    "  @link(url: \"https://specs.apollo.dev/cost/v0.1\", import: [\"@cost\", \"@listSize\"])\n",
    "
directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR

directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
",
);
const CONTEXT: (&str, &str) = (
    "  @link(url: \"https://specs.apollo.dev/context/v0.1\", for: SECURITY)\n",
    "
directive @context(name: String!) repeatable on OBJECT | INTERFACE | UNION

directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION

scalar context__ContextFieldValue

input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}

scalar join__FieldValue
",
);

/// Definitions of the link and join specifications, v0.5 of join where contexts need it.
pub(super) fn join(context: bool) -> String {
    if !context {
        return JOIN.to_owned();
    }
    JOIN.replacen("overrideLabel: String)", "overrideLabel: String, contextArguments: [join__ContextArgument!])", 1)
}

const JOIN: &str = r"
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

scalar join__DirectiveArguments

scalar join__FieldSet

scalar link__Import

enum link__Purpose {
  SECURITY
  EXECUTION
}
";
