-- Published videos. An id holds the moment it was made, and created_at is that moment: lists by time are ranges of ids.
CREATE TABLE video (
    id          BIGINT NOT NULL,
    author_id   BIGINT NOT NULL,
    title       VARCHAR(128) NOT NULL,
    description VARCHAR(2000) NOT NULL,
    video_key   VARCHAR(255) NOT NULL,
    cover_key   VARCHAR(255) NOT NULL,
    visit_count BIGINT NOT NULL DEFAULT 0,
    created_at  DATETIME(3) NOT NULL,
    updated_at  DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    KEY video_author (author_id, id),
    KEY video_visits (visit_count, id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
