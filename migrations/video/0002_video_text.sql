-- What the search compares after its index has found the candidates: the folded title and description, and the folded
-- name of the author. Folding can make a text longer.
CREATE TABLE video_text (
    video_id BIGINT NOT NULL,
    content  MEDIUMTEXT NOT NULL,
    author   VARCHAR(1024) NOT NULL,
    PRIMARY KEY (video_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
