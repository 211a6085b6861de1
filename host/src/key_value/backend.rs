//! Where the values of key-value stores lie.

use anyhow::{Context, Result};
use redb::{ReadableDatabase, ReadableTable, TableDefinition, TableError};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps the values of stores, which are known by their labels.
pub trait Backend: Send + Sync {
    /// The value of a key, if there is one.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>>;

    /// Gives a key a value.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<()>;

    /// Removes a key, if it is there.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    fn delete(&self, store: &str, key: &str) -> Result<()>;

    /// All keys of a store.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    fn keys(&self, store: &str) -> Result<Vec<String>>;
}

/// In memory: what is stored is gone when the process ends.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<(String, String), Vec<u8>>>);

impl Memory {
    fn values(&self) -> MutexGuard<'_, BTreeMap<(String, String), Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let place = (store.to_owned(), key.to_owned());
        Ok(self.values().get(&place).cloned())
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<()> {
        let place = (store.to_owned(), key.to_owned());
        self.values().insert(place, value.to_owned());
        Ok(())
    }

    fn delete(&self, store: &str, key: &str) -> Result<()> {
        self.values().remove(&(store.to_owned(), key.to_owned()));
        Ok(())
    }

    fn keys(&self, store: &str) -> Result<Vec<String>> {
        let values = self.values();
        let places = values.keys().filter(|place| place.0 == store);
        Ok(places.map(|place| place.1.clone()).collect())
    }
}

/// In a file: what is stored outlives the process.
pub struct Database(redb::Database);

const VALUES: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("values");

impl Database {
    /// Opens the database in a folder; makes both where they are missing.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened, or another process has it.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join("key-value.redb");
        let open = || {
            std::fs::create_dir_all(folder)?;
            anyhow::Ok(redb::Database::create(&file)?)
        };
        let database = open().with_context(|| format!("cannot open {}", file.display()))?;
        Ok(Self(database))
    }

    fn read(
        &self,
    ) -> Result<Option<impl ReadableTable<(&'static str, &'static str), &'static [u8]>>> {
        match self.0.begin_read()?.open_table(VALUES) {
            Ok(table) => Ok(Some(table)),
            // Nothing has been stored yet.
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Backend for Database {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let Some(table) = self.read()? else {
            return Ok(None);
        };
        Ok(table
            .get((store, key))?
            .map(|value| value.value().to_owned()))
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<()> {
        let transaction = self.0.begin_write()?;
        transaction
            .open_table(VALUES)?
            .insert((store, key), value)?;
        Ok(transaction.commit()?)
    }

    fn delete(&self, store: &str, key: &str) -> Result<()> {
        let transaction = self.0.begin_write()?;
        transaction.open_table(VALUES)?.remove((store, key))?;
        Ok(transaction.commit()?)
    }

    fn keys(&self, store: &str) -> Result<Vec<String>> {
        let Some(table) = self.read()? else {
            return Ok(Vec::new());
        };
        let mut keys = Vec::new();
        for entry in table.range((store, "")..)? {
            let (place, _) = entry?;
            let (label, key) = place.value();
            if label != store {
                break;
            }
            keys.push(key.to_owned());
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keep_what_they_are_given() {
        let folder = tempfile::tempdir().unwrap();
        let backends: [Box<dyn Backend>; 2] = [
            Box::new(Memory::default()),
            Box::new(Database::open(&folder.path().join("new")).unwrap()),
        ];
        for backend in backends {
            assert_eq!(backend.get("default", "a").unwrap(), None);
            assert!(backend.keys("default").unwrap().is_empty());
            backend.set("default", "b", b"1").unwrap();
            backend.set("default", "a", b"2").unwrap();
            backend.set("default", "a", b"\xff\0").unwrap();
            backend.set("other", "c", b"3").unwrap();
            backend.set("default2", "d", b"4").unwrap();
            assert_eq!(backend.get("default", "a").unwrap().unwrap(), b"\xff\0");
            assert_eq!(backend.get("other", "a").unwrap(), None);
            assert_eq!(backend.keys("default").unwrap(), ["a", "b"]);
            backend.delete("default", "a").unwrap();
            backend.delete("default", "a").unwrap();
            assert_eq!(backend.keys("default").unwrap(), ["b"]);
        }
    }

    #[test]
    fn a_database_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        database.set("default", "a", b"1").unwrap();
        let second = Database::open(folder.path()).err().unwrap();
        assert!(
            format!("{second:#}").contains("key-value.redb"),
            "{second:#}"
        );
        drop(database);
        let database = Database::open(folder.path()).unwrap();
        assert_eq!(database.get("default", "a").unwrap().unwrap(), b"1");
    }
}
