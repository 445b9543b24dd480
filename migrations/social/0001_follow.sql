-- One row per person who follows another. Lists are sorted by snowflakes: `id` for followers and following,
-- `friendship_id` for friends. `friendship_id` and `friends_since` repeat the later of the two rows of a mutual follow
-- in both rows, and are NULL while only one follows the other; a friends list is then one index range, without a join.
CREATE TABLE follow (
    id BIGINT NOT NULL,
    follower_id BIGINT NOT NULL,
    followee_id BIGINT NOT NULL,
    created_at DATETIME(3) NOT NULL,
    friendship_id BIGINT NULL,
    friends_since DATETIME(3) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY follower_followee (follower_id, followee_id),
    KEY followers (followee_id, id),
    KEY following (follower_id, id),
    KEY friends (follower_id, friendship_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
