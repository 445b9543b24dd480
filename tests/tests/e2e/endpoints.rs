//! The documented endpoints as data (shared/contract/README.md, section 2, and the small ones of section 3).

use reel_e2e::{Answer, Client, Encoding, Field, File, Person, Shape, Stage};
use reel_error::ErrorCode;
use reqwest::Method;

pub(crate) struct Endpoint {
    pub(crate) method: &'static Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) place: Place,
    /// Parameters without which a call fails.
    pub(crate) required: &'static [&'static str],
    /// Parameters that are ids, and how an unknown one is refused.
    pub(crate) ids: &'static [(&'static str, ErrorCode)],
    pub(crate) paged: bool,
    pub(crate) data: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone.
    Open,
    /// A token by default, anyone by a setting.
    PublicRead,
    /// A token.
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Form,
    /// A form or the query.
    Either,
    /// A multipart form with a file.
    File,
}

const fn endpoint(method: &'static Method, path: &'static str, access: Access, place: Place, data: Shape) -> Endpoint {
    Endpoint { method, path, access, place, required: &[], ids: &[], paged: false, data }
}

use Access::{Open, Person as Personal, PublicRead};
use ErrorCode::{CommentNotFound, UserNotFound, VideoNotFound};
use Place::{Either, Form, Query};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        required: &["username", "password"],
        ..endpoint(&Method::POST, "/user/register", Open, Form, Shape::None)
    },
    Endpoint { required: &["username", "password"], ..endpoint(&Method::POST, "/user/login", Open, Form, Shape::User) },
    Endpoint {
        ids: &[("user_id", UserNotFound)],
        ..endpoint(&Method::GET, "/user/info", PublicRead, Query, Shape::User)
    },
    endpoint(&Method::PUT, "/user/avatar/upload", Personal, Place::File, Shape::User),
    Endpoint { required: &["title"], ..endpoint(&Method::POST, "/video/publish", Personal, Place::File, Shape::None) },
    Endpoint {
        required: &["user_id", "page_num", "page_size"],
        ids: &[("user_id", UserNotFound)],
        paged: true,
        ..endpoint(&Method::GET, "/video/list", PublicRead, Query, Shape::VideosAndTotal)
    },
    Endpoint { paged: true, ..endpoint(&Method::GET, "/video/popular", PublicRead, Query, Shape::Videos) },
    Endpoint {
        required: &["keywords", "page_num", "page_size"],
        paged: true,
        ..endpoint(&Method::POST, "/video/search", PublicRead, Form, Shape::VideosAndTotal)
    },
    Endpoint {
        required: &["video_id", "action_type"],
        ids: &[("video_id", VideoNotFound)],
        ..endpoint(&Method::POST, "/like/action", Personal, Form, Shape::None)
    },
    Endpoint {
        ids: &[("user_id", UserNotFound)],
        paged: true,
        ..endpoint(&Method::GET, "/like/list", PublicRead, Query, Shape::Videos)
    },
    Endpoint {
        required: &["video_id", "content"],
        ids: &[("video_id", VideoNotFound)],
        ..endpoint(&Method::POST, "/comment/publish", Personal, Form, Shape::None)
    },
    Endpoint {
        required: &["video_id"],
        ids: &[("video_id", VideoNotFound)],
        paged: true,
        ..endpoint(&Method::GET, "/comment/list", PublicRead, Query, Shape::Comments)
    },
    Endpoint {
        required: &["comment_id"],
        ids: &[("comment_id", CommentNotFound)],
        ..endpoint(&Method::DELETE, "/comment/delete", Personal, Either, Shape::None)
    },
    Endpoint {
        required: &["to_user_id", "action_type"],
        ids: &[("to_user_id", UserNotFound)],
        ..endpoint(&Method::POST, "/relation/action", Personal, Form, Shape::None)
    },
    Endpoint {
        required: &["user_id"],
        ids: &[("user_id", UserNotFound)],
        paged: true,
        ..endpoint(&Method::GET, "/following/list", PublicRead, Query, Shape::SocialsAndTotal)
    },
    Endpoint {
        required: &["user_id"],
        ids: &[("user_id", UserNotFound)],
        paged: true,
        ..endpoint(&Method::GET, "/follower/list", PublicRead, Query, Shape::SocialsAndTotal)
    },
    Endpoint { paged: true, ..endpoint(&Method::GET, "/friends/list", Personal, Query, Shape::SocialsAndTotal) },
    endpoint(&Method::GET, "/video/feed", Open, Query, Shape::Videos),
    Endpoint {
        required: &["video_id"],
        ids: &[("video_id", VideoNotFound)],
        ..endpoint(&Method::GET, "/video/visit", PublicRead, Query, Shape::Video)
    },
];

/// What the endpoints are tried on: Ana has published a video, Bo has liked and commented it; they are friends.
pub(crate) struct Scene<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) ana: Person,
    pub(crate) bo: Person,
    pub(crate) video: String,
    pub(crate) comment: String,
}

impl<'a> Scene<'a> {
    pub(crate) async fn set(stage: &'a Stage) -> Self {
        let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
        let video = stage.video(&ana, "Harbour", "at sunrise").await;
        let comment = stage.comment(&bo, &video, None, "the colours!").await;
        bo.post("/like/action", &[("video_id", &video), ("action_type", "1")]).await.data();
        bo.post("/relation/action", &[("to_user_id", &ana.id), ("action_type", "0")]).await.data();
        ana.post("/relation/action", &[("to_user_id", &bo.id), ("action_type", "0")]).await.data();
        Self { stage, ana, bo, video, comment }
    }

    /// The parameters of a call by Bo that succeeds, new ones each time where that matters.
    pub(crate) async fn parameters(&self, endpoint: &Endpoint) -> Vec<Field> {
        let page = || [("page_num", "0".to_owned()), ("page_size", "10".to_owned())];
        let pairs: Vec<(&'static str, String)> = match endpoint.path {
            "/user/register" => {
                vec![("username", self.stage.unused("new")), ("password", reel_e2e::PASSWORD.to_owned())]
            }
            "/user/login" => {
                vec![("username", self.bo.name.clone()), ("password", reel_e2e::PASSWORD.to_owned())]
            }
            "/user/info" => vec![("user_id", self.ana.id.clone())],
            "/video/publish" => {
                vec![("title", self.stage.unused("clip ")), ("description", "made by a test".to_owned())]
            }
            "/video/list" | "/like/list" | "/following/list" | "/follower/list" => {
                let owner = if endpoint.path == "/like/list" { &self.bo } else { &self.ana };
                [("user_id", owner.id.clone())].into_iter().chain(page()).collect()
            }
            "/video/popular" | "/friends/list" => page().to_vec(),
            "/video/search" => [("keywords", "harbour".to_owned())].into_iter().chain(page()).collect(),
            "/like/action" => vec![("video_id", self.video.clone()), ("action_type", "1".to_owned())],
            "/comment/publish" => vec![("video_id", self.video.clone()), ("content", "again!".to_owned())],
            "/comment/list" => [("video_id", self.video.clone())].into_iter().chain(page()).collect(),
            "/comment/delete" => {
                vec![("comment_id", self.stage.comment(&self.bo, &self.video, None, "to be deleted").await)]
            }
            "/relation/action" => vec![("to_user_id", self.ana.id.clone()), ("action_type", "0".to_owned())],
            "/video/visit" => vec![("video_id", self.video.clone())],
            _ => Vec::new(),
        };
        pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }

    /// Calls an endpoint as documented.
    pub(crate) async fn call(&self, client: &Client, endpoint: &Endpoint, parameters: &[Field]) -> Answer {
        let encoding = endpoint.place.encodings()[0];
        client.send(endpoint.method.clone(), endpoint.path, encoding, parameters, endpoint.file()).await
    }
}

impl Place {
    /// The ways to send the parameters, the documented one first.
    pub(crate) fn encodings(self) -> Vec<Encoding> {
        match self {
            Self::Query => vec![Encoding::Query],
            Self::Form => Encoding::BODIES.to_vec(),
            Self::Either => Encoding::BODIES.into_iter().chain([Encoding::Query]).collect(),
            Self::File => vec![Encoding::Multipart],
        }
    }
}

impl Endpoint {
    /// A good file, where one is needed.
    pub(crate) fn file(&self) -> Option<File> {
        (self.place == Place::File).then(|| match self.path {
            "/video/publish" => File::video(),
            _ => File::picture(),
        })
    }

    /// The parameters that are text of a person's own choice.
    pub(crate) fn texts(&self) -> &'static [&'static str] {
        match self.path {
            "/user/register" | "/user/login" => &["username", "password"],
            "/video/publish" => &["title", "description"],
            "/video/search" => &["keywords"],
            "/comment/publish" => &["content"],
            _ => &[],
        }
    }
}

/// The parameters with one of them changed.
pub(crate) fn with(parameters: &[Field], name: &'static str, value: &str) -> Vec<Field> {
    let others = parameters.iter().filter(|(other, _)| other != name).cloned();
    others.chain([(name.into(), value.to_owned())]).collect()
}

/// The parameters without one of them.
pub(crate) fn without(parameters: &[Field], name: &str) -> Vec<Field> {
    parameters.iter().filter(|(other, _)| other != name).cloned().collect()
}
