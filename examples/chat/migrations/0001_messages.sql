-- AUTOINCREMENT: the id of a deleted message is not used again, so that an open page never takes a new message for an old one.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    author TEXT NOT NULL,
    name TEXT NOT NULL,
    message TEXT NOT NULL,
    time INTEGER NOT NULL
);
