-- How many rows of `follow` name a person, changed in the transaction that changes those rows. Locking these rows, in
-- the order of their ids, is also what puts the follows of two people in a sequence. No row means zeros.
CREATE TABLE follow_stats (
    user_id BIGINT NOT NULL,
    follower_count BIGINT NOT NULL DEFAULT 0,
    following_count BIGINT NOT NULL DEFAULT 0,
    friend_count BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
