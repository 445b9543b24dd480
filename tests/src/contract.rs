use serde_json::Value;

/// What `data` is, as the contract documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Absent.
    None,
    /// A User.
    User,
    /// A Video.
    Video,
    /// `items` of Video.
    Videos,
    /// `items` of Video, and `total`.
    VideosAndTotal,
    /// `items` of Comment.
    Comments,
    /// `items` of Social, and `total`.
    SocialsAndTotal,
}

/// The type of a field.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Id,
    Text,
    Count,
    Time,
    NeverDeleted,
}

use Kind::{Count, Id, NeverDeleted, Text, Time};

const USER: &[(&str, Kind)] = &[
    ("id", Id),
    ("username", Text),
    ("avatar_url", Text),
    ("created_at", Time),
    ("updated_at", Time),
    ("deleted_at", NeverDeleted),
];
const VIDEO: &[(&str, Kind)] = &[
    ("id", Id),
    ("user_id", Id),
    ("video_url", Text),
    ("cover_url", Text),
    ("title", Text),
    ("description", Text),
    ("visit_count", Count),
    ("like_count", Count),
    ("comment_count", Count),
    ("created_at", Time),
    ("updated_at", Time),
    ("deleted_at", NeverDeleted),
];
const COMMENT: &[(&str, Kind)] = &[
    ("id", Id),
    ("user_id", Id),
    ("video_id", Id),
    ("parent_id", Id),
    ("like_count", Count),
    ("child_count", Count),
    ("content", Text),
    ("created_at", Time),
    ("updated_at", Time),
    ("deleted_at", NeverDeleted),
];
const SOCIAL: &[(&str, Kind)] = &[("id", Id), ("username", Text), ("avatar_url", Text)];

impl Shape {
    /// What of `data` differs from the contract; nothing when it fits.
    pub fn faults(self, data: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        match self {
            Self::None if !data.is_null() => faults.push(format!("data should be absent: {data}")),
            Self::None => {}
            Self::User => object("data", data, USER, &mut faults),
            Self::Video => object("data", data, VIDEO, &mut faults),
            Self::Videos => list(data, VIDEO, false, &mut faults),
            Self::VideosAndTotal => list(data, VIDEO, true, &mut faults),
            Self::Comments => list(data, COMMENT, false, &mut faults),
            Self::SocialsAndTotal => list(data, SOCIAL, true, &mut faults),
        }
        faults
    }
}

fn list(data: &Value, fields: &[(&str, Kind)], total: bool, faults: &mut Vec<String>) {
    let Some(items) = data["items"].as_array() else {
        faults.push(format!("`items` should be a list: {data}"));
        return;
    };
    for (index, item) in items.iter().enumerate() {
        object(&format!("items[{index}]"), item, fields, faults);
    }
    names("data", data, if total { &["items", "total"] } else { &["items"] }, faults);
    if total && data["total"].as_u64().is_none_or(|total| total < items.len() as u64) {
        faults.push(format!("`total` should be the full count: {}", data["total"]));
    }
}

fn object(place: &str, value: &Value, fields: &[(&str, Kind)], faults: &mut Vec<String>) {
    let expected: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    names(place, value, &expected, faults);
    for (name, kind) in fields {
        if !fits(&value[name], *kind) {
            faults.push(format!("{place}.{name} should be {kind:?}: {}", value[name]));
        }
    }
}

fn names(place: &str, value: &Value, expected: &[&str], faults: &mut Vec<String>) {
    let mut found: Vec<&str> = value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    if found != expected {
        faults.push(format!("{place} should have the fields {expected:?}: {found:?}"));
    }
}

fn fits(value: &Value, kind: Kind) -> bool {
    let text = value.as_str();
    match kind {
        Id => text.is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())),
        Text => text.is_some(),
        Count => value.is_u64(),
        Time => text.is_some_and(|text| {
            chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").is_ok() && text.len() == 19
        }),
        NeverDeleted => text == Some("1970-01-01 08:00:00"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_needs_every_field_in_its_spelling_and_no_other() {
        let social = json!({"items": [{"id": "1", "username": "ana", "avatar_url": ""}], "total": 1});
        assert!(Shape::SocialsAndTotal.faults(&social).is_empty());
        for wrong in [
            json!({"items": [{"id": 1, "username": "ana", "avatar_url": ""}], "total": 1}),
            json!({"items": [{"id": "1", "username": "ana"}], "total": 1}),
            json!({"items": [{"id": "1", "username": "ana", "avatar_url": "", "password": ""}], "total": 1}),
            json!({"items": [{"id": "1", "username": "ana", "avatar_url": ""}], "total": 0}),
            json!({"items": [{"id": "1", "username": "ana", "avatar_url": ""}]}),
            json!({"items": null, "total": 0}),
        ] {
            assert!(!Shape::SocialsAndTotal.faults(&wrong).is_empty(), "{wrong}");
        }
        assert!(!Shape::None.faults(&json!({})).is_empty());
    }
}
