//! Where `@shareable` makes sense.

use super::Check;
use crate::{Code, model::TypeDef};

pub(super) fn check(check: &mut Check<'_, '_>, ty: &TypeDef) {
    let interface = ty.kind.is_interface();
    let subscription = ty.name == "Subscription";
    if !interface && !subscription {
        return;
    }
    for field in ty.kind.fields().into_iter().flat_map(|fields| fields.values()) {
        let Some(pos) = field.marks.shareable else { continue };
        let coordinate = format!("{}.{}", ty.name, field.name);
        if interface {
            let message = format!("@shareable on {coordinate}: only fields of objects are resolved, mark those.");
            check.error(Code::InvalidShareableUsage, message, pos);
        } else {
            let message =
                format!("@shareable on {coordinate}: a subscription comes from one subgraph only, remove it.");
            check.error(Code::InvalidFieldSharing, message, pos);
        }
    }
}
