use reel_id::VideoId;
use reel_store::Result;
use reel_subgraph::Page;
use sqlx::{MySql, MySqlConnection, QueryBuilder};

use super::Repository;
use super::videos::COLUMNS;
use crate::domain::{Criteria, Video};
use crate::search::{Column, Matching, Token};

/// How many entries of a token are counted, to know which token is the rarest.
const PROBE: u32 = 1_000;
/// How many tokens are written with one statement.
const TOKENS_PER_INSERT: usize = 500;

impl Repository {
    /// The videos that meet the criteria, newest first; one row more than the page.
    pub(crate) async fn list(&self, criteria: &Criteria, page: Page) -> Result<Vec<Video>> {
        let Some(ordered) = self.rarest_first(criteria).await? else { return Ok(Vec::new()) };
        let columns = COLUMNS.replace(", ", ", v.");
        let mut query = selection(&format!("v.{columns}"), &ordered, Some(page));
        query.push(" ORDER BY ").push(order_column(&ordered)).push(" DESC LIMIT ").push_bind(page.limit());
        query.push(" OFFSET ").push_bind(page.offset());
        Ok(query.build_query_as().fetch_all(&self.pool).await?)
    }

    /// How many videos meet the criteria, exactly.
    pub(crate) async fn count_matching(&self, criteria: &Criteria) -> Result<i64> {
        let Some(ordered) = self.rarest_first(criteria).await? else { return Ok(0) };
        Ok(selection("COUNT(*)", &ordered, None).build_query_scalar().fetch_one(&self.pool).await?)
    }

    /// How the database would go about listing, for the test that it never reads a whole table.
    #[cfg(test)]
    pub(crate) async fn explain(
        &self,
        criteria: &Criteria,
        page: Page,
    ) -> Result<Vec<(String, String, Option<String>)>> {
        use sqlx::Row as _;

        let Some(ordered) = self.rarest_first(criteria).await? else { return Ok(Vec::new()) };
        let mut query = QueryBuilder::<MySql>::new("EXPLAIN FORMAT=TRADITIONAL ");
        push_selection(&mut query, "v.id", &ordered, Some(page));
        query.push(" ORDER BY ").push(order_column(&ordered)).push(" DESC LIMIT ").push_bind(page.limit());
        let rows = query.build().fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get("table")?, row.try_get("type")?, row.try_get("key")?))).collect()
    }

    /// The same criteria with the rarest token first, or nothing when a token is in no video at all. The joins below
    /// start from it, so that a common word costs nothing beside a rare one.
    async fn rarest_first(&self, criteria: &Criteria) -> Result<Option<Criteria>> {
        let (tokens, phrases) = match &criteria.matching {
            Matching::Nothing => return Ok(None),
            Matching::Anything => return Ok(Some(criteria.clone())),
            Matching::All { tokens, .. } if tokens.len() == 1 => return Ok(Some(criteria.clone())),
            Matching::All { tokens, phrases } => (tokens, phrases),
        };
        let counts = self.probe(tokens).await?;
        if counts.iter().any(|(_, count)| *count == 0) {
            return Ok(None);
        }
        let position = |slot: &i64| usize::try_from(*slot).ok().and_then(|slot| tokens.get(slot)).cloned();
        let tokens = counts.iter().filter_map(|(slot, _)| position(slot)).collect();
        let matching = Matching::All { tokens, phrases: phrases.clone() };
        Ok(Some(Criteria { ids: criteria.ids.clone(), matching }))
    }

    /// For each token its position and in how many videos it is, counted up to [`PROBE`], rarest first.
    async fn probe(&self, tokens: &[Token]) -> Result<Vec<(i64, i64)>> {
        let mut query = QueryBuilder::<MySql>::new("");
        for (slot, token) in tokens.iter().enumerate() {
            query.push(if slot == 0 { "" } else { " UNION ALL " });
            query.push(format!("SELECT {slot}, COUNT(*) FROM (SELECT 1 FROM video_token WHERE kind = "));
            query.push_bind(token.kind as i8).push(" AND token = ").push_bind(token.text.clone());
            query.push(format!(" LIMIT {PROBE}) AS probe{slot}"));
        }
        let mut counts: Vec<(i64, i64)> = query.build_query_as().fetch_all(&self.pool).await?;
        counts.sort_by_key(|(slot, count)| (*count, *slot));
        Ok(counts)
    }

    /// What the search compares and its index, for a new video.
    pub(crate) async fn insert_text(
        connection: &mut MySqlConnection,
        id: VideoId,
        content: &str,
        author: &str,
    ) -> Result<()> {
        let query = sqlx::query("INSERT INTO video_text (video_id, content, author) VALUES (?, ?, ?)");
        query.bind(id.raw()).bind(content).bind(author).execute(connection).await?;
        Ok(())
    }

    /// Adds a new video to the index.
    pub(crate) async fn insert_tokens(connection: &mut MySqlConnection, id: VideoId, tokens: &[Token]) -> Result<()> {
        for part in tokens.chunks(TOKENS_PER_INSERT) {
            let mut query = QueryBuilder::<MySql>::new("INSERT IGNORE INTO video_token (kind, token, video_id) ");
            query.push_values(part, |mut row, token| {
                row.push_bind(token.kind as i8).push_bind(token.text.clone()).push_bind(id.raw());
            });
            query.build().execute(&mut *connection).await?;
        }
        Ok(())
    }
}

fn order_column(criteria: &Criteria) -> &'static str {
    if matches!(criteria.matching, Matching::All { .. }) { "t0.video_id" } else { "v.id" }
}

fn selection(columns: &str, criteria: &Criteria, page: Option<Page>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new("");
    push_selection(&mut query, columns, criteria, page);
    query
}

/// `SELECT … FROM … WHERE …`. STRAIGHT_JOIN keeps the order of the joins: from the entries of the first token, newest
/// first, each other table is asked by its primary key.
fn push_selection(query: &mut QueryBuilder<MySql>, columns: &str, criteria: &Criteria, page: Option<Page>) {
    query.push("SELECT STRAIGHT_JOIN ").push(columns).push(" FROM ");
    let id = order_column(criteria);
    match &criteria.matching {
        Matching::All { tokens, phrases } => push_joins(query, tokens, !phrases.is_empty()),
        Matching::Anything | Matching::Nothing => {
            query.push("video v WHERE TRUE");
        }
    }
    let before = page.map_or(criteria.ids.end, |page| page.before_id().min(criteria.ids.end));
    query.push(" AND ").push(id).push(" >= ").push_bind(criteria.ids.start);
    query.push(" AND ").push(id).push(" < ").push_bind(before);
    if let Matching::All { phrases, .. } = &criteria.matching {
        for (column, phrase) in phrases {
            query.push(" AND LOCATE(").push_bind(phrase.clone());
            query.push(match column {
                Column::Content => ", x.content) > 0",
                Column::Author => ", x.author) > 0",
            });
        }
    }
}

fn push_joins(query: &mut QueryBuilder<MySql>, tokens: &[Token], with_text: bool) {
    query.push("video_token t0");
    let entry = |query: &mut QueryBuilder<MySql>, number: usize, token: &Token| {
        query.push(format!(" t{number}.kind = ")).push_bind(token.kind as i8);
        query.push(format!(" AND t{number}.token = ")).push_bind(token.text.clone());
    };
    for (number, token) in tokens.iter().enumerate().skip(1) {
        query.push(format!(" JOIN video_token t{number} ON"));
        entry(query, number, token);
        query.push(format!(" AND t{number}.video_id = t0.video_id"));
    }
    if with_text {
        query.push(" JOIN video_text x ON x.video_id = t0.video_id");
    }
    query.push(" JOIN video v ON v.id = t0.video_id WHERE");
    if let Some(first) = tokens.first() {
        entry(query, 0, first);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use reel_id::UserId;
    use reel_testkit::TestDatabase;

    use super::*;
    use crate::search::{Kind, content_tokens, fold, matching};

    /// Enough rows that reading a whole table would not be the cheaper way.
    const VIDEOS: i64 = 400;

    async fn filled(database: &TestDatabase) -> Repository {
        reel_store::migrate(database.pool(), &crate::MIGRATOR, crate::NAME).await.unwrap();
        let repository = Repository::new(database.pool().clone());
        let mut transaction = database.pool().begin().await.unwrap();
        for id in 1..=VIDEOS {
            let title = format!("common 北京人 word{id}");
            let created_at = DateTime::from_timestamp_millis(1_790_000_000_000 + id).unwrap();
            let video = Video {
                id: id.into(),
                author_id: UserId::from(id % 7),
                title: title.clone(),
                description: String::new(),
                video_key: String::new(),
                cover_key: String::new(),
                visit_count: id % 13,
                created_at,
                updated_at: created_at,
            };
            let tokens: Vec<Token> = content_tokens(&fold(&title))
                .into_iter()
                .map(|text| Token { kind: Kind::Content, text })
                .chain(["a", "n", "an", "na"].map(|text| Token { kind: Kind::Author, text: text.into() }))
                .collect();
            Repository::insert(&mut transaction, &video).await.unwrap();
            Repository::insert_text(&mut transaction, video.id, &fold(&title), "ana").await.unwrap();
            Repository::insert_tokens(&mut transaction, video.id, &tokens).await.unwrap();
        }
        transaction.commit().await.unwrap();
        for table in ["video", "video_text", "video_token"] {
            let analyze = sqlx::AssertSqlSafe(format!("ANALYZE TABLE {table}"));
            sqlx::query(analyze).fetch_all(database.pool()).await.unwrap();
        }
        repository
    }

    #[tokio::test]
    async fn no_search_reads_a_whole_table() {
        let database = TestDatabase::new(crate::NAME).await;
        let repository = filled(&database).await;
        let page = Page::from_arguments(Some(10), None).unwrap();
        for (keywords, author) in
            [("word77", ""), ("common", ""), ("common word77 北京人", ""), ("北京人", "ana"), ("", "an"), ("", "ana")]
        {
            let mut criteria = Criteria::published(None, None);
            criteria.matching = matching(Some(keywords), Some(author)).unwrap();
            let plan = repository.explain(&criteria, page).await.unwrap();
            assert!(!plan.is_empty());
            for (table, access, key) in plan {
                let through_index = ["const", "eq_ref", "ref", "range"].contains(&access.as_str());
                assert!(through_index && key.as_deref() == Some("PRIMARY"), "{keywords} {author}: {table} by {access}");
            }
            let found = repository.list(&criteria, page).await.unwrap().len();
            assert_eq!(found, if keywords.contains("word77") { 1 } else { 11 }, "{keywords} {author}");
        }
        database.close().await;
    }

    #[tokio::test]
    async fn lists_by_visits_read_an_index_in_its_order() {
        let database = TestDatabase::new(crate::NAME).await;
        filled(&database).await;
        let plan = sqlx::query(
            "EXPLAIN FORMAT=TRADITIONAL SELECT id, visit_count FROM video ORDER BY visit_count DESC, id DESC LIMIT 50",
        );
        let plan = plan.fetch_one(database.pool()).await.unwrap();
        let (key, extra): (String, String) = (sqlx::Row::get(&plan, "key"), sqlx::Row::get(&plan, "Extra"));
        assert!(key == "video_visits" && !extra.contains("filesort"), "{key}: {extra}");
        database.close().await;
    }
}
