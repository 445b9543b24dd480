-- Logins. One spans all renewals of its tokens. A row stays for a while after its login has ended, because routers
-- still have to hear of it.
CREATE TABLE session (
    id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    created_at DATETIME(3) NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    ended_at DATETIME(3) NULL,
    PRIMARY KEY (id),
    KEY of_user (user_id, ended_at, id),
    KEY ended (ended_at, id),
    KEY expiring (expires_at)
)
