//! Errors and hints: what is wrong, what to do about it, and where.

use std::fmt;

use serde::{Serialize, Serializer};

/// One error or hint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The code that Federation tools know this problem by.
    pub code: Code,
    /// What is wrong and what to do about it.
    pub message: String,
    /// Whether composition failed because of it.
    pub severity: Severity,
    /// Where it comes from; empty when it belongs to no single place.
    pub places: Vec<Place>,
}

/// Whether a diagnostic stops composition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// There is no supergraph until this is corrected.
    Error,
    /// The supergraph is fine; somebody may still want to know.
    Hint,
}

/// A position in a subgraph's SDL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The subgraph's name.
    pub subgraph: String,
    /// Line, from 1; 0 when the place is the subgraph as a whole.
    pub line: usize,
    /// Column, from 1; 0 when the place is the subgraph as a whole.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return f.write_str(&self.subgraph);
        }
        write!(f, "{}:{}:{}", self.subgraph, self.line, self.column)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Hint => "hint",
        };
        write!(f, "{kind}[{}]: {}", self.code, self.message)?;
        for place in &self.places {
            write!(f, "\n  at {place}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// Collects diagnostics through the phases.
#[derive(Default)]
pub(crate) struct Report {
    errors: Vec<Diagnostic>,
    hints: Vec<Diagnostic>,
}

impl Report {
    pub(crate) fn error(&mut self, code: Code, message: impl Into<String>, places: Vec<Place>) {
        self.errors.push(Diagnostic { code, message: message.into(), severity: Severity::Error, places });
    }

    pub(crate) fn hint(&mut self, code: Code, message: impl Into<String>, places: Vec<Place>) {
        self.hints.push(Diagnostic { code, message: message.into(), severity: Severity::Hint, places });
    }

    /// Ends composition when a phase found errors: the next one could only add consequences of them.
    pub(crate) fn checkpoint(&mut self) -> Result<(), Vec<Diagnostic>> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(std::mem::take(&mut self.errors))
    }

    /// Adds what was found elsewhere.
    pub(crate) fn append(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.hints.extend(other.hints);
    }

    pub(crate) fn into_hints(self) -> Vec<Diagnostic> {
        self.hints
    }
}

macro_rules! codes {
    ($($variant:ident = $text:literal,)*) => {
        /// The known codes of Federation composition.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Code {
            /// All of them, by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as text, the way it is documented for Federation.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    AuthRequirementsAppliedOnInterface = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
    ContextInvalidSelection = "CONTEXT_INVALID_SELECTION",
    ContextNameInvalid = "CONTEXT_NAME_INVALID",
    ContextNoResolvableKey = "CONTEXT_NO_RESOLVABLE_KEY",
    ContextNotSet = "CONTEXT_NOT_SET",
    ContextualArgumentNotContextualInAllSubgraphs = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
    CostAppliedToInterfaceField = "COST_APPLIED_TO_INTERFACE_FIELD",
    DefaultValueUsesInaccessible = "DEFAULT_VALUE_USES_INACCESSIBLE",
    DirectiveCompositionError = "DIRECTIVE_COMPOSITION_ERROR",
    DirectiveCostInvalidWeight = "DIRECTIVE_COST_INVALID_WEIGHT",
    DirectiveDefinitionInvalid = "DIRECTIVE_DEFINITION_INVALID",
    DisallowedInaccessible = "DISALLOWED_INACCESSIBLE",
    EmptyMergedEnumType = "EMPTY_MERGED_ENUM_TYPE",
    EmptyMergedInputType = "EMPTY_MERGED_INPUT_TYPE",
    EnumValueMismatch = "ENUM_VALUE_MISMATCH",
    ExtensionWithNoBase = "EXTENSION_WITH_NO_BASE",
    ExternalArgumentDefaultMismatch = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
    ExternalArgumentMissing = "EXTERNAL_ARGUMENT_MISSING",
    ExternalArgumentTypeMismatch = "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
    ExternalMissingOnBase = "EXTERNAL_MISSING_ON_BASE",
    ExternalOnInterface = "EXTERNAL_ON_INTERFACE",
    ExternalTypeMismatch = "EXTERNAL_TYPE_MISMATCH",
    ExternalUnused = "EXTERNAL_UNUSED",
    FieldArgumentDefaultMismatch = "FIELD_ARGUMENT_DEFAULT_MISMATCH",
    FieldArgumentTypeMismatch = "FIELD_ARGUMENT_TYPE_MISMATCH",
    FieldTypeMismatch = "FIELD_TYPE_MISMATCH",
    FromSubgraphDoesNotExist = "FROM_SUBGRAPH_DOES_NOT_EXIST",
    ImplementedByInaccessible = "IMPLEMENTED_BY_INACCESSIBLE",
    InconsistentArgumentPresence = "INCONSISTENT_ARGUMENT_PRESENCE",
    InconsistentButCompatibleArgumentType = "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE",
    InconsistentButCompatibleFieldType = "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
    InconsistentDefaultValuePresence = "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
    InconsistentDescription = "INCONSISTENT_DESCRIPTION",
    InconsistentEntity = "INCONSISTENT_ENTITY",
    InconsistentEnumValueForInputEnum = "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
    InconsistentEnumValueForOutputEnum = "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM",
    InconsistentExecutableDirectivePresence = "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
    InconsistentInputObjectField = "INCONSISTENT_INPUT_OBJECT_FIELD",
    InconsistentNonRepeatableDirectiveArguments = "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    InconsistentUnionMember = "INCONSISTENT_UNION_MEMBER",
    InputFieldDefaultMismatch = "INPUT_FIELD_DEFAULT_MISMATCH",
    InterfaceFieldNoImplem = "INTERFACE_FIELD_NO_IMPLEM",
    InterfaceKeyMissingImplementationType = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
    InterfaceKeyNotOnImplementation = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
    InterfaceObjectUsageError = "INTERFACE_OBJECT_USAGE_ERROR",
    InvalidFieldSharing = "INVALID_FIELD_SHARING",
    InvalidGraphql = "INVALID_GRAPHQL",
    InvalidLinkDirectiveUsage = "INVALID_LINK_DIRECTIVE_USAGE",
    InvalidLinkIdentifier = "INVALID_LINK_IDENTIFIER",
    InvalidShareableUsage = "INVALID_SHAREABLE_USAGE",
    InvalidSubgraphName = "INVALID_SUBGRAPH_NAME",
    KeyFieldsHasArgs = "KEY_FIELDS_HAS_ARGS",
    KeyFieldsSelectInvalidType = "KEY_FIELDS_SELECT_INVALID_TYPE",
    KeyHasDirectiveInFieldsArg = "KEY_HAS_DIRECTIVE_IN_FIELDS_ARG",
    KeyInvalidFields = "KEY_INVALID_FIELDS",
    KeyInvalidFieldsType = "KEY_INVALID_FIELDS_TYPE",
    KeyUnsupportedOnInterface = "KEY_UNSUPPORTED_ON_INTERFACE",
    ListSizeAppliedToNonList = "LIST_SIZE_APPLIED_TO_NON_LIST",
    ListSizeInvalidAssumedSize = "LIST_SIZE_INVALID_ASSUMED_SIZE",
    ListSizeInvalidSizedField = "LIST_SIZE_INVALID_SIZED_FIELD",
    ListSizeInvalidSlicingArgument = "LIST_SIZE_INVALID_SLICING_ARGUMENT",
    MergedDirectiveApplicationOnExternal = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
    MergedNonRepeatableDirectiveArguments = "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    MissingTransitiveAuthRequirements = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
    NoContextInSelection = "NO_CONTEXT_IN_SELECTION",
    NoQueries = "NO_QUERIES",
    OnlyInaccessibleChildren = "ONLY_INACCESSIBLE_CHILDREN",
    OverrideCollisionWithAnotherDirective = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
    OverrideDirectiveCanBeRemoved = "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
    OverriddenFieldCanBeRemoved = "OVERRIDDEN_FIELD_CAN_BE_REMOVED",
    OverrideFromSelfError = "OVERRIDE_FROM_SELF_ERROR",
    OverrideLabelInvalid = "OVERRIDE_LABEL_INVALID",
    OverrideOnInterface = "OVERRIDE_ON_INTERFACE",
    OverrideSourceHasOverride = "OVERRIDE_SOURCE_HAS_OVERRIDE",
    ProvidesFieldsHasArgs = "PROVIDES_FIELDS_HAS_ARGS",
    ProvidesFieldsMissingExternal = "PROVIDES_FIELDS_MISSING_EXTERNAL",
    ProvidesHasDirectiveInFieldsArg = "PROVIDES_HAS_DIRECTIVE_IN_FIELDS_ARG",
    ProvidesInvalidFields = "PROVIDES_INVALID_FIELDS",
    ProvidesInvalidFieldsType = "PROVIDES_INVALID_FIELDS_TYPE",
    ProvidesOnNonObjectField = "PROVIDES_ON_NON_OBJECT_FIELD",
    ProvidesUnsupportedOnInterface = "PROVIDES_UNSUPPORTED_ON_INTERFACE",
    QueryRootTypeInaccessible = "QUERY_ROOT_TYPE_INACCESSIBLE",
    ReferencedInaccessible = "REFERENCED_INACCESSIBLE",
    RequiredArgumentMissingInSomeSubgraph = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    RequiredInaccessible = "REQUIRED_INACCESSIBLE",
    RequiredInputFieldMissingInSomeSubgraph = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
    RequiresFieldsMissingExternal = "REQUIRES_FIELDS_MISSING_EXTERNAL",
    RequiresHasDirectiveInFieldsArg = "REQUIRES_HAS_DIRECTIVE_IN_FIELDS_ARG",
    RequiresInvalidFields = "REQUIRES_INVALID_FIELDS",
    RequiresInvalidFieldsType = "REQUIRES_INVALID_FIELDS_TYPE",
    RequiresUnsupportedOnInterface = "REQUIRES_UNSUPPORTED_ON_INTERFACE",
    RootMutationUsed = "ROOT_MUTATION_USED",
    RootQueryUsed = "ROOT_QUERY_USED",
    RootSubscriptionUsed = "ROOT_SUBSCRIPTION_USED",
    SatisfiabilityError = "SATISFIABILITY_ERROR",
    TypeDefinitionInvalid = "TYPE_DEFINITION_INVALID",
    TypeKindMismatch = "TYPE_KIND_MISMATCH",
    UnknownFederationLinkVersion = "UNKNOWN_FEDERATION_LINK_VERSION",
    UnusedEnumType = "UNUSED_ENUM_TYPE",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
