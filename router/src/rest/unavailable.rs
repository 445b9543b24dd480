//! Documented endpoints that this version does not have yet. They say so.

use reel_error::ErrorCode;

use super::endpoint::{Access, Endpoint, Method, Operation, Takes, no_data};
use super::input::Input;
use super::parameter::Data;
use crate::http::Failure;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    unavailable(Method::Get, "/auth/mfa/qrcode", Access::Person),
    unavailable(Method::Post, "/auth/mfa/bind", Access::Person),
    unavailable(Method::Post, "/user/image/search", Access::Open),
    unavailable(Method::Get, "/ws", Access::Person),
];

const fn unavailable(method: Method, path: &'static str, access: Access) -> Endpoint {
    Endpoint {
        method,
        path,
        access,
        takes: Takes::Nothing,
        operation: refuse,
        reply: no_data,
        summary: "Not available yet.",
        parameters: &[],
        data: Data::None,
    }
}

fn refuse(_input: &Input) -> Result<Operation, Failure> {
    Err(ErrorCode::NotAvailable.into())
}
