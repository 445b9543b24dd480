-- The search's index: kind 1 holds words and n-grams of the content, kind 2 n-grams of the author's name.
CREATE TABLE video_token (
    kind     TINYINT NOT NULL,
    token    VARCHAR(64) NOT NULL,
    video_id BIGINT NOT NULL,
    PRIMARY KEY (kind, token, video_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
