//! Opens and closes databases. Tables that name the same file, or the same memory, share one.
//!
//! SQLite collects writes in `FILE-wal` and moves them into the file when the last connection closes. So a database
//! file is closed with the last table of the process that uses it. The file then contains everything. If another
//! process has the file open, `FILE-wal` and `FILE-shm` stay in place.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use dynoxide::{Database, DynoxideError};

use crate::error::{Code, Error, Result};
use crate::sync;
use crate::table::dynamo::Endpoint;

/// The databases that several tables can name.
static SHARED: Mutex<Option<HashMap<Name, Shared>>> = Mutex::new(None);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    /// Stays open until the process ends, because its content exists only in memory.
    Memory(String),
    File(PathBuf),
}

struct Shared {
    database: Database,
    handles: usize,
}

/// A handle on one database. A file is closed with its last handle.
pub(super) struct Handle {
    // Fields are dropped in this order. The last registration closes the file, and no handle may hold the database
    // then.
    database: Database,
    _registration: Option<Registration>,
}

/// Registers one handle of a shared database.
struct Registration(Name);

impl Handle {
    /// Opens the database of an embedded endpoint. Blocks.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` if the file cannot be opened or created.
    pub(super) fn open(endpoint: &Endpoint) -> Result<Self> {
        let failed = |e: DynoxideError| {
            let message = format!("the embedded database '{endpoint}' cannot be opened");
            Error::new(Code::InvalidArgument, message).with_cause(e.to_string())
        };
        match endpoint {
            Endpoint::Memory(None) => {
                Ok(Handle { database: Database::memory().map_err(failed)?, _registration: None })
            }
            Endpoint::Memory(Some(name)) => {
                Self::shared(Name::Memory(name.clone()), || Database::memory().map_err(failed))
            }
            Endpoint::File(path) => {
                let path = canonical(path)?;
                let text = path.to_str().map(str::to_owned).ok_or_else(|| {
                    Error::new(Code::InvalidArgument, format!("the path of '{endpoint}' is not Unicode"))
                })?;
                Self::shared(Name::File(path), || {
                    let database = Database::new(&text).map_err(failed)?;
                    // `synchronous = NORMAL` with WAL survives a crash of the process without an fsync per commit.
                    database.disable_bulk_loading().map_err(failed)?;
                    Ok(database)
                })
            }
            Endpoint::Aws | Endpoint::Url(_) => {
                Err(Error::new(Code::Internal, "this endpoint is not embedded"))
            }
        }
    }

    fn shared(name: Name, open: impl FnOnce() -> Result<Database>) -> Result<Self> {
        let mut all = lock();
        let all = all.get_or_insert_default();
        let shared = match all.get_mut(&name) {
            Some(shared) => shared,
            None => all.entry(name.clone()).or_insert(Shared { database: open()?, handles: 0 }),
        };
        shared.handles += 1;
        Ok(Handle { database: shared.database.clone(), _registration: Some(Registration(name)) })
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }
}

impl Drop for Registration {
    /// Closes the file under the lock, so that no other table opens it meanwhile.
    fn drop(&mut self) {
        let Name::File(_) = &self.0 else { return };
        let mut all = lock();
        let Some(all) = all.as_mut() else { return };
        let Some(shared) = all.get_mut(&self.0) else { return };
        shared.handles -= 1;
        if shared.handles == 0 {
            drop(all.remove(&self.0));
        }
    }
}

fn lock() -> MutexGuard<'static, Option<HashMap<Name, Shared>>> {
    sync::lock(&SHARED)
}

/// The canonical path of a file that may not exist yet, in an existing directory.
fn canonical(path: &Path) -> Result<PathBuf> {
    let wrong = |reason: String| {
        Error::new(Code::InvalidArgument, format!("'file:{}' cannot be opened", path.display()))
            .with_cause(reason)
    };
    if let Ok(existing) = path.canonicalize() {
        return Ok(existing);
    }
    let name = path.file_name().ok_or_else(|| wrong("it names no file".to_owned()))?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let directory = directory.canonicalize().map_err(|e| wrong(format!("{}: {e}", directory.display())))?;
    Ok(directory.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The open files below `directory`.
    fn open_files(directory: &Path) -> Vec<PathBuf> {
        let all = lock();
        let names = all.as_ref().into_iter().flat_map(HashMap::keys);
        let files = names.filter_map(|name| match name {
            Name::File(path) if path.starts_with(directory) => Some(path.clone()),
            _ => None,
        });
        files.collect()
    }

    #[test]
    fn a_file_is_opened_once_under_each_of_its_names_and_closed_with_the_last_handle() {
        let directory = std::env::temp_dir().join(format!("y-dynamodb-names-{}", std::process::id()));
        std::fs::create_dir_all(directory.join("inner")).unwrap();
        let real = directory.canonicalize().unwrap();
        let open = |name| Handle::open(&Endpoint::File(directory.join(name))).unwrap();
        let mut handles = ["x.db", "./x.db", "inner/../x.db"].map(open).into_iter();
        assert_eq!(open_files(&real), [real.join("x.db")]);
        handles.next();
        handles.next();
        assert_eq!(open_files(&real), [real.join("x.db")]);
        handles.next();
        assert!(open_files(&real).is_empty());
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
