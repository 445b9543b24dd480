-- Files that nothing points at: images that wait to be claimed (`owner_id`), and replaced avatars that wait to be
-- removed (no owner). What is past `expires_at` is removed, file first.
CREATE TABLE upload (
    id BIGINT NOT NULL,
    owner_id BIGINT NULL,
    file_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at DATETIME(3) NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    KEY expiring (expires_at)
)
