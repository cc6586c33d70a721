"""The tables of a catalogue's file, shared by the one who writes it and those who read it.

`item.id` follows the alphabet of the descriptions, so that a search that stops early has the
first of them. `code.word` is the key that codes meaning one item share (`codes.key_of`). The
trigrams hold the words of active items only, each word after a space, so that a word's beginning
is a trigram too.
"""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "SCHEMA", "SCHEMA_VERSION"]

APPLICATION_ID = 0x70746361
"""`ptca` in the file's header, so that no other SQLite file is taken for a catalogue."""
SCHEMA_VERSION = 1

SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    department TEXT NOT NULL,
    price_minor INTEGER,
    tax_code TEXT NOT NULL,
    sell_by TEXT NOT NULL,
    tare INTEGER NOT NULL,
    min_age INTEGER NOT NULL,
    linked_sku TEXT,
    max_quantity INTEGER,
    discountable INTEGER NOT NULL,
    returnable INTEGER NOT NULL,
    active INTEGER NOT NULL,
    words TEXT NOT NULL
) STRICT;
CREATE INDEX item_words ON item (words) WHERE active;
CREATE INDEX item_department ON item (department, id);
CREATE TABLE code (
    code TEXT PRIMARY KEY,
    word TEXT NOT NULL,
    item INTEGER NOT NULL,
    place INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX code_word ON code (word);
CREATE INDEX code_item ON code (item, place);
CREATE VIRTUAL TABLE item_text USING fts5 (
    words, content='', columnsize=0, tokenize='trigram'
);
"""
