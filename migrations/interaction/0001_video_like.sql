-- Who likes which video. `id` is a snowflake: the order in which a person liked things.
CREATE TABLE video_like (
    id BIGINT NOT NULL,
    video_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (video_id, user_id),
    KEY by_user (user_id, id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
