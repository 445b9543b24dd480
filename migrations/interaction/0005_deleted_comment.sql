-- Comments that are gone while there may still be replies to them and likes of them. `root_id` is the comment that
-- somebody deleted, with which all below it go too; a background task removes them and then the row.
CREATE TABLE deleted_comment (
    root_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    video_id BIGINT NOT NULL,
    PRIMARY KEY (root_id, id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
