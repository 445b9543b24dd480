//! Typed access to the parameters of a request. Every refusal names the parameter.

use std::str::FromStr;

use async_graphql_value::ConstValue;
use chrono::{DateTime, SecondsFormat, Utc};
use reel_auth::Viewer;
use reel_error::ErrorCode;
use reel_id::{Cursor, IdError, MAX_OFFSET, UploadId};

use super::endpoint::Operation;
use crate::auth::Caller;
use crate::http::Failure;

/// The largest page of a list.
const MAX_PAGE_SIZE: u32 = 100;
const DEFAULT_PAGE_SIZE: u32 = 10;
/// Unix milliseconds have 13 digits until the year 2286; fewer are seconds, by mistake.
const MILLISECOND_DIGITS: usize = 13;
/// The last moment of the year 9999, in Unix milliseconds.
const LAST_MS: i64 = 253_402_300_799_999;

/// The parameters of a request, and who sends them.
#[derive(Debug)]
pub(super) struct Input {
    fields: Vec<(String, String)>,
    caller: Caller,
    /// The `Refresh-Token` header.
    pub(super) refresh_token: Option<String>,
    /// The file that came along, once it is stored.
    pub(super) upload: Option<UploadId>,
}

impl Input {
    pub(super) fn new(caller: Caller, fields: Vec<(String, String)>) -> Self {
        Self { fields, caller, refresh_token: None, upload: None }
    }

    /// Adds parameters; of several with one name the first counts.
    pub(super) fn extend(&mut self, fields: impl IntoIterator<Item = (String, String)>) {
        self.fields.extend(fields);
    }

    /// The parameter, as sent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The parameter, which may be empty but not absent.
    pub(super) fn present(&self, name: &str) -> Result<&str, Failure> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// The parameter; clients send optional ones that are not filled in as empty.
    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// The parameter, which may be neither absent nor empty.
    pub(super) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name).ok_or_else(|| missing(name))
    }

    /// An id.
    pub(super) fn id<I: FromStr<Err = IdError>>(&self, name: &str) -> Result<I, Failure> {
        self.optional_id(name)?.ok_or_else(|| missing(name))
    }

    /// An id that may be absent.
    pub(super) fn optional_id<I: FromStr<Err = IdError>>(&self, name: &str) -> Result<Option<I>, Failure> {
        self.optional(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    Failure::new(ErrorCode::InvalidId)
                        .detail(format!("{name} 不是有效的 ID"), format!("{name} is not an id: a decimal number."))
                })
            })
            .transpose()
    }

    /// One of a few words with a meaning each.
    pub(super) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T, Failure> {
        let text = self.required(name)?;
        choices.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words = choices.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            invalid(format!("{name} 只能是 {}", words.join(" 或 ")), format!("{name} is {}.", words.join(" or ")))
        })
    }

    /// A time in Unix milliseconds, 13 digits, as RFC 3339.
    pub(super) fn unix_ms(&self, name: &str) -> Result<Option<String>, Failure> {
        let Some(text) = self.optional(name) else { return Ok(None) };
        match rfc3339(text).filter(|_| text.len() == MILLISECOND_DIGITS) {
            Some(time) => Ok(Some(time)),
            None => Err(invalid(
                format!("{name} 应为 13 位毫秒时间戳"),
                format!("{name} is a time in Unix milliseconds, 13 digits."),
            )),
        }
    }

    /// A time in Unix milliseconds of any number of digits, as RFC 3339: clients send 0 for "from the beginning".
    pub(super) fn any_unix_ms(&self, name: &str) -> Result<Option<String>, Failure> {
        let Some(text) = self.optional(name) else { return Ok(None) };
        match rfc3339(text) {
            Some(time) => Ok(Some(time)),
            None => Err(invalid(format!("{name} 应为毫秒时间戳"), format!("{name} is a time in Unix milliseconds."))),
        }
    }

    /// The page that a list is asked for, both parameters being optional.
    pub(super) fn page(&self) -> Result<Page, Failure> {
        Page::of(self.optional("page_num"), self.optional("page_size"))
    }

    /// The page that a list is asked for, both parameters being required.
    pub(super) fn required_page(&self) -> Result<Page, Failure> {
        Page::of(Some(self.required("page_num")?), Some(self.required("page_size")?))
    }

    /// Who calls.
    pub(super) fn viewer(&self) -> Result<Viewer, Failure> {
        self.caller.required().map_err(Failure::new)
    }

    /// The stored file.
    pub(super) fn upload_id(&self) -> Result<UploadId, Failure> {
        self.upload.ok_or_else(|| missing("data"))
    }
}

/// Digits as a time. What lies beyond the year 9999 is its last moment.
fn rfc3339(unix_ms: &str) -> Option<String> {
    if !unix_ms.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unix_ms = unix_ms.parse().unwrap_or(i64::MAX).min(LAST_MS);
    let time: DateTime<Utc> = DateTime::from_timestamp_millis(unix_ms)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// A page by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    size: u32,
    skip: u32,
}

impl Page {
    fn of(number: Option<&str>, size: Option<&str>) -> Result<Self, Failure> {
        let number = number.map_or(Ok(0), |text| whole("page_num", text))?;
        let size = size.map_or(Ok(i64::from(DEFAULT_PAGE_SIZE)), |text| whole("page_size", text))?;
        if number < 0 {
            return Err(bad_page("page_num 不能小于 0", "page_num starts at 0."));
        }
        let size = u32::try_from(size).ok().filter(|size| (1..=MAX_PAGE_SIZE).contains(size)).ok_or_else(|| {
            bad_page(
                format!("page_size 应在 1 到 {MAX_PAGE_SIZE} 之间"),
                format!("page_size is between 1 and {MAX_PAGE_SIZE}."),
            )
        })?;
        let skip = number.checked_mul(i64::from(size)).and_then(|rows| u32::try_from(rows).ok());
        match skip.filter(|rows| *rows <= MAX_OFFSET) {
            Some(skip) => Ok(Self { size, skip }),
            None => Err(bad_page(
                format!("最多只能翻到第 {MAX_OFFSET} 条"),
                format!("Pages reach to row {MAX_OFFSET} only."),
            )),
        }
    }

    /// Adds the variables that ask for this page.
    pub(super) fn of_list(self, operation: Operation) -> Operation {
        let after = match self.skip {
            0 => ConstValue::Null,
            rows => ConstValue::String(Cursor::Offset(rows).encode()),
        };
        operation.with("first", self.size).with("after", after)
    }
}

fn whole(name: &str, text: &str) -> Result<i64, Failure> {
    text.parse().map_err(|_| bad_page(format!("{name} 应为整数"), format!("{name} is a whole number.")))
}

fn bad_page(chinese: impl Into<String>, english: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::InvalidPage).detail(chinese, english)
}

/// A parameter is absent.
pub(super) fn missing(name: &str) -> Failure {
    invalid(format!("缺少参数 {name}"), format!("The parameter {name} is missing."))
}

/// A parameter cannot be used.
pub(super) fn invalid(chinese: impl Into<String>, english: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::InvalidArgument).detail(chinese, english)
}

#[cfg(test)]
mod tests {
    use reel_error::Language;
    use reel_id::VideoId;

    use super::*;

    fn input(fields: &[(&str, &str)]) -> Input {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Input::new(Caller::Anonymous, fields)
    }

    fn code<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> ErrorCode {
        outcome.unwrap_err().code
    }

    #[test]
    fn pages_start_at_zero_and_become_offset_cursors() {
        let page = |fields: &[(&str, &str)]| input(fields).page().unwrap();
        assert_eq!(page(&[]), Page { size: 10, skip: 0 });
        assert_eq!(page(&[("page_num", ""), ("page_size", "")]), Page { size: 10, skip: 0 });
        assert_eq!(page(&[("page_num", "3"), ("page_size", "100")]), Page { size: 100, skip: 300 });
        let operation = page(&[("page_num", "2")]).of_list(Operation::of(super::super::documents::Document::Feed));
        let after = operation.variables.get("after").unwrap();
        assert_eq!(after, &ConstValue::String(Cursor::Offset(20).encode()));
    }

    #[test]
    fn bad_pages_are_refused_and_the_cap_is_named() {
        for fields in [
            [("page_num", "-1"), ("page_size", "10")],
            [("page_num", "0"), ("page_size", "0")],
            [("page_num", "0"), ("page_size", "-5")],
            [("page_num", "0"), ("page_size", "101")],
            [("page_num", "x"), ("page_size", "10")],
            [("page_num", "1.5"), ("page_size", "10")],
            [("page_num", "1001"), ("page_size", "10")],
            [("page_num", "9223372036854775807"), ("page_size", "100")],
            [("page_num", "99999999999999999999"), ("page_size", "10")],
        ] {
            assert_eq!(code(input(&fields).page()), ErrorCode::InvalidPage, "{fields:?}");
        }
        let failure = input(&[("page_size", "101")]).page().unwrap_err();
        assert!(failure.message(Language::Chinese).contains("100"));
        assert!(failure.message(Language::English).contains("100"));
        assert_eq!(code(input(&[("page_num", "0")]).required_page()), ErrorCode::InvalidArgument);
    }

    #[test]
    fn ids_are_decimal_numbers() {
        let id = |text| input(&[("video_id", text)]).optional_id::<VideoId>("video_id");
        assert_eq!(id("12").unwrap(), Some(VideoId::from(12)));
        assert_eq!(id("").unwrap(), None);
        for bad in ["abc", "-1", "0", "1.0", "99999999999999999999", " 1"] {
            assert_eq!(code(id(bad)), ErrorCode::InvalidId, "{bad}");
        }
        assert_eq!(code(input(&[]).id::<VideoId>("video_id")), ErrorCode::InvalidArgument);
    }

    #[test]
    fn times_are_unix_milliseconds() {
        let time = |text| input(&[("from_date", text)]).unix_ms("from_date");
        assert_eq!(time("1735689600000").unwrap().as_deref(), Some("2025-01-01T00:00:00.000Z"));
        assert_eq!(time("").unwrap(), None);
        for bad in ["1735689600", "-173568960000", "17356896000000", "2025-01-01", "0"] {
            assert_eq!(code(time(bad)), ErrorCode::InvalidArgument, "{bad}");
        }
    }

    #[test]
    fn the_feed_takes_times_of_any_number_of_digits() {
        let time = |text| input(&[("latest_time", text)]).any_unix_ms("latest_time");
        let written = |text| time(text).unwrap().unwrap();
        assert_eq!(written("0"), "1970-01-01T00:00:00.000Z");
        assert_eq!(written("1500"), "1970-01-01T00:00:01.500Z");
        assert_eq!(written("1735689600000"), "2025-01-01T00:00:00.000Z");
        for far in ["253402300800000", "9223372036854775807", "99999999999999999999999999"] {
            assert_eq!(written(far), "9999-12-31T23:59:59.999Z", "{far}");
        }
        assert_eq!(time("").unwrap(), None);
        for bad in ["-1", "1.5", "yesterday", "+1"] {
            assert_eq!(code(time(bad)), ErrorCode::InvalidArgument, "{bad}");
        }
    }

    #[test]
    fn an_absent_choice_is_a_failure_and_not_its_first_value() {
        let choice = |fields: &[(&str, &str)]| input(fields).choice("action_type", &[("0", true), ("1", false)]);
        assert!(choice(&[("action_type", "0")]).unwrap());
        assert!(!choice(&[("action_type", "1")]).unwrap());
        for bad in [&[][..], &[("action_type", "")], &[("action_type", "2")], &[("action_type", "00")]] {
            assert_eq!(code(choice(bad)), ErrorCode::InvalidArgument);
        }
    }
}
