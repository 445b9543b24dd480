use std::borrow::Cow;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::answer::{Answer, GraphqlAnswer};
use crate::media::File;
use crate::process::PATIENCE;
use crate::product::FILES_URL;

/// How a client sends its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// In the address.
    Query,
    /// `multipart/form-data`, as documented.
    Multipart,
    /// `application/x-www-form-urlencoded`.
    UrlEncoded,
    /// `application/json`, every value a string.
    Json,
}

impl Encoding {
    /// The three kinds of body.
    pub const BODIES: [Self; 3] = [Self::Multipart, Self::UrlEncoded, Self::Json];
}

/// A parameter: its name and its value.
pub type Field = (Cow<'static, str>, String);

/// Somebody who calls the product over HTTP, with the tokens they hold.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    /// What goes into `Access-Token`.
    pub access: Option<String>,
    /// What goes into `Refresh-Token`.
    pub refresh: Option<String>,
    language: Option<&'static str>,
}

impl Client {
    /// A client of the router at this address (`http://127.0.0.1:4000`), not logged in.
    ///
    /// # Panics
    /// Never: it has no settings that could be wrong.
    pub fn new(url: String) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        Self { http: http.expect("a plain HTTP client"), url, access: None, refresh: None, language: None }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same with this access token and nothing else.
    #[must_use]
    pub fn with_access(&self, token: impl Into<String>) -> Self {
        Self { access: Some(token.into()), refresh: None, ..self.clone() }
    }

    /// The same with these tokens.
    #[must_use]
    pub fn with_tokens(&self, access: impl Into<String>, refresh: impl Into<String>) -> Self {
        Self { access: Some(access.into()), refresh: Some(refresh.into()), ..self.clone() }
    }

    /// The same without tokens.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { access: None, refresh: None, ..self.clone() }
    }

    /// The same with an `Accept-Language`.
    #[must_use]
    pub fn speaking(&self, language: &'static str) -> Self {
        Self { language: Some(language), ..self.clone() }
    }

    /// Calls an endpoint with parameters in the address.
    pub async fn get(&self, path: &str, fields: &[(&'static str, &str)]) -> Answer {
        self.send(Method::GET, path, Encoding::Query, &owned(fields), None).await
    }

    /// Posts parameters as the document says, in `multipart/form-data`.
    pub async fn post(&self, path: &str, fields: &[(&'static str, &str)]) -> Answer {
        self.send(Method::POST, path, Encoding::Multipart, &owned(fields), None).await
    }

    /// Calls an endpoint, with a file (parameter `data`) in the body if one is given.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        encoding: Encoding,
        fields: &[Field],
        file: Option<File>,
    ) -> Answer {
        let description = format!("{method} {path} {encoding:?} {fields:.120?}");
        let request = self.request(method, path);
        let request = match encoding {
            Encoding::Query => request.query(fields),
            Encoding::UrlEncoded => request.form(fields),
            Encoding::Json => {
                let object = fields.iter().map(|(name, value)| (name.to_string(), json!(value)));
                request.json(&Value::Object(object.collect()))
            }
            Encoding::Multipart => request.multipart(multipart(fields, file)),
        };
        exchange(description, request).await
    }

    /// Sends a body of any kind.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let description = format!("{method} {path} {content_type:?}");
        let mut request = self.request(method, path).body(body.into());
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        exchange(description, request).await
    }

    /// Runs a GraphQL document.
    pub async fn graphql(&self, document: &str, variables: Value) -> GraphqlAnswer {
        let body = json!({"query": document, "variables": variables});
        let request = self.request(Method::POST, "/graphql").json(&body);
        GraphqlAnswer(exchange(format!("GraphQL {document:.200}"), request).await)
    }

    /// A request with this client's headers.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in [("access-token", &self.access), ("refresh-token", &self.refresh)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        match self.language {
            Some(language) => request.header("accept-language", language),
            None => request,
        }
    }

    /// The HTTP status of a path.
    pub async fn status(&self, path: &str) -> u16 {
        self.request(Method::GET, path).send().await.map_or(0, |response| response.status().as_u16())
    }

    /// Waits until the product is ready.
    ///
    /// # Panics
    /// When it does not become so.
    pub async fn is_ready(&self) {
        let ready = async {
            while self.status("/readyz").await != 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("the product becomes ready");
    }

    /// Fetches a stored file by the address that the product gave.
    ///
    /// # Panics
    /// When the address does not lead to the product's files.
    pub async fn file(&self, url: &str, range: Option<&str>) -> reqwest::Response {
        let path = url.strip_prefix(FILES_URL).unwrap_or_else(|| panic!("not one of our files: {url}"));
        let mut request = self.anonymous().request(Method::GET, &format!("/files{path}"));
        if let Some(range) = range {
            request = request.header("range", range);
        }
        request.send().await.expect("the product answers")
    }
}

fn owned(fields: &[(&'static str, &str)]) -> Vec<Field> {
    fields.iter().map(|(name, value)| (Cow::Borrowed(*name), (*value).to_owned())).collect()
}

fn multipart(fields: &[Field], file: Option<File>) -> Form {
    let form = fields.iter().fold(Form::new(), |form, (name, value)| form.text(name.clone(), value.clone()));
    let Some(file) = file else { return form };
    let part = Part::bytes(file.bytes).file_name(file.name).mime_str(file.media_type).expect("a media type");
    form.part("data", part)
}

async fn exchange(description: String, request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap_or_else(|error| panic!("{description}: no answer: {error:?}"));
    Answer::read(description, response).await
}
