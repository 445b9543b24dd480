use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reel_error::ErrorCode;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

const SUCCESS: i64 = 10_000;

/// A client of the documented REST endpoints, as much of it as the demo needs.
pub(super) struct Client {
    http: reqwest::Client,
    url: String,
}

/// Someone who is logged in.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) id: String,
    access_token: String,
}

impl Client {
    pub(super) fn new(url: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned() })
    }

    /// Registers the person unless the name is taken, and logs in.
    pub(super) async fn sign_in(&self, name: &str, password: &str) -> Result<Person> {
        let credentials = [("username", name), ("password", password)];
        let (_, registered) = answer(self.http.post(self.at("/user/register")).form(&credentials)).await?;
        let taken = registered["base"]["code"] == ErrorCode::UsernameTaken.number();
        if !taken {
            succeed("registering", &registered)?;
        }
        let (response, logged_in) = answer(self.http.post(self.at("/user/login")).form(&credentials)).await?;
        let user = succeed("logging in", &logged_in)?;
        let access_token = response.get("access-token").and_then(|token| token.to_str().ok());
        Ok(Person {
            name: name.to_owned(),
            id: text(&user["id"])?,
            access_token: access_token.context("the login returned no token")?.to_owned(),
        })
    }

    pub(super) async fn follow(&self, who: &Person, user_id: &str) -> Result<()> {
        self.act(who, "/relation/action", &[("to_user_id", user_id), ("action_type", "0")]).await
    }

    pub(super) async fn like(&self, who: &Person, video_id: &str) -> Result<()> {
        self.act(who, "/like/action", &[("video_id", video_id), ("action_type", "1")]).await
    }

    pub(super) async fn comment(&self, who: &Person, video_id: &str, content: &str) -> Result<()> {
        self.act(who, "/comment/publish", &[("video_id", video_id), ("content", content)]).await
    }

    pub(super) async fn publish(&self, who: &Person, title: &str, description: &str, mp4: Vec<u8>) -> Result<()> {
        let form = Form::new()
            .text("title", title.to_owned())
            .text("description", description.to_owned())
            .part("data", Part::bytes(mp4).file_name("clip.mp4").mime_str("video/mp4")?);
        let request = self.http.post(self.at("/video/publish")).multipart(form);
        self.call("publishing", who, request).await.map(drop)
    }

    /// The person's video of this title.
    pub(super) async fn find_video(&self, who: &Person, title: &str) -> Result<Option<String>> {
        let query = [("user_id", who.id.as_str()), ("page_num", "0"), ("page_size", "100")];
        let list = self.call("listing videos", who, self.http.get(self.at("/video/list")).query(&query)).await?;
        let found = list["items"].as_array().into_iter().flatten().find(|video| video["title"] == title);
        found.map(|video| text(&video["id"])).transpose()
    }

    /// Visits a video.
    pub(super) async fn video(&self, who: &Person, id: &str) -> Result<Value> {
        self.call("visiting", who, self.http.get(self.at("/video/visit")).query(&[("video_id", id)])).await
    }

    async fn act(&self, who: &Person, path: &str, form: &[(&str, &str)]) -> Result<()> {
        self.call(path, who, self.http.post(self.at(path)).form(form)).await.map(drop)
    }

    async fn call(&self, what: &str, who: &Person, request: RequestBuilder) -> Result<Value> {
        let (_, body) = answer(request.header("Access-Token", &who.access_token)).await?;
        succeed(what, &body)
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

async fn answer(request: RequestBuilder) -> Result<(reqwest::header::HeaderMap, Value)> {
    let response: Response = request.header("Accept-Language", "en").send().await?;
    let headers = response.headers().clone();
    let body = response.json().await.context("the answer is not JSON: is this a Reelgraph instance?")?;
    Ok((headers, body))
}

fn succeed(what: &str, body: &Value) -> Result<Value> {
    if body["base"]["code"] != SUCCESS {
        bail!("{what} failed: {}", body["base"]);
    }
    Ok(body.get("data").cloned().unwrap_or_default())
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("an id in the answer is not a string")
}
