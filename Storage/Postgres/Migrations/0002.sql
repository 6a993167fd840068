-- What a user's grain held when it left its process in order, taken by the next one. The bytes are Fairway's own.
CREATE TABLE saved_streams (
    usr   text        PRIMARY KEY,
    state bytea       NOT NULL,
    at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX saved_streams_by_age ON saved_streams (at);

-- Answers that have come to their end and wait for their user, frame by frame.
CREATE TABLE held_answers (
    usr     text        NOT NULL,
    version bigint      NOT NULL,
    state   bytea       NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (usr, version)
);
CREATE INDEX held_answers_by_age ON held_answers (at);
