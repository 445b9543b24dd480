-- Who likes which comment. `id` is a snowflake: the order in which a person liked things.
CREATE TABLE comment_like (
    id BIGINT NOT NULL,
    comment_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (comment_id, user_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
