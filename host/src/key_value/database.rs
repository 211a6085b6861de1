//! Key-value stores in a file.

use crate::key_value::{Backend, sum};
use anyhow::{Context, Result};
use redb::{ReadableDatabase, ReadableTable, TableDefinition, TableError};
use std::path::Path;

/// Stores in one file, which persist when the process ends or is killed.
pub struct Database(redb::Database);

const VALUES: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("values");

impl Database {
    /// Opens the database in a folder, and creates both if they are missing.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or another process has it open.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join("key-value.redb");
        let open = || {
            std::fs::create_dir_all(folder)?;
            anyhow::Ok(redb::Database::create(&file)?)
        };
        let database = open().with_context(|| {
            format!(
                "cannot open {}: choose another folder with --state",
                file.display()
            )
        })?;
        Ok(Self(database))
    }

    fn read(
        &self,
    ) -> Result<Option<impl ReadableTable<(&'static str, &'static str), &'static [u8]>>> {
        match self.0.begin_read()?.open_table(VALUES) {
            Ok(table) => Ok(Some(table)),
            // Nothing is stored yet.
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

    fn increment(&self, store: &str, key: &str, delta: i64) -> Result<i64> {
        let transaction = self.0.begin_write()?;
        let mut table = transaction.open_table(VALUES)?;
        let value = table
            .get((store, key))?
            .map(|value| value.value().to_owned());
        let sum = sum(value.as_deref(), delta)?;
        table.insert((store, key), sum.to_le_bytes().as_slice())?;
        drop(table);
        transaction.commit()?;
        Ok(sum)
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
