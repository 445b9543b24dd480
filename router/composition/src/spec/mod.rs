//! The Federation specification as data: its directives, where they may stand, since which version.

use async_graphql_parser::types::DirectiveLocation as At;

/// The version of Federation that a subgraph is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// No `@link` to the specification: Federation 1.
    V1,
    /// `v2.x`.
    V2(u32),
}

/// The last 2.x that this composer knows.
pub(crate) const NEWEST_MINOR: u32 = 9;

/// The `@link` identity of the specification.
pub(crate) const FEDERATION_IDENTITY: &str = "https://specs.apollo.dev/federation";

/// Directives of the Federation specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Directive {
    Key,
    Requires,
    Provides,
    External,
    Extends,
    Tag,
    Inaccessible,
    Override,
    Shareable,
    Compose,
    InterfaceObject,
    Authenticated,
    RequiresScopes,
    Policy,
    Context,
    FromContext,
    Cost,
    ListSize,
}

/// All of them.
pub(crate) const ALL: [Directive; 18] = [
    Directive::Key,
    Directive::Requires,
    Directive::Provides,
    Directive::External,
    Directive::Extends,
    Directive::Tag,
    Directive::Inaccessible,
    Directive::Override,
    Directive::Shareable,
    Directive::Compose,
    Directive::InterfaceObject,
    Directive::Authenticated,
    Directive::RequiresScopes,
    Directive::Policy,
    Directive::Context,
    Directive::FromContext,
    Directive::Cost,
    Directive::ListSize,
];

impl Directive {
    /// Its name without the `@`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Requires => "requires",
            Self::Provides => "provides",
            Self::External => "external",
            Self::Extends => "extends",
            Self::Tag => "tag",
            Self::Inaccessible => "inaccessible",
            Self::Override => "override",
            Self::Shareable => "shareable",
            Self::Compose => "composeDirective",
            Self::InterfaceObject => "interfaceObject",
            Self::Authenticated => "authenticated",
            Self::RequiresScopes => "requiresScopes",
            Self::Policy => "policy",
            Self::Context => "context",
            Self::FromContext => "fromContext",
            Self::Cost => "cost",
            Self::ListSize => "listSize",
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|directive| directive.name() == name)
    }

    /// The first version that has it.
    pub(crate) fn since(self) -> Version {
        match self {
            Self::Key | Self::Requires | Self::Provides | Self::External | Self::Extends => Version::V1,
            Self::Tag | Self::Inaccessible | Self::Override => Version::V1,
            Self::Shareable => Version::V2(0),
            Self::Compose => Version::V2(1),
            Self::InterfaceObject => Version::V2(3),
            Self::Authenticated | Self::RequiresScopes => Version::V2(5),
            Self::Policy => Version::V2(6),
            Self::Context | Self::FromContext => Version::V2(8),
            Self::Cost | Self::ListSize => Version::V2(9),
        }
    }

    /// The arguments that it has.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Key => &["fields", "resolvable"],
            Self::Requires | Self::Provides => &["fields"],
            Self::External => &["reason"],
            Self::Tag | Self::Compose | Self::Context => &["name"],
            Self::Override => &["from", "label"],
            Self::RequiresScopes => &["scopes"],
            Self::Policy => &["policies"],
            Self::FromContext => &["field"],
            Self::Cost => &["weight"],
            Self::ListSize => &["assumedSize", "slicingArguments", "sizedFields", "requireOneSlicingArgument"],
            Self::Extends | Self::Inaccessible | Self::Shareable | Self::InterfaceObject | Self::Authenticated => &[],
        }
    }

    /// Leaving it out would open what was meant to be closed.
    pub(crate) fn guards(self) -> bool {
        matches!(self, Self::Authenticated | Self::RequiresScopes | Self::Policy | Self::Inaccessible)
    }

    pub(crate) fn repeatable(self) -> bool {
        matches!(self, Self::Key | Self::Tag | Self::Compose | Self::Shareable | Self::Context)
    }

    /// Where it may stand.
    pub(crate) fn locations(self) -> &'static [At] {
        const TYPE: &[At] = &[At::Object, At::Interface];
        const FIELD: &[At] = &[At::FieldDefinition];
        const GUARDED: &[At] = &[At::FieldDefinition, At::Object, At::Interface, At::Scalar, At::Enum];
        const EVERYWHERE: &[At] = &[
            At::FieldDefinition,
            At::Object,
            At::Interface,
            At::Union,
            At::ArgumentDefinition,
            At::Scalar,
            At::Enum,
            At::EnumValue,
            At::InputObject,
            At::InputFieldDefinition,
        ];
        match self {
            Self::Key | Self::Extends => TYPE,
            Self::Requires | Self::Provides | Self::Override | Self::ListSize => FIELD,
            Self::External | Self::Shareable => &[At::Object, At::FieldDefinition],
            Self::Tag | Self::Inaccessible => EVERYWHERE,
            Self::Compose => &[At::Schema],
            Self::InterfaceObject => &[At::Object],
            Self::Authenticated | Self::RequiresScopes | Self::Policy => GUARDED,
            Self::Context => &[At::Object, At::Interface, At::Union],
            Self::FromContext => &[At::ArgumentDefinition],
            Self::Cost => &[
                At::ArgumentDefinition,
                At::Enum,
                At::FieldDefinition,
                At::InputFieldDefinition,
                At::Object,
                At::Scalar,
            ],
        }
    }
}

/// A directive location as it is written in SDL.
pub(crate) fn location_name(location: At) -> &'static str {
    match location {
        At::Query => "QUERY",
        At::Mutation => "MUTATION",
        At::Subscription => "SUBSCRIPTION",
        At::Field => "FIELD",
        At::FragmentDefinition => "FRAGMENT_DEFINITION",
        At::FragmentSpread => "FRAGMENT_SPREAD",
        At::InlineFragment => "INLINE_FRAGMENT",
        At::Schema => "SCHEMA",
        At::Scalar => "SCALAR",
        At::Object => "OBJECT",
        At::FieldDefinition => "FIELD_DEFINITION",
        At::ArgumentDefinition => "ARGUMENT_DEFINITION",
        At::Interface => "INTERFACE",
        At::Union => "UNION",
        At::Enum => "ENUM",
        At::EnumValue => "ENUM_VALUE",
        At::InputObject => "INPUT_OBJECT",
        At::InputFieldDefinition => "INPUT_FIELD_DEFINITION",
        At::VariableDefinition => "VARIABLE_DEFINITION",
    }
}

/// Whether a location is in an operation, not in a schema.
pub(crate) fn is_executable(location: At) -> bool {
    matches!(
        location,
        At::Query
            | At::Mutation
            | At::Subscription
            | At::Field
            | At::FragmentDefinition
            | At::FragmentSpread
            | At::InlineFragment
            | At::VariableDefinition
    )
}
