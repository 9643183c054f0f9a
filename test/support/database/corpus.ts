/** The part of D1 that both bindings have. */
export interface Database {
  prepare(sql: string): Statement;
  batch(statements: readonly Statement[]): Promise<readonly unknown[]>;
}

interface Statement {
  bind(...values: readonly unknown[]): Statement;
  first(column?: string): Promise<unknown>;
  all(): Promise<unknown>;
  run(): Promise<unknown>;
  raw(options?: { readonly columnNames: boolean }): Promise<unknown>;
}

/** What a case does with a database in which the earlier cases have run; its result or error is compared. */
export type Case = readonly [title: string, run: (db: Database) => Promise<unknown>];

const all =
  (sql: string, ...values: readonly unknown[]) =>
  (db: Database) =>
    db
      .prepare(sql)
      .bind(...values)
      .all();

const run =
  (sql: string, ...values: readonly unknown[]) =>
  (db: Database) =>
    db
      .prepare(sql)
      .bind(...values)
      .run();

const batch =
  (...statements: readonly (readonly [sql: string, ...values: readonly unknown[]])[]) =>
  (db: Database) =>
    db.batch(statements.map(([sql, ...values]) => db.prepare(sql).bind(...values)));

/** The value, its type in SQLite, and what is stored of it. */
const stored = (title: string, value: unknown): Case => [
  `a parameter: ${title}`,
  all("SELECT ?1 AS value, typeof(?1) AS type, quote(?1) AS quoted, hex(?1) AS hex", value),
];

const TYPES: readonly Case[] = [
  stored("zero", 0),
  stored("an integer", 42),
  stored("a negative integer", -7),
  stored("a fraction", 0.1),
  stored("the largest safe integer", Number.MAX_SAFE_INTEGER),
  stored("an integer beyond 2^53", 2 ** 53 + 2),
  stored("2^63", 2 ** 63),
  stored("1e308", 1e308),
  stored("the smallest number", 5e-324),
  stored("negative zero", -0),
  stored("NaN", Number.NaN),
  stored("infinity", Number.POSITIVE_INFINITY),
  stored("minus infinity", Number.NEGATIVE_INFINITY),
  stored("true", true),
  stored("false", false),
  stored("null", null),
  stored("undefined", undefined),
  stored("a bigint", 7n),
  stored("a symbol", Symbol.for("x")),
  stored("a function", () => 1),
  stored("a date", new Date(0)),
  stored("an object", { a: 1 }),
  stored("an empty text", ""),
  stored("a text", "Grüße, 世界 🚪"),
  stored("a text with a zero character", "a\u0000b"),
  stored("a lone surrogate", "a\uD800b"),
  stored("a text of a number", "007"),
  stored("an ArrayBuffer", new Uint8Array([0, 1, 255]).buffer),
  stored("a Uint8Array", new Uint8Array([0, 1, 255])),
  stored("a part of a buffer", new Uint8Array([0, 1, 2, 3]).subarray(1, 3)),
  stored("a Uint16Array", new Uint16Array([1, 513])),
  stored("an empty blob", new Uint8Array()),
  stored("an array of bytes", [1, 2, 3]),
  stored("an array with a number over 255", [1, 256]),
  stored("an array with a text", ["a"]),
  ["columns of each type", all("SELECT 1 AS i, 1.5 AS r, 't' AS t, x'00ff' AS b, NULL AS n")],
  ["an integer beyond 2^53", all("SELECT 9007199254740993 AS value")],
  ["the largest integer", all("SELECT 9223372036854775807 AS value, -9223372036854775808 AS least")],
  ["an infinite result", all("SELECT 9e999 AS value, -9e999 AS less")],
  ["a negative zero result", all("SELECT -0.0 AS value")],
  ["two columns of one name", all("SELECT 1 AS a, 2 AS a, 3 AS b")],
  ["a column without a name", all("SELECT 1 + 1, count(*)")],
  ["a column called __proto__", all('SELECT 1 AS "__proto__", 2 AS "constructor"')],
  ["names that differ by case", all("SELECT 1 AS a, 2 AS A")],
  ["as rows", (db) => db.prepare("SELECT 1 AS a, x'01' AS b").raw()],
  ["as rows with names", (db) => db.prepare("SELECT 1 AS a, x'01' AS b").raw({ columnNames: true })],
  ["the first row", (db) => db.prepare("SELECT 1 AS a UNION SELECT 2").first()],
  ["the first row of none", (db) => db.prepare("SELECT 1 AS a WHERE 0").first()],
  ["the first row's column", (db) => db.prepare("SELECT 1 AS a").first("a")],
  ["the first row's column that is null", (db) => db.prepare("SELECT NULL AS a").first("a")],
  ["the first row's column that is missing", (db) => db.prepare("SELECT 1 AS a").first("b")],
  ["the column of no row", (db) => db.prepare("SELECT 1 AS a WHERE 0").first("a")],
];

const WRITES: readonly Case[] = [
  [
    "tables",
    batch(
      [
        "CREATE TABLE one (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, n INTEGER CHECK (n > 0)) STRICT",
      ],
      ["CREATE TABLE two (id INTEGER REFERENCES one (id), kept TEXT)"],
      ["CREATE TABLE log (what TEXT)"],
      ["CREATE INDEX one_by_n ON one (n)"],
      ["CREATE TRIGGER logged AFTER INSERT ON one BEGIN INSERT INTO log VALUES (NEW.name); END"],
      [
        "CREATE TRIGGER kept BEFORE DELETE ON one WHEN OLD.n = 9 BEGIN SELECT RAISE(ABORT, 'nine stays; always'); END",
      ],
      ["CREATE TRIGGER skipped BEFORE INSERT ON one WHEN NEW.name = 'skip' BEGIN SELECT RAISE(IGNORE); END"],
    ),
  ],
  ["a table twice", run("CREATE TABLE one (id)")],
  ["a table twice, if it is missing", run("CREATE TABLE IF NOT EXISTS one (id)")],
  ["an insertion", run("INSERT INTO one (name, n) VALUES (?1, ?2)", "a", 1)],
  ["an insertion with a trigger that skips it", run("INSERT INTO one (name, n) VALUES ('skip', 1)")],
  ["RETURNING", all("INSERT INTO one (name, n) VALUES ('b', 2), ('c', 9) RETURNING id, name")],
  ["the same unique text", run("INSERT INTO one (name, n) VALUES ('a', 1)")],
  ["the same primary key", run("INSERT INTO one (id, name, n) VALUES (1, 'z', 1)")],
  ["a NULL that may not be", run("INSERT INTO one (name, n) VALUES (NULL, 1)")],
  ["a CHECK that fails", run("INSERT INTO one (name, n) VALUES ('d', 0)")],
  ["a type that a STRICT table refuses", run("INSERT INTO one (name, n) VALUES ('d', 'x')")],
  ["a foreign key to nothing", run("INSERT INTO two VALUES (99, 'x')")],
  ["a trigger that aborts", run("DELETE FROM one WHERE n = 9")],
  ["a conflict that is ignored", run("INSERT OR IGNORE INTO one (name, n) VALUES ('a', 1), ('e', 5)")],
  [
    "an upsert",
    all(
      "INSERT INTO one (name, n) VALUES ('a', 7) ON CONFLICT (name) DO UPDATE SET n = excluded.n RETURNING n",
    ),
  ],
  ["an update of several rows", run("UPDATE one SET n = n + 100 WHERE n < 9")],
  ["an update of no row", run("UPDATE one SET n = 1 WHERE id = 99")],
  ["a deletion of no row", run("DELETE FROM one WHERE id = 99")],
  ["a deletion of all rows", run("DELETE FROM log")],
  ["rows from JSON", run("INSERT INTO log SELECT value ->> 'x' FROM json_each(?1)", '[{"x":"p"},{"x":2}]')],
  ["JSON that is none", run("INSERT INTO log SELECT value FROM json_each(?1)", "{")],
  [
    "a common table expression that writes",
    run("WITH w AS (SELECT 'w' AS v) INSERT INTO log SELECT v FROM w"),
  ],
  [
    "what is stored now",
    all("SELECT 'one', id, name, n FROM one UNION ALL SELECT 'log', rowid, what, 0 FROM log"),
  ],
  ["a read that says run", run("SELECT * FROM one ORDER BY id")],
  ["a write that says first", (db) => db.prepare("DELETE FROM log RETURNING what").first("what")],
];

const BATCHES: readonly Case[] = [
  ["no statement", batch()],
  ["one read", batch(["SELECT 1 AS a"])],
  ["reads", batch(["SELECT 1 AS a"], ["SELECT ?1 AS b", "x"], ["SELECT * FROM log"])],
  ["a read of what the batch wrote", batch(["INSERT INTO log VALUES ('s')"], ["SELECT * FROM log"])],
  [
    "changes of each statement",
    batch(
      ["INSERT INTO one (name, n) VALUES ('m', 1), ('n', 2)"],
      ["UPDATE one SET n = 5 WHERE name IN ('m', 'n')"],
      ["SELECT changes() AS changed"],
      ["DELETE FROM one WHERE name = 'm'"],
    ),
  ],
  ["an error in the middle", batch(["INSERT INTO log VALUES ('t')"], ["SELECT nope"], ["DELETE FROM log"])],
  ["an error at the end", batch(["DELETE FROM log"], ["INSERT INTO one (name, n) VALUES ('a', 1)"])],
  ["an error at the end, after a table", batch(["CREATE TABLE gone (id)"], ["SELECT nope"])],
  [
    "nothing of them is left",
    all("SELECT what, (SELECT count(*) FROM pragma_table_info('gone')) AS columns FROM log"),
  ],
  ["a blank statement among others", batch(["SELECT 1 AS a"], ["  "], ["SELECT 2 AS b"])],
  ["comments alone", batch(["-- nothing"], [" -- at all"])],
];

const ERRORS: readonly Case[] = [
  ["an empty text", run("")],
  ["a comment", run("-- nothing")],
  ["a syntax error", run("SELEC 1")],
  ["an unfinished statement", run("SELECT (1")],
  ["an unknown table", run("SELECT * FROM nowhere")],
  ["an unknown column", run("SELECT nope FROM one")],
  ["an unknown function", run("SELECT nope(1)")],
  ["an ambiguous column", run("SELECT id FROM one, two")],
  ["a parameter too few", run("SELECT ?1, ?2", 1)],
  ["a parameter too many", run("SELECT ?1", 1, 2)],
  ["parameters for a statement without", run("SELECT 1", 1)],
  ["a parameter without a value", (db) => db.prepare("SELECT ?1 AS a").all()],
  ["a skipped number", all("SELECT ?2 AS a", 1, 2)],
  ["a named parameter", all("SELECT :a AS a", 1)],
  ["plain question marks", all("SELECT ? AS a, ? AS b", 1, 2)],
  [
    "100 parameters",
    all(`SELECT ${Array.from({ length: 100 }, () => "?").join(" + ")} AS a`, ...Array(100).fill(1)),
  ],
  [
    "101 parameters",
    all(`SELECT ${Array.from({ length: 101 }, () => "?").join(" + ")} AS a`, ...Array(101).fill(1)),
  ],
  ["parameter ?101", all("SELECT ?101", ...Array(101).fill(1))],
  ["two statements in one text", all("SELECT 1 AS a; SELECT 2 AS b")],
  [
    "two writes in one text, one in error",
    run("INSERT INTO log VALUES ('u'); INSERT INTO nowhere VALUES (1)"),
  ],
  ["nothing of them is left", all("SELECT * FROM log WHERE what = 'u'")],
  ["a read and a write in one text", run("SELECT 1; INSERT INTO log VALUES ('v')")],
  ["it was written", all("SELECT * FROM log WHERE what = 'v'")],
  ["an open transaction", run("BEGIN")],
  ["a commit", run("COMMIT")],
  ["a savepoint", run("SAVEPOINT s")],
  ["an attached database", run("ATTACH ':memory:' AS other")],
  ["a pragma that is not allowed", run("PRAGMA journal_mode = DELETE")],
  ["a pragma that is", all("PRAGMA table_info(one)")],
  ["a vacuum", run("VACUUM")],
  ["a table of the platform", run("SELECT * FROM _cf_KV")],
  ["a name of the platform", run("CREATE TABLE _cf_mine (id)")],
  ["an overflow", run("SELECT abs(-9223372036854775808)")],
  ["a division by zero", all("SELECT 1 / 0 AS a")],
  ["a value of 2 MB and more", run("INSERT INTO log VALUES (?1)", "x".repeat(2_200_001))],
  ["a row of 2 MB and more", run("INSERT INTO log VALUES (hex(zeroblob(1100001)))")],
  ["a value below 2 MB", run("INSERT INTO log VALUES (?1)", "y".repeat(1_900_000))],
  ["its length", all("SELECT length(what) AS length FROM log ORDER BY length(what) DESC LIMIT 1")],
  ["a statement of 100 kB", run(`SELECT 1 /* ${"z".repeat(99_900)} */`)],
  ["a longer statement", run(`SELECT 1 /* ${"z".repeat(100_100)} */`)],
  ["deep nesting", run(`SELECT ${"(".repeat(2_000)}1${")".repeat(2_000)}`)],
  ["many terms of a compound", run(Array(600).fill("SELECT 1").join(" UNION ALL "))],
  ["a pattern that is too long", run("SELECT 'a' LIKE ?1", "%".repeat(60))],
  ["a date", all("SELECT datetime(0, 'unixepoch') AS at, strftime('%Y', 0, 'unixepoch') AS year")],
  ["unicode in a name", all('SELECT 1 AS "Größe 🚪"')],
  ["a zero character in a statement", all("SELECT 1 AS a\u0000, 2 AS b")],
  ["an explanation", all("EXPLAIN QUERY PLAN SELECT * FROM one WHERE n = 1")],
  ["full text search", run("CREATE VIRTUAL TABLE words USING fts5(text)")],
  ["mathematical functions", all("SELECT pow(2, 3) AS p, sqrt(-1) AS s")],
];

export const CORPUS: readonly Case[] = [
  ...TYPES,
  ...WRITES,
  ...BATCHES.map(([title, body]) => [`a batch: ${title}`, body] as const),
  ...ERRORS,
];
