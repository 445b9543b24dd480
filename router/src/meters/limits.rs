//! Limits by their error codes.

use metrics::{Counter, counter};
use reel_error::ErrorCode;

use super::names::LIMITS_HIT;

/// The codes of `router.limits`.
const CODES: [ErrorCode; 12] = [
    ErrorCode::PayloadTooLarge,
    ErrorCode::Timeout,
    ErrorCode::DocumentTooLarge,
    ErrorCode::TokenLimit,
    ErrorCode::DepthLimit,
    ErrorCode::AliasLimit,
    ErrorCode::RootFieldLimit,
    ErrorCode::DirectiveLimit,
    ErrorCode::SelectionLimit,
    ErrorCode::PageSizeLimit,
    ErrorCode::CostLimit,
    ErrorCode::AnswerLimit,
];

/// How often each limit was hit.
#[derive(Debug)]
pub(crate) struct LimitMeter([Counter; CODES.len()]);

impl LimitMeter {
    pub(crate) fn new() -> Self {
        Self(CODES.map(|code| counter!(LIMITS_HIT, "code" => code.name())))
    }

    /// A request ended with this code. Codes that are no limit's are not counted.
    pub(crate) fn note(&self, code: &str) {
        if let Some(place) = CODES.iter().position(|limit| limit.name() == code) {
            self.0[place].increment(1);
        }
    }
}
