use super::*;

fn open() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join("deep/er/kv.db")).unwrap();
    (folder, database)
}

async fn keys(store: &Store) -> Vec<String> {
    let (sender, mut receiver) = mpsc::channel(2);
    let (outcome, keys) = futures::join!(store.keys(sender), async {
        let mut keys = Vec::new();
        while let Some(key) = receiver.recv().await {
            keys.push(key);
        }
        keys
    });
    outcome.unwrap();
    keys
}

#[tokio::test]
async fn what_is_set_can_be_read_listed_and_deleted() {
    let (_folder, database) = open();
    let store = database.store("default");
    assert_eq!(store.get("a".into()).await.unwrap(), None);
    store.set("b".into(), b"2".to_vec()).await.unwrap();
    store.set("a".into(), b"1".to_vec()).await.unwrap();
    store.set("a".into(), b"one".to_vec()).await.unwrap();
    assert_eq!(store.get("a".into()).await.unwrap().as_deref(), Some(&b"one"[..]));
    assert!(store.exists("b".into()).await.unwrap());
    assert_eq!(keys(&store).await, ["a", "b"]);
    store.delete("b".into()).await.unwrap();
    store.delete("never there".into()).await.unwrap();
    assert!(!store.exists("b".into()).await.unwrap());
    assert_eq!(keys(&store).await, ["a"]);
}

#[tokio::test]
async fn stores_in_one_file_do_not_see_each_other() {
    let (_folder, database) = open();
    database.store("one").set("k".into(), b"1".to_vec()).await.unwrap();
    assert_eq!(database.store("two").get("k".into()).await.unwrap(), None);
    assert!(keys(&database.store("two")).await.is_empty());
}

#[tokio::test]
async fn the_table_is_the_one_that_spin_makes_and_reads() {
    let (_folder, database) = open();
    database.store("default").set("k".into(), vec![0, 255, 7]).await.unwrap();
    let plain = Connection::open(database.path()).unwrap();
    let columns: Vec<(String, String, bool, i64)> = plain
        .prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info('spin_key_value')")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let expected = [("store", "TEXT", true, 1), ("key", "TEXT", true, 2), ("value", "BLOB", true, 0)];
    assert_eq!(columns, expected.map(|(name, kind, required, key)| (name.into(), kind.into(), required, key)));
    let row: (String, String, Vec<u8>) = plain
        .query_row("SELECT store, key, value FROM spin_key_value", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(row, ("default".into(), "k".into(), vec![0, 255, 7]));
}

#[tokio::test]
async fn a_file_written_without_the_log_by_another_program_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spin.db");
    let plain = Connection::open(&path).unwrap();
    plain.execute(CREATE, []).unwrap();
    plain.execute("INSERT INTO spin_key_value VALUES ('default', 'k', x'6869')", []).unwrap();
    drop(plain);
    let store = Database::open(&path).unwrap().store("default");
    assert_eq!(store.get("k".into()).await.unwrap().as_deref(), Some(&b"hi"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_openings_of_one_file_lose_no_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    let stores = [Database::open(&path).unwrap().store("default"), Database::open(&path).unwrap().store("default")];
    let writes = stores.iter().enumerate().flat_map(|(side, store)| {
        (0..100).map(move |n| store.set(format!("{side}-{n:03}"), n.to_string().into_bytes()))
    });
    for outcome in futures::future::join_all(writes).await {
        outcome.unwrap();
    }
    assert_eq!(keys(&stores[0]).await.len(), 200);
    assert_eq!(stores[1].get("0-042".into()).await.unwrap().as_deref(), Some(&b"42"[..]));
}

#[tokio::test]
async fn after_a_flush_the_file_alone_is_complete() {
    let (folder, database) = open();
    database.store("default").set("k".into(), b"v".to_vec()).await.unwrap();
    database.flush().await.unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::copy(database.path(), &copy).unwrap();
    let store = Database::open(&copy).unwrap().store("default");
    assert_eq!(store.get("k".into()).await.unwrap().as_deref(), Some(&b"v"[..]));
}

#[tokio::test]
async fn a_listener_that_stops_early_does_not_fail_the_scan() {
    let (_folder, database) = open();
    let store = database.store("default");
    for n in 0..10 {
        store.set(format!("k{n}"), Vec::new()).await.unwrap();
    }
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    store.keys(sender).await.unwrap();
}

#[test]
fn a_file_that_is_no_database_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database, but long enough to be looked at as one, because of its header").unwrap();
    let error = Database::open(&path).err().unwrap();
    assert!(error.contains("notes.txt"), "{error}");
}
