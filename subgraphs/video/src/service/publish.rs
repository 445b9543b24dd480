use reel_auth::Viewer;
use reel_error::{ClientError, Error, ErrorCode, Result};
use reel_id::{UploadId, UserId, time_of};
use reel_rpc::call_error;
use reel_rpc::user::FindUsersRequest;
use reel_store::retry_transaction;
use reel_subgraph::{is_blank, signed_in};

use super::VideoService;
use crate::domain::{Draft, MAX_DESCRIPTION, MAX_TITLE, Upload, Video};
use crate::repository::Repository;
use crate::search::{Kind, Token, content_tokens, fold, fold_name, name_tokens};

/// A draft whose texts may be published.
struct Texts {
    upload_id: UploadId,
    title: String,
    description: String,
}

/// What the search knows of a video.
struct Index {
    content: String,
    author: String,
    tokens: Vec<Token>,
}

impl VideoService {
    /// Publishes an upload of the viewer's, which can be claimed once.
    pub(crate) async fn publish(&self, viewer: Option<Viewer>, draft: Draft) -> Result<Video> {
        let viewer = signed_in(viewer)?;
        let texts = check(draft)?;
        let username = self.username(viewer.user_id).await?;
        let index = Index::of(&texts, &username);
        let video = retry_transaction(self.repository.pool(), async |mut tx| {
            let now = self.clock.now();
            let upload = Repository::lock_claimable(&mut tx, texts.upload_id, viewer.user_id, now).await?;
            let upload = upload.ok_or_else(|| ClientError::new(ErrorCode::UploadNotFound).field("uploadId"))?;
            let video = self.video(&texts, upload);
            Repository::delete_upload(&mut tx, texts.upload_id).await?;
            Repository::insert(&mut tx, &video).await?;
            Repository::insert_text(&mut tx, video.id, &index.content, &index.author).await?;
            Repository::insert_tokens(&mut tx, video.id, &index.tokens).await?;
            Ok::<_, Error>(video)
        })
        .await?;
        self.popular.raise(video.id, video.visit_count).await;
        Ok(video)
    }

    async fn username(&self, id: UserId) -> Result<String> {
        let request = FindUsersRequest { ids: vec![id.raw()] };
        let found = self.users.clone().find_users(request).await.map_err(call_error)?.into_inner();
        let user = found.users.into_iter().find(|user| user.id == id.raw());
        Ok(user.ok_or(ErrorCode::UserNotFound)?.username)
    }

    fn video(&self, texts: &Texts, upload: Upload) -> Video {
        let id: reel_id::VideoId = self.ids.next();
        let created_at = time_of(id.raw());
        Video {
            id,
            author_id: upload.owner_id,
            title: texts.title.clone(),
            description: texts.description.clone(),
            video_key: upload.video_key,
            cover_key: upload.cover_key,
            visit_count: 0,
            created_at,
            updated_at: created_at,
        }
    }
}

impl Index {
    fn of(texts: &Texts, username: &str) -> Self {
        // A line break, which no folded text has, keeps a phrase from reaching from the title into the description.
        let content = format!("{}\n{}", fold(&texts.title), fold(&texts.description));
        let author = fold_name(username);
        let indexed = |kind| move |text| Token { kind, text };
        let tokens = content_tokens(&content).into_iter().map(indexed(Kind::Content));
        let tokens = tokens.chain(name_tokens(&author).into_iter().map(indexed(Kind::Author))).collect();
        Self { content, author, tokens }
    }
}

fn check(draft: Draft) -> Result<Texts, ClientError> {
    let refused = |code, field| Err(ClientError::new(code).field(field));
    let title = draft.title.trim();
    if is_blank(title) {
        return refused(ErrorCode::BlankTitle, "title");
    }
    if title.chars().count() > MAX_TITLE {
        return refused(ErrorCode::TitleTooLong, "title");
    }
    if draft.description.chars().count() > MAX_DESCRIPTION {
        return refused(ErrorCode::DescriptionTooLong, "description");
    }
    let Ok(upload_id) = draft.upload_id.parse() else {
        return refused(ErrorCode::InvalidId, "uploadId");
    };
    Ok(Texts { upload_id, title: title.to_owned(), description: draft.description })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(title: &str, description: &str, upload_id: &str) -> Option<ErrorCode> {
        let draft = Draft { upload_id: upload_id.into(), title: title.into(), description: description.into() };
        check(draft).err().map(|error| error.code)
    }

    #[test]
    fn texts_are_bounded_in_characters() {
        assert_eq!(refusal(&"影".repeat(128), &"片".repeat(2_000), "7"), None);
        assert_eq!(refusal(&"影".repeat(129), "", "7"), Some(ErrorCode::TitleTooLong));
        assert_eq!(refusal("t", &"片".repeat(2_001), "7"), Some(ErrorCode::DescriptionTooLong));
        assert_eq!(refusal("t", "", "seven"), Some(ErrorCode::InvalidId));
    }

    #[test]
    fn a_title_shows_something() {
        for blank in ["", " \t\n", "\u{200B}"] {
            assert_eq!(refusal(blank, "", "7"), Some(ErrorCode::BlankTitle), "{blank:?}");
        }
        assert_eq!(refusal("…", "", "7"), None);
    }
}
