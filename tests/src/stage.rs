use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use serde_json::json;

use crate::client::{Client, Encoding};
use crate::media::File;
use crate::product::{Form, Product};

/// Everyone's password.
pub const PASSWORD: &str = "correct horse";

/// A running product and the people on it.
#[derive(Debug)]
pub struct Stage {
    /// The product.
    pub product: Product,
    counter: AtomicU32,
}

/// Somebody with an account who is logged in. Calls go through [`Client`].
#[derive(Debug, Clone)]
pub struct Person {
    /// The id.
    pub id: String,
    /// The username.
    pub name: String,
    client: Client,
}

impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Person {
    /// The access token.
    ///
    /// # Panics
    /// Never: people on the stage are logged in.
    pub fn access(&self) -> &str {
        self.client.access.as_deref().expect("people on the stage are logged in")
    }

    /// The refresh token.
    ///
    /// # Panics
    /// Never: people on the stage are logged in.
    pub fn refresh(&self) -> &str {
        self.client.refresh.as_deref().expect("people on the stage are logged in")
    }
}

impl Stage {
    /// Starts the product.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn set(program: &'static str, form: Form, settings: &[(&str, &str)]) -> Self {
        Self { product: Product::start(program, form, settings).await, counter: AtomicU32::new(0) }
    }

    /// Somebody without an account.
    pub fn anybody(&self) -> Client {
        self.product.client()
    }

    /// A text that nobody has used yet on this stage.
    pub fn unused(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.counter.fetch_add(1, Ordering::SeqCst))
    }

    /// A new person, registered and logged in.
    ///
    /// # Panics
    /// When the product refuses.
    pub async fn person(&self, name: &str) -> Person {
        let fields = [("username", name), ("password", PASSWORD)];
        self.anybody().post("/user/register", &fields).await.data();
        self.log_in(name).await
    }

    /// Another login of a person.
    ///
    /// # Panics
    /// When the product refuses, or gives no tokens.
    pub async fn log_in(&self, name: &str) -> Person {
        let answer = self.anybody().post("/user/login", &[("username", name), ("password", PASSWORD)]).await;
        let id = answer.data()["id"].as_str().expect("a login answers with the person").to_owned();
        let token = |name: &str| answer.header(name).expect("a login answers with tokens").to_owned();
        let client = self.anybody().with_tokens(token("access-token"), token("refresh-token"));
        Person { id, name: name.to_owned(), client }
    }

    /// The id of a new video, published over REST.
    ///
    /// # Panics
    /// When the product refuses.
    pub async fn video(&self, author: &Person, title: &str, description: &str) -> String {
        let fields = [("title".into(), title.to_owned()), ("description".into(), description.to_owned())];
        let sent = author.send(Method::POST, "/video/publish", Encoding::Multipart, &fields, Some(File::video()));
        sent.await.data();
        self.newest_video(author).await
    }

    /// The id of the newest video of a person.
    ///
    /// # Panics
    /// When there is none.
    pub async fn newest_video(&self, author: &Person) -> String {
        let fields = [("user_id", author.id.as_str()), ("page_num", "0"), ("page_size", "1")];
        let answer = author.get("/video/list", &fields).await;
        answer.column("id").first().expect("a video was published").to_string()
    }

    /// The id of a new comment; with `parent` it is a reply to that one.
    ///
    /// # Panics
    /// When the product refuses.
    pub async fn comment(&self, author: &Person, video: &str, parent: Option<&str>, content: &str) -> String {
        let document = "mutation ($input: PublishCommentInput!) { publishComment(input: $input) \
                        { comment { id } userErrors { code } } }";
        let input = json!({"videoId": video, "parentId": parent, "content": content});
        let answer = author.graphql(document, json!({ "input": input })).await;
        let id = answer.data()["publishComment"]["comment"]["id"].as_str();
        id.unwrap_or_else(|| panic!("the comment was refused: {}", answer.0)).to_owned()
    }
}
