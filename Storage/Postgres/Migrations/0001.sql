-- What users and models said is kept as the bytes it came in: JSON may hold what text columns refuse (U+0000).
-- To read it by hand: convert_from(messages, 'UTF8').
CREATE TABLE answers (
    usr          text        NOT NULL,
    version      bigint      NOT NULL,
    conversation text        NOT NULL,
    messages     bytea       NOT NULL,
    answer       bytea       NOT NULL,
    tool_calls   bytea       NOT NULL,
    finished_at  timestamptz NOT NULL,
    kept_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (usr, version)
);
CREATE INDEX answers_by_conversation ON answers (usr, conversation, version DESC);
CREATE INDEX answers_by_age ON answers (kept_at);

CREATE TABLE acknowledgements (
    usr     text        NOT NULL,
    version bigint      NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (usr, version)
);
CREATE INDEX acknowledgements_by_age ON acknowledgements (at);

-- A key without a version is reserved by a post under way, until reserved_until at the latest.
CREATE TABLE idempotency_keys (
    usr            text        NOT NULL,
    key            text        NOT NULL,
    body_hash      bytea       NOT NULL,
    owner          uuid        NOT NULL,
    reserved_until timestamptz NOT NULL,
    version        bigint,
    settled_at     timestamptz,
    PRIMARY KEY (usr, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (reserved_until);

CREATE TABLE first_frames (
    usr     text        NOT NULL,
    version bigint      NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (usr, version)
);
CREATE INDEX first_frames_by_age ON first_frames (at);
