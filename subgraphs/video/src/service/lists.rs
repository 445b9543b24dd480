use chrono::{DateTime, Utc};
use reel_error::{ClientError, ErrorCode, Result};
use reel_subgraph::{Page, Rows, Start};

use super::VideoService;
use crate::domain::{Criteria, Filter, Video};
use crate::search::{Matching, matching};

/// A list whose length can be asked for.
#[derive(Debug, Clone)]
pub(crate) enum CountedList {
    /// Every video.
    Everything,
    /// What meets the criteria.
    Meeting(Criteria),
}

impl VideoService {
    /// The videos that meet every given condition, newest first.
    pub(crate) async fn search(&self, filter: &Filter, page: Page) -> Result<(Rows<Video>, CountedList)> {
        let mut criteria = Criteria::published(filter.published_from, filter.published_to);
        criteria.matching = matching(filter.keywords.as_deref(), filter.author_username.as_deref())?;
        self.list(criteria, page).await
    }

    /// The newest videos, or those published after a moment.
    pub(crate) async fn feed(
        &self,
        published_after: Option<DateTime<Utc>>,
        page: Page,
    ) -> Result<(Rows<Video>, CountedList)> {
        self.list(Criteria::published_after(published_after), page).await
    }

    /// The most visited videos. Counts are MySQL's; the order is that of the list in Redis, when it is there.
    pub(crate) async fn popular(&self, page: Page) -> Result<Rows<Video>> {
        let Start::Offset(offset) = page.start() else {
            let detail = "Pass an `endCursor` of this list as `after`.";
            return Err(ClientError::new(ErrorCode::InvalidPage).field("after").detail(detail).into());
        };
        let limit = page.limit().min(self.popular.size().saturating_sub(offset));
        let videos = match self.popular.list(offset, limit).await {
            Some(ids) => {
                let mut found = self.repository.find_many(&ids).await?;
                ids.iter().filter_map(|id| found.remove(id)).collect()
            }
            None => self.repository.list_most_visited(offset, limit).await?,
        };
        Ok(page.cut(videos))
    }

    /// The exact length of a list.
    pub(crate) async fn count(&self, list: &CountedList) -> Result<i64> {
        Ok(match list {
            CountedList::Everything => self.repository.count().await?,
            CountedList::Meeting(criteria) => self.repository.count_matching(criteria).await?,
        })
    }

    async fn list(&self, criteria: Criteria, page: Page) -> Result<(Rows<Video>, CountedList)> {
        let videos = match criteria.matching {
            Matching::Nothing => Vec::new(),
            _ => self.repository.list(&criteria, page).await?,
        };
        Ok((page.cut(videos), CountedList::Meeting(criteria)))
    }
}
