#![expect(missing_docs, reason = "the macro's struct has none, and a description here would be printed into the SDL")]

use async_graphql::TypeDirective;

// Marks a field that only a person who is logged in may select. The router refuses it to anonymous callers; the
// service behind it refuses them again. Federation's `@authenticated` (Federation 2.5).
#[TypeDirective(location = "FieldDefinition", location = "Object")]
pub fn authenticated() {}
