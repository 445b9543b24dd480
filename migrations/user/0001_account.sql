-- People. `username` is what is shown; `username_key` is the same name without the differences that do not make
-- another name (letter case, look-alike forms), and carries the unique key.
CREATE TABLE account (
    id BIGINT NOT NULL,
    username VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    username_key VARCHAR(640) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    avatar_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_at DATETIME(3) NOT NULL,
    updated_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY username_key (username_key)
)
