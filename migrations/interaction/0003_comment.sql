-- Comments and replies. `parent_id` is 0 for a top-level comment; a reply is about its parent's video.
-- `reply_count` counts direct replies only.
CREATE TABLE comment (
    id BIGINT NOT NULL,
    video_id BIGINT NOT NULL,
    parent_id BIGINT NOT NULL,
    author_id BIGINT NOT NULL,
    content VARCHAR(1000) NOT NULL,
    like_count BIGINT NOT NULL,
    reply_count BIGINT NOT NULL,
    created_at DATETIME(3) NOT NULL,
    updated_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    KEY by_video (video_id, parent_id, id),
    KEY by_parent (parent_id, id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
