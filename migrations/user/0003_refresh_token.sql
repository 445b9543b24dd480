-- Refresh tokens, as SHA-256 only. A spent one keeps its successor for the grace period, sealed with the spent token
-- itself, which this table does not hold.
CREATE TABLE refresh_token (
    hash BINARY(32) NOT NULL,
    session_id BIGINT NOT NULL,
    created_at DATETIME(3) NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    spent_at DATETIME(3) NULL,
    sealed_successor BINARY(32) NULL,
    successor_until DATETIME(3) NULL,
    PRIMARY KEY (hash),
    KEY expiring (expires_at),
    KEY sealed (successor_until)
)
