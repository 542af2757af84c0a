//! SQLite through sqlx, in memory and in a file: queries, streams of rows, transactions, a pool that tasks share. It
//! checks what it reads.

use anyhow::{Result, ensure};
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use std::time::Duration;
use tokio::task::JoinSet;

const TASKS: i64 = 16;
const ROWS: i64 = 25;

#[tokio::main]
async fn main() -> Result<()> {
    // Each connection to ":memory:" has a database of its own.
    let memory = SqlitePoolOptions::new()
        .max_connections(1)
        .connect("sqlite::memory:")
        .await?;
    create(&memory).await?;
    queries(&memory).await?;
    transactions(&memory).await?;
    println!("ok: in memory, queries and transactions");
    pool_is_waited_for(&memory).await?;
    println!("ok: who finds no free connection waits, and not for ever");
    memory.close().await;

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("compat.sqlite");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(60));
    let file = SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options.clone())
        .await?;
    create(&file).await?;
    many_at_once(&file).await?;
    file.close().await;
    println!("ok: in a file, {TASKS} tasks that share four connections");

    let again = SqlitePool::connect_with(options).await?;
    ensure!(
        count(&again).await? == TASKS * ROWS,
        "rows are lost when the file is closed"
    );
    again.close().await;
    println!("ok: the file has it all when it is opened again");
    Ok(())
}

async fn create(pool: &SqlitePool) -> Result<()> {
    sqlx::query("CREATE TABLE threads (id INTEGER PRIMARY KEY, colour TEXT NOT NULL, length REAL)")
        .execute(pool)
        .await?;
    Ok(())
}

async fn insert(pool: &SqlitePool, colour: &str, length: Option<f64>) -> Result<i64> {
    let query = sqlx::query("INSERT INTO threads (colour, length) VALUES (?, ?)")
        .bind(colour)
        .bind(length);
    Ok(query.execute(pool).await?.last_insert_rowid())
}

async fn count(pool: &SqlitePool) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM threads")
        .fetch_one(pool)
        .await?)
}

async fn queries(pool: &SqlitePool) -> Result<()> {
    let red = insert(pool, "red", Some(2.5)).await?;
    insert(pool, "blue", None).await?;
    let row = sqlx::query_as::<_, (String, Option<f64>)>(
        "SELECT colour, length FROM threads WHERE id = ?",
    );
    let row = row.bind(red).fetch_one(pool).await?;
    ensure!(row == ("red".to_owned(), Some(2.5)), "the row is {row:?}");

    let mut rows =
        sqlx::query_as::<_, (String,)>("SELECT colour FROM threads ORDER BY colour").fetch(pool);
    let mut colours = Vec::new();
    while let Some((colour,)) = rows.try_next().await? {
        colours.push(colour);
    }
    ensure!(colours == ["blue", "red"], "the colours are {colours:?}");

    let missing = sqlx::query("SELECT * FROM nothing").execute(pool).await;
    ensure!(
        matches!(missing, Err(sqlx::Error::Database(_))),
        "a table that is not there has {missing:?}"
    );
    Ok(())
}

async fn transactions(pool: &SqlitePool) -> Result<()> {
    let before = count(pool).await?;
    let mut transaction = pool.begin().await?;
    sqlx::query("DELETE FROM threads")
        .execute(&mut *transaction)
        .await?;
    drop(transaction);
    ensure!(
        count(pool).await? == before,
        "a transaction that was dropped has been done"
    );

    let mut transaction = pool.begin().await?;
    sqlx::query("DELETE FROM threads")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    ensure!(
        count(pool).await? == 0,
        "a transaction that was committed has not been done"
    );
    Ok(())
}

async fn pool_is_waited_for(pool: &SqlitePool) -> Result<()> {
    let only = pool.acquire().await?;
    let denied = tokio::time::timeout(Duration::from_millis(50), pool.acquire()).await;
    ensure!(denied.is_err(), "there is a second connection");
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.acquire().await.map(drop) }
    });
    drop(only);
    waiting.await??;
    Ok(())
}

async fn many_at_once(pool: &SqlitePool) -> Result<()> {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let pool = pool.clone();
        tasks.spawn(async move {
            for row in 0..ROWS {
                insert(&pool, &format!("colour {task}"), Some(row as f64)).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    let sums = sqlx::query_as::<_, (String, i64, f64)>(
        "SELECT colour, count(*), sum(length) FROM threads GROUP BY colour",
    );
    let sums = sums.fetch_all(pool).await?;
    let complete = (ROWS, (ROWS * (ROWS - 1) / 2) as f64);
    ensure!(
        sums.len() as i64 == TASKS,
        "there are rows of {} tasks",
        sums.len()
    );
    ensure!(
        sums.iter().all(|(_, rows, sum)| (*rows, *sum) == complete),
        "rows are missing: {sums:?}"
    );
    Ok(())
}
