-- Counts of a video's likes and comments, changed in the transaction that changes the rows. `comment_count` counts
-- replies too, `thread_count` only top-level comments. A video without a row has none of either.
CREATE TABLE video_stats (
    video_id BIGINT NOT NULL,
    like_count BIGINT NOT NULL,
    comment_count BIGINT NOT NULL,
    thread_count BIGINT NOT NULL,
    PRIMARY KEY (video_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
