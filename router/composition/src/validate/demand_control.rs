//! `@cost` and `@listSize`: on what can have a cost, and naming arguments and fields that fit.

use async_graphql_parser::types::{BaseType, Type};

use super::Check;
use crate::{
    Code,
    model::{Field, ListSize, TypeDef, named},
};

pub(super) fn check(check: &mut Check<'_, '_>, ty: &TypeDef) {
    for field in ty.kind.fields().into_iter().flat_map(|fields| fields.values()) {
        if ty.kind.is_interface() {
            no_cost(check, ty, field);
        }
        if let Some(size) = &field.marks.list_size {
            let coordinate = format!("{}.{}", ty.name, field.name);
            list(check, &coordinate, field, size);
            sized_fields(check, &coordinate, field, size);
            slicing_arguments(check, &coordinate, field, size);
        }
    }
}

fn no_cost(check: &mut Check<'_, '_>, ty: &TypeDef, field: &Field) {
    let coordinate = format!("{}.{}", ty.name, field.name);
    let own = field.marks.cost.map(|_| (coordinate.clone(), field.pos));
    let arguments = field.arguments.values().filter(|argument| argument.marks.cost.is_some());
    let arguments = arguments.map(|argument| (format!("{coordinate}({}:)", argument.name), argument.pos));
    for (coordinate, pos) in own.into_iter().chain(arguments) {
        let message = format!("@cost cannot stand on {coordinate}: put it on the objects that implement {}.", ty.name);
        check.error(Code::CostAppliedToInterfaceField, message, pos);
    }
}

fn list(check: &mut Check<'_, '_>, coordinate: &str, field: &Field, size: &ListSize) {
    if size.sized_fields.is_empty() && !is_list(&field.ty) {
        let message = format!(
            "@listSize on {coordinate}: {} is not a list; name the lists inside it with `sizedFields`.",
            field.ty
        );
        check.error(Code::ListSizeAppliedToNonList, message, size.pos);
    }
}

fn sized_fields(check: &mut Check<'_, '_>, coordinate: &str, field: &Field, size: &ListSize) {
    if size.sized_fields.is_empty() {
        return;
    }
    let target = named(&field.ty);
    let fields = check.schema.types.get(target).and_then(|ty| ty.kind.fields());
    let Some(fields) = fields else {
        let message =
            format!("@listSize on {coordinate}: {target} has no fields for `sizedFields` to name: remove it.");
        return check.error(Code::ListSizeInvalidSizedField, message, size.pos);
    };
    for name in &size.sized_fields {
        match fields.get(name.as_str()) {
            None => {
                let message = format!(
                    "@listSize(sizedFields:) on {coordinate} names \"{name}\", which {target} does not have: correct it."
                );
                check.error(Code::ListSizeInvalidSizedField, message, size.pos);
            }
            Some(sized) if !is_list(&sized.ty) => {
                let message = format!(
                    "@listSize(sizedFields:) on {coordinate} names {target}.{name}, which is {} and not a list: leave it out.",
                    sized.ty
                );
                check.error(Code::ListSizeAppliedToNonList, message, size.pos);
            }
            Some(_) => {}
        }
    }
}

fn slicing_arguments(check: &mut Check<'_, '_>, coordinate: &str, field: &Field, size: &ListSize) {
    for name in &size.slicing_arguments {
        let problem = match field.arguments.get(name.as_str()) {
            None => "the field does not have it".to_owned(),
            Some(argument) if !matches!(&argument.ty.base, BaseType::Named(name) if name == "Int") => {
                format!("it is {} and not Int", argument.ty)
            }
            Some(_) => continue,
        };
        let message = format!(
            "@listSize(slicingArguments:) on {coordinate} names the argument \"{name}\", but {problem}: leave it out."
        );
        check.error(Code::ListSizeInvalidSlicingArgument, message, size.pos);
    }
}

fn is_list(ty: &Type) -> bool {
    matches!(ty.base, BaseType::List(_))
}
