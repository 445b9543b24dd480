-- Files that wait to be claimed. The row is there before its files and goes after them, so that none is forgotten.
CREATE TABLE upload (
    id         BIGINT NOT NULL,
    owner_id   BIGINT NOT NULL,
    video_key  VARCHAR(255) NOT NULL,
    cover_key  VARCHAR(255) NOT NULL,
    ready      TINYINT NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    KEY upload_owner (owner_id),
    KEY upload_expires (expires_at)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
