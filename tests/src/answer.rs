use reel_error::ErrorCode;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// The `base.code` of success.
const SUCCESS: i64 = 10_000;

/// An answer of a REST endpoint.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, for messages.
    pub request: String,
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Value,
}

impl Answer {
    pub(crate) async fn read(request: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap_or_else(|error| panic!("{request}: the answer breaks off: {error}"));
        let body = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{request}: {status}, but not in the envelope ({error}): {text}"));
        Self { request, status, headers, body }
    }

    /// What a successful answer carries; null where that is nothing.
    ///
    /// # Panics
    /// When it is a failure.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert_eq!(self.status, StatusCode::OK, "{self}");
        assert_eq!(self.code(), SUCCESS, "{self}");
        assert_eq!(self.body["base"]["msg"], "success", "{self}");
        self.body.get("data").unwrap_or(&Value::Null)
    }

    /// The items of a successful answer that is a list.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn items(&self) -> &Vec<Value> {
        self.data()["items"].as_array().unwrap_or_else(|| panic!("no list: {self}"))
    }

    /// One field of each item, as text.
    ///
    /// # Panics
    /// When the answer is no list of objects with this field.
    #[track_caller]
    pub fn column(&self, field: &str) -> Vec<&str> {
        self.items()
            .iter()
            .map(|item| item[field].as_str().unwrap_or_else(|| panic!("no text {field}: {self}")))
            .collect()
    }

    /// Fails unless the answer is this failure, with HTTP 200, in the envelope and without data.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn fails_with(&self, code: ErrorCode) -> &Self {
        self.is_a_failure();
        assert_eq!(self.code(), i64::from(code.number()), "expected {}: {self}", code.name());
        self
    }

    /// Fails unless the answer is some failure that the client can mend, with HTTP 200, in the envelope, without data.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn is_a_failure(&self) -> &Self {
        assert_eq!(self.status, StatusCode::OK, "{self}");
        self.is_a_clean_failure()
    }

    /// The same with an HTTP status of this number: failures before a handler runs.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn fails_with_status(&self, code: ErrorCode) -> &Self {
        assert_eq!(self.status.as_u16(), code.http_status(), "{self}");
        self.is_a_clean_failure();
        assert_eq!(self.code(), i64::from(code.number()), "expected {}: {self}", code.name());
        self
    }

    /// Fails unless the answer is a failure that the client can mend, whatever its status: never ours, never a mixture.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn is_a_clean_failure(&self) -> &Self {
        assert!(self.status.as_u16() < 500, "a failure of ours: {self}");
        assert_ne!(self.code(), SUCCESS, "{self}");
        assert_ne!(self.code(), -1, "a failure of ours: {self}");
        assert_eq!(self.body.get("data"), None, "{self}");
        let message = self.body["base"]["msg"].as_str().unwrap_or_default();
        assert!(!message.is_empty() && message != "success", "{self}");
        self
    }

    /// `base.code`.
    pub fn code(&self) -> i64 {
        self.body["base"]["code"].as_i64().unwrap_or(i64::MIN)
    }

    /// `base.msg`.
    pub fn message(&self) -> &str {
        self.body["base"]["msg"].as_str().unwrap_or_default()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} → {} {:.600}", self.request, self.status.as_u16(), self.body.to_string())
    }
}

/// An answer of the GraphQL endpoint.
#[derive(Debug, Clone)]
pub struct GraphqlAnswer(pub Answer);

impl GraphqlAnswer {
    /// The data of an answer without errors.
    ///
    /// # Panics
    /// When there are errors.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert_eq!(self.0.body.get("errors"), None, "{}", self.0);
        &self.0.body["data"]
    }

    /// The data, whatever the errors.
    pub fn partial(&self) -> &Value {
        &self.0.body["data"]
    }

    /// The codes of the errors.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.0.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("(none)")).collect()
    }
}
