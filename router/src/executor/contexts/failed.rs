use async_graphql_value::Name;
use reel_error::ErrorCode;

use super::super::errors::ErrorLog;
use crate::path::PathSegment;

/// Why there is nothing under `key` of the object at `object`, if it failed: the code of an error there or below. When there
/// were more errors than are listed, it may be any.
pub(super) fn why(errors: &ErrorLog, object: &[PathSegment], key: &Name) -> Option<ErrorCode> {
    // Of errors at many places only the first are listed: then the positions tell nothing.
    let fits = |path| is_at(path, object, key) || errors.is_cut_short() && is_alike(path, object, key);
    let found = errors.listed().iter().find(|error| fits(error.path.as_slice()));
    found.map(|error| error.code).or(errors.has_more().then_some(ErrorCode::Internal))
}

/// Whether an error is at a key of an object or below it. Subgraphs do not always give the positions in lists.
fn is_at(mut error: &[PathSegment], object: &[PathSegment], key: &Name) -> bool {
    for segment in object {
        match (segment, error) {
            (PathSegment::Index(place), [PathSegment::Index(given), rest @ ..]) => {
                if given != place {
                    return false;
                }
                error = rest;
            }
            (PathSegment::Index(_), _) => {}
            (PathSegment::Key(key), _) => match below(error, key) {
                Some(rest) => error = rest,
                None => return false,
            },
        }
    }
    below(error, key).is_some()
}

fn below<'e>(mut error: &'e [PathSegment], key: &Name) -> Option<&'e [PathSegment]> {
    while let [PathSegment::Index(_), rest @ ..] = error {
        error = rest;
    }
    match error {
        [PathSegment::Key(found), rest @ ..] if found == key => Some(rest),
        _ => None,
    }
}

/// Whether an error is at that key, or next to it, of any object that the same keys lead to. Fields that failed together may be
/// too many to be listed at even one object.
fn is_alike(error: &[PathSegment], object: &[PathSegment], key: &Name) -> bool {
    let key_of = |segment: &'_ PathSegment| matches!(segment, PathSegment::Key(_));
    let mut keys = error.iter().filter(|segment| key_of(segment));
    let leads_here = object.iter().filter(|segment| key_of(segment)).all(|wanted| keys.next() == Some(wanted));
    let found = keys.next();
    leads_here && (found == Some(&PathSegment::Key(key.clone())) || found.is_some() && keys.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<PathSegment> {
        let segment = |part: &str| part.parse().map_or_else(|_| PathSegment::Key(Name::new(part)), PathSegment::Index);
        text.split('.').filter(|part| !part.is_empty()).map(segment).collect()
    }

    #[test]
    fn positions_count_where_both_paths_have_them() {
        let key = Name::new("k");
        for error in ["a.1.b.2.k", "a.b.k", "a.1.b.k", "a.b.2.k.0.below", "a.1.b.2.3.k"] {
            assert!(is_at(&path(error), &path("a.1.b.2"), &key), "{error}");
        }
        for error in ["a.0.b.2.k", "a.1.b.1.k", "a.1.b.2", "a.1.b.2.other", "a.1", ""] {
            assert!(!is_at(&path(error), &path("a.1.b.2"), &key), "{error}");
        }
        assert!(is_at(&path("k.4"), &[], &key));
    }

    #[test]
    fn where_not_all_errors_are_listed_those_at_objects_alike_count() {
        let key = Name::new("k");
        for error in ["a.0.b.0.k", "a.b.k.1.below", "a.7.b.other"] {
            assert!(is_alike(&path(error), &path("a.1.b.2"), &key), "{error}");
        }
        for error in ["a.0.b", "a.0.c.k", "a.0.b.other.below", "a"] {
            assert!(!is_alike(&path(error), &path("a.1.b.2"), &key), "{error}");
        }
    }
}
