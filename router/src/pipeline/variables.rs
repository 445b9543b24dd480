//! The variables of one request, coerced to their types as the specification says.

use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name, Number, Variables};
use reel_error::ErrorCode;

use super::operation::Variable;
use super::scalars;
use crate::error::GraphqlError;
use crate::schema::{InputValue, Schema, TypeDefinition, TypeKind};

/// How deep a value may be. JSON bodies are parsed with a bound of their own; this one is for values built in code.
const DEEPEST: usize = 64;

/// Coerces what was given to what the operation defines. Variables that it does not define are left out.
///
/// # Errors
///
/// One error per variable that does not fit.
pub fn coerce(schema: &Schema, definitions: &[Variable], mut given: Variables) -> Result<Variables, Vec<GraphqlError>> {
    let mut coerced = Variables::default();
    let mut errors = Vec::new();
    for definition in definitions {
        match coerce_one(schema, definition, given.remove(&definition.name)) {
            Ok(Some(value)) => {
                coerced.insert(definition.name.clone(), value);
            }
            Ok(None) => {}
            Err(message) => {
                let error = GraphqlError::new(ErrorCode::GraphqlValidationFailed, message);
                errors.push(error.located(definition.position));
            }
        }
    }
    if errors.is_empty() { Ok(coerced) } else { Err(errors) }
}

fn coerce_one(schema: &Schema, definition: &Variable, given: Option<ConstValue>) -> Result<Option<ConstValue>, String> {
    let (name, ty) = (&definition.name, &definition.ty);
    match given {
        None => match &definition.default_value {
            // Validation has checked the default; coercing it wraps single values into lists and fills in defaults.
            Some(default) => Coercion::of(schema, name).value(default.clone(), ty, 0).map(Some),
            None if !ty.nullable => Err(format!("Variable \"${name}\" of required type \"{ty}\" was not provided.")),
            None => Ok(None),
        },
        Some(ConstValue::Null) if !ty.nullable => {
            Err(format!("Variable \"${name}\" of non-null type \"{ty}\" must not be null."))
        }
        Some(value) => Coercion::of(schema, name).value(value, ty, 0).map(Some),
    }
}

struct Coercion<'a> {
    schema: &'a Schema,
    /// The variable, then the way into it.
    path: String,
    variable: &'a Name,
}

impl<'a> Coercion<'a> {
    fn of(schema: &'a Schema, variable: &'a Name) -> Self {
        Self { schema, path: variable.to_string(), variable }
    }

    fn value(&mut self, value: ConstValue, ty: &Type, depth: usize) -> Result<ConstValue, String> {
        if depth > DEEPEST {
            return Err(self.wrong(&value, "it is nested too deeply"));
        }
        if value == ConstValue::Null {
            return if ty.nullable {
                Ok(ConstValue::Null)
            } else {
                Err(self.wrong(&value, &format!("expected \"{ty}\" to be non-null")))
            };
        }
        match (&ty.base, value) {
            (BaseType::List(inner), ConstValue::List(items)) => {
                let items = items.into_iter().enumerate().map(|(index, item)| {
                    self.within(&format!("[{index}]"), |coercion| coercion.value(item, inner, depth + 1))
                });
                Ok(ConstValue::List(items.collect::<Result<_, _>>()?))
            }
            (BaseType::List(inner), single) => Ok(ConstValue::List(vec![self.value(single, inner, depth + 1)?])),
            (BaseType::Named(name), value) => match self.schema.type_named(name) {
                Some(definition) => self.named(value, definition, depth),
                None => Err(self.wrong(&value, &format!("the type \"{name}\" is unknown"))),
            },
        }
    }

    fn named(&mut self, value: ConstValue, ty: &TypeDefinition, depth: usize) -> Result<ConstValue, String> {
        match ty.kind {
            TypeKind::InputObject => self.input_object(value, ty, depth),
            TypeKind::Enum => match value {
                ConstValue::String(text) if ty.values.contains_key(text.as_str()) => {
                    Ok(ConstValue::Enum(Name::new(text)))
                }
                ConstValue::Enum(name) if ty.values.contains_key(&name) => Ok(ConstValue::Enum(name)),
                value => Err(self.wrong(&value, &format!("value does not exist in \"{}\" enum", ty.name))),
            },
            _ => self.scalar(value, ty),
        }
    }

    fn scalar(&self, value: ConstValue, ty: &TypeDefinition) -> Result<ConstValue, String> {
        match (ty.name.as_str(), &value) {
            ("Int", ConstValue::Number(number)) => match integer(number) {
                Some(integer) => Ok(ConstValue::from(integer)),
                None => Err(self.wrong(&value, "Int cannot represent a value that is not a 32-bit signed integer")),
            },
            ("Int", _) => Err(self.wrong(&value, "Int cannot represent non-integer value")),
            ("Float", ConstValue::Number(_))
            | ("String" | "ID", ConstValue::String(_))
            | ("Boolean", ConstValue::Boolean(_)) => Ok(value),
            ("ID", ConstValue::Number(number)) if number.is_i64() || number.is_u64() => {
                Ok(ConstValue::String(number.to_string()))
            }
            ("Float", _) => Err(self.wrong(&value, "Float cannot represent non numeric value")),
            ("String", _) => Err(self.wrong(&value, "String cannot represent a non string value")),
            ("Boolean", _) => Err(self.wrong(&value, "Boolean cannot represent a non boolean value")),
            ("ID", _) => Err(self.wrong(&value, "ID cannot represent value")),
            (_, ConstValue::String(text)) => self.custom(&value, scalars::refusal(ty, Some(text))).map(|()| value),
            _ => self.custom(&value, scalars::refusal(ty, None)).map(|()| value),
        }
    }

    fn custom(&self, value: &ConstValue, refusal: Option<String>) -> Result<(), String> {
        refusal.map_or(Ok(()), |why| Err(self.wrong(value, &why)))
    }

    fn input_object(&mut self, value: ConstValue, ty: &TypeDefinition, depth: usize) -> Result<ConstValue, String> {
        let ConstValue::Object(mut given) = value else {
            return Err(self.wrong(&value, &format!("expected type \"{}\" to be an object", ty.name)));
        };
        if let Some(unknown) = given.keys().find(|key| !ty.input_fields.contains_key(*key)) {
            return Err(self.wrong(
                &ConstValue::Object(IndexMap::new()),
                &format!("field \"{unknown}\" is not defined by type \"{}\"", ty.name),
            ));
        }
        let mut coerced = IndexMap::with_capacity(given.len());
        for field in ty.input_fields.values() {
            if let Some(value) = self.input_field(field, given.swap_remove(&field.name), depth)? {
                coerced.insert(field.name.clone(), value);
            }
        }
        Ok(ConstValue::Object(coerced))
    }

    fn input_field(
        &mut self,
        field: &InputValue,
        given: Option<ConstValue>,
        depth: usize,
    ) -> Result<Option<ConstValue>, String> {
        match given {
            Some(value) => self
                .within(&format!(".{}", field.name), |coercion| coercion.value(value, &field.ty, depth + 1))
                .map(Some),
            None if field.default_value.is_some() => Ok(field.default_value.clone()),
            None if field.ty.nullable => Ok(None),
            None => {
                let why = format!("field \"{}\" of required type \"{}\" was not provided", field.name, field.ty);
                Err(self.wrong(&ConstValue::Object(IndexMap::new()), &why))
            }
        }
    }

    fn within<T>(&mut self, step: &str, inner: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push_str(step);
        let result = inner(self);
        self.path.truncate(length);
        result
    }

    fn wrong(&self, value: &ConstValue, why: &str) -> String {
        let shown = shorten(&value.to_string());
        if self.path == self.variable.as_str() {
            format!("Variable \"${}\" got invalid value {shown}; {why}.", self.variable)
        } else {
            format!("Variable \"${}\" got invalid value {shown} at \"{}\"; {why}.", self.variable, self.path)
        }
    }
}

/// JSON knows one kind of number, so `3.0` is an integer too.
fn integer(number: &Number) -> Option<i32> {
    if let Some(integer) = number.as_i64() {
        return i32::try_from(integer).ok();
    }
    let float = number.as_f64()?;
    let whole = float.fract() == 0.0 && float >= f64::from(i32::MIN) && float <= f64::from(i32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number in range")]
    whole.then_some(float as i32)
}

/// A value can hold a password or a megabyte; an error repeats only its beginning, and of a text nothing.
fn shorten(text: &str) -> String {
    if text.starts_with(['"', '{', '[']) {
        return match text.as_bytes().first() {
            Some(b'"') => "of type String".to_owned(),
            Some(b'{') => "of an object".to_owned(),
            _ => "of a list".to_owned(),
        };
    }
    text.chars().take(32).collect()
}
