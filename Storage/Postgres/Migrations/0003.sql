-- Jobs that the cluster's streams tell of, and which process runs one. The request is the bytes it came in.
CREATE TABLE jobs (
    usr          text        NOT NULL,
    version      bigint      NOT NULL,
    conversation text        NOT NULL,
    request      bytea       NOT NULL,
    label        text,
    attempt      int         NOT NULL DEFAULT 0,
    runner       uuid,
    is_marked    boolean     NOT NULL DEFAULT false,
    at           timestamptz NOT NULL DEFAULT now(),
    moved_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (usr, version)
);
CREATE INDEX jobs_waiting ON jobs (moved_at) WHERE runner IS NULL;
CREATE INDEX jobs_by_runner ON jobs (runner) WHERE runner IS NOT NULL;

-- Processes that run jobs. One that is not here, or whose time is over, is dead.
CREATE TABLE job_runners (
    id    uuid        PRIMARY KEY,
    until timestamptz NOT NULL
);
