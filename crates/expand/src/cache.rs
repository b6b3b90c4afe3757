//! Results by the content that they were made of: in memory, and in files that anyone may delete.
//!
//! A file holds the digest of what follows it, so that one which was cut or changed is made again.
//! It is written beside its place and renamed, so that no reader sees half of it. Only what was
//! built is written to disk, no mistake. The folder is kept below a size by deleting what was
//! used least recently.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use model::{Digest, ExpandedText, ExpansionRequest, sha256};
use serde_json::{Value, json};

use crate::Report;
use crate::fault::Fault;

/// Increased when results are made or written in another way.
const FORMAT: u32 = 1;

/// How much the folder may hold, in bytes.
const ON_DISK: u64 = 256 << 20;

/// How much is kept in memory, in bytes of text.
const IN_MEMORY: usize = 256 << 20;

/// What was made of a request.
pub(crate) type Kept = Result<Vec<ExpandedText>, Fault>;

/// What identifies a result: what goes in, the program's version, and what it is told.
pub(crate) fn key(request: &ExpansionRequest, version: &str, settings: &str) -> Digest {
    let content = request.content();
    sha256(format!("{FORMAT}\0{content}\0{version}\0{settings}").as_bytes())
}

/// The results so far.
pub(crate) struct Cache {
    folder: Option<PathBuf>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    results: HashMap<Digest, Kept>,
    size: usize,
    report: Report,
}

impl Cache {
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, memory: Mutex::default() }
    }

    pub(crate) fn report(&self) -> Report {
        self.memory().report.clone()
    }

    /// What was kept of a result.
    pub(crate) fn get(&self, key: Digest) -> Option<Kept> {
        let known = self.memory().results.get(&key).cloned();
        let found = known.or_else(|| {
            let texts = read(&self.path(key)?)?;
            self.memory().insert(key, &Ok(texts.clone()));
            Some(Ok(texts))
        })?;
        self.memory().report.n_kept += 1;
        Some(found)
    }

    /// Keeps a result that was just built.
    pub(crate) fn put(&self, key: Digest, result: &Kept) {
        self.memory().report.n_built += 1;
        self.memory().insert(key, result);
        if let (Some(path), Ok(texts)) = (self.path(key), result)
            && let Err(error) = self.write(&path, texts)
        {
            let why = format!("`{}`: {error}", path.display());
            self.memory().report.cache_failure.get_or_insert(why);
        }
    }

    fn path(&self, key: Digest) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(key.to_string()))
    }

    fn write(&self, path: &Path, texts: &[ExpandedText]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&encode(texts))?;
        file.persist(path).map_err(|error| error.error)?;
        bound(folder, ON_DISK)
    }

    /// A thread that panicked left a map that is whole: every change of it is one call.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn insert(&mut self, key: Digest, result: &Kept) {
        let size = match result {
            Ok(texts) => texts.iter().map(|text| text.text.len()).sum(),
            Err(fault) => fault.message.len(),
        };
        if self.size + size > IN_MEMORY {
            self.results.clear();
            self.size = 0;
        }
        self.size += size;
        self.results.insert(key, result.clone());
    }
}

/// The bytes of a file: the digest of the second line, and the texts in that line.
fn encode(texts: &[ExpandedText]) -> Vec<u8> {
    let text = |text: &ExpandedText| json!([&*text.from, text.object.as_deref(), &*text.text]);
    let body = Value::Array(texts.iter().map(text).collect()).to_string();
    format!("{}\n{body}", sha256(body.as_bytes())).into_bytes()
}

fn decode(bytes: &[u8]) -> Option<Vec<ExpandedText>> {
    let (digest, body) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
    if digest != sha256(body.as_bytes()).to_string() {
        return None;
    }
    let texts: Vec<(String, Option<String>, String)> = serde_json::from_str(body).ok()?;
    let text = |(from, object, text): (String, Option<String>, String)| ExpandedText {
        from: from.into(),
        object: object.map(Into::into),
        text: text.into(),
    };
    Some(texts.into_iter().map(text).collect())
}

/// What a file holds; nothing if it is not there, or not whole. Its time says that it was used.
fn read(path: &Path) -> Option<Vec<ExpandedText>> {
    let texts = decode(&fs::read(path).ok()?)?;
    if let Ok(file) = fs::File::options().append(true).open(path) {
        // Where this fails, the file goes sooner than it should.
        let _ = file.set_modified(SystemTime::now());
    }
    Some(texts)
}

/// Deletes the files used least recently until a folder holds less than three quarters of a size.
fn bound(folder: &Path, most: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Another process may have deleted it meanwhile.
        let Ok(about) = entry.metadata() else { continue };
        if about.is_file() {
            files.push((
                about.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                about.len(),
                entry.path(),
            ));
        }
    }
    let mut size: u64 = files.iter().map(|(_, length, _)| length).sum();
    if size <= most {
        return Ok(());
    }
    files.sort();
    for (_, length, path) in files {
        if size <= most / 4 * 3 {
            break;
        }
        if fs::remove_file(path).is_ok() {
            size -= length;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<ExpandedText> {
        let one = |object: Option<&str>| ExpandedText {
            from: "base".into(),
            object: object.map(Into::into),
            text: text.into(),
        };
        vec![one(Some("Service web")), one(None)]
    }

    fn key_of(text: &str) -> Digest {
        sha256(text.as_bytes())
    }

    #[test]
    fn what_was_kept_is_found_by_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let cache = || Cache::new(Some(folder.path().join("made")));
        cache().put(key_of("a"), &Ok(texts("text\nwith \"lines\"")));
        let other = cache();
        assert_eq!(other.get(key_of("a")), Some(Ok(texts("text\nwith \"lines\""))));
        assert_eq!(other.get(key_of("b")), None);
        assert_eq!((other.report().n_kept, other.report().n_built), (1, 0));
    }

    #[test]
    fn a_damaged_file_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = || Cache::new(Some(folder.path().to_owned()));
        cache().put(key_of("a"), &Ok(texts("text")));
        let path = folder.path().join(key_of("a").to_string());
        let whole = fs::read(&path).unwrap();
        for damaged in [&whole[..whole.len() - 3], b"", &[&whole[..], b"x"].concat(), &[255; 200]] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(cache().get(key_of("a")), None);
        }
        cache().put(key_of("a"), &Ok(texts("text")));
        assert_eq!(cache().get(key_of("a")), Some(Ok(texts("text"))));
    }

    #[test]
    fn a_mistake_is_kept_in_memory_only() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()));
        let fault = Err(Fault::new(&crate::codes::BUILD_FAILED, "no"));
        cache.put(key_of("a"), &fault);
        assert_eq!(cache.get(key_of("a")), Some(fault));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_was_used_least_recently_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, age: u64| {
            let path = folder.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            let time = SystemTime::now() - std::time::Duration::from_secs(age);
            fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        for (name, age) in [("a", 300), ("b", 100), ("c", 200), ("d", 400)] {
            write(name, age);
        }
        bound(folder.path(), 399).unwrap();
        let names = fs::read_dir(folder.path()).unwrap();
        let mut left: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["b", "c"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_said_and_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let cache = Cache::new(Some(file.join("below")));
        cache.put(key_of("a"), &Ok(texts("text")));
        assert!(cache.report().cache_failure.is_some());
        assert_eq!(cache.get(key_of("a")), Some(Ok(texts("text"))));
    }
}
