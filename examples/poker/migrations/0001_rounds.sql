CREATE TABLE rounds (
    round INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    votes INTEGER NOT NULL,
    average REAL,
    revealed_at INTEGER NOT NULL
);
