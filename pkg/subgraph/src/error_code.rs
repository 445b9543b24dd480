use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, SimpleObject, Value};
use reel_error::{ClientError, ErrorCode, Language};

/// [`ErrorCode`] as a GraphQL enum. Its values are read from the one table, so the schema cannot drift from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphqlErrorCode(pub ErrorCode);

impl OutputType for GraphqlErrorCode {
    fn type_name() -> Cow<'static, str> {
        "ErrorCode".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| MetaType::Enum {
            name: Self::type_name().into_owned(),
            description: Some("Why something failed. Also found in `extensions.code` of top-level errors.".into()),
            enum_values: ErrorCode::all().map(|code| (code.name().to_owned(), describe(code))).collect(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: Some(std::any::type_name::<Self>()),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Enum(async_graphql::Name::new(self.0.name())))
    }
}

fn describe(code: ErrorCode) -> MetaEnumValue {
    MetaEnumValue {
        name: code.name().to_owned(),
        description: Some(code.message(Language::English).to_owned()),
        deprecation: Deprecation::NoDeprecated,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        directive_invocations: Vec::new(),
    }
}

/// Something in the input of a mutation that a person can correct.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(shareable)]
pub struct UserError {
    /// What is wrong.
    pub code: GraphqlErrorCode,
    /// The same for a person to read, in English.
    pub message: String,
    /// The path of the input field that it is about, when it is about one.
    pub field: Option<Vec<String>>,
}

impl From<ClientError> for UserError {
    fn from(error: ClientError) -> Self {
        Self {
            code: GraphqlErrorCode(error.code),
            message: error.message().to_owned(),
            field: error.field.map(|name| vec!["input".to_owned(), name.into_owned()]),
        }
    }
}
