//! The journal on disk: one file of records in the order in which they were made.
//!
//! State fits in memory (it is bounded), so all that is asked of the disk is to get acknowledged
//! changes back. Appending does that with one write and one fsync for any number of records, in a
//! file that nothing else rewrites; a database would add its own log, pages and a dependency for
//! queries that nobody makes.
//!
//! A record is its length (4 bytes, little endian), 8 bytes of the SHA-256 of its payload, and the
//! payload. What a crash left unfinished at the end fails that check and is cut off: it was never
//! acknowledged. A file that has grown is replaced by one that holds the state only, written beside
//! it and renamed over it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// An open journal.
#[derive(Debug)]
pub(crate) struct Store {
    directory: PathBuf,
    file: File,
    size: u64,
    /// The size below which replacing the file is not worth it.
    enough: u64,
    slack: u64,
    _lock: Option<Lock>,
}

impl Store {
    /// Opens the journal of a directory, which is made if need be, and reads it.
    pub(crate) fn open(
        directory: &Path,
        mut each: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> io::Result<Store> {
        fs::create_dir_all(directory)?;
        let lock = lock(directory)?;
        let path = directory.join(FILE);
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(&path)?;
        restrict(&path)?;
        let mut magic = Vec::new();
        (&mut file)
            .take(MAGIC.len() as u64)
            .read_to_end(&mut magic)?;
        let is_new = magic.len() < MAGIC.len() && MAGIC.starts_with(&magic);
        if is_new {
            // New, or it was never written to.
            file.set_len(0)?;
            file.write_all(MAGIC)?;
        } else if magic != MAGIC {
            let why = format!("{} is no journal of this version", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let length = file.metadata()?.len();
        let mut size = MAGIC.len() as u64;
        let mut reader = io::BufReader::with_capacity(1 << 20, &file);
        reader.seek(SeekFrom::Start(size))?;
        while let Some(payload) = read_record(&mut reader, length - size)? {
            let damaged = |why| io::Error::new(io::ErrorKind::InvalidData, why);
            each(&payload).map_err(damaged)?;
            size += (HEAD + payload.len()) as u64;
        }
        if size < length {
            // Either a write that was under way when the process died, which nobody was told of, or
            // damage by others: a person may want to look at it.
            reader.seek(SeekFrom::Start(size))?;
            let cut = directory.join(CUT_FILE);
            let mut aside = File::create(&cut)?;
            restrict(&cut)?;
            io::copy(&mut reader, &mut aside)?;
            aside.sync_all()?;
            file.set_len(size)?;
        }
        drop(reader);
        if is_new || size < length {
            file.sync_all()?;
            sync_directory(directory)?;
        }
        Ok(Store {
            directory: directory.to_owned(),
            file,
            size,
            enough: SLACK,
            slack: SLACK,
            _lock: lock,
        })
    }

    /// Appends records; when this returns, they are on disk.
    pub(crate) fn append<'a>(
        &mut self,
        records: impl Iterator<Item = &'a Vec<u8>>,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        for record in records {
            push_record(&mut bytes, record)?;
        }
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Says whether the file has grown so much that it should be replaced.
    pub(crate) fn is_large(&self) -> bool {
        self.size > self.enough
    }

    #[cfg(test)]
    pub(crate) fn replace_soon(&mut self) {
        (self.enough, self.slack) = (0, 0);
    }

    #[cfg(test)]
    pub(crate) fn write_to(&mut self, file: File) {
        self.file = file;
    }

    /// Replaces everything; when this returns, that is on disk. A crash leaves the old or the new.
    pub(crate) fn replace(&mut self, records: &[Vec<u8>]) -> io::Result<()> {
        let (path, new) = (self.directory.join(FILE), self.directory.join(NEW_FILE));
        let mut file = File::create(&new)?;
        restrict(&new)?;
        let mut bytes = MAGIC.to_vec();
        let mut size = 0;
        for record in records {
            push_record(&mut bytes, record)?;
            if bytes.len() > 1 << 20 {
                file.write_all(&bytes)?;
                size += bytes.len() as u64;
                bytes.clear();
            }
        }
        file.write_all(&bytes)?;
        size += bytes.len() as u64;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        sync_directory(&self.directory)?;
        self.file = OpenOptions::new().append(true).open(&path)?;
        self.size = size;
        self.enough = 2 * size + self.slack;
        Ok(())
    }
}

fn push_record(bytes: &mut Vec<u8>, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len())
        .ok()
        .filter(|length| *length <= MAX_RECORD);
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the record is too long");
    bytes.extend_from_slice(&length.ok_or_else(too_long)?.to_le_bytes());
    bytes.extend_from_slice(&checksum(payload));
    bytes.extend_from_slice(payload);
    Ok(())
}

// `None` at the end, and where the rest is no whole record.
fn read_record(reader: &mut impl Read, left: u64) -> io::Result<Option<Vec<u8>>> {
    if left < HEAD as u64 {
        return Ok(None);
    }
    let (mut length, mut sum) = ([0; 4], [0; 8]);
    reader.read_exact(&mut length)?;
    reader.read_exact(&mut sum)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_RECORD || u64::from(length) > left - HEAD as u64 {
        return Ok(None);
    }
    let mut payload = vec![0; length as usize];
    reader.read_exact(&mut payload)?;
    Ok(Some(payload).filter(|payload| checksum(payload) == sum))
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    let whole = Sha256::digest(payload);
    std::array::from_fn(|index| whole.get(index).copied().unwrap_or_default())
}

/// Keeps a directory from being used twice. A process that is killed holds it no longer.
#[cfg(unix)]
type Lock = std::os::unix::net::UnixListener;
#[cfg(not(unix))]
type Lock = ();

// A socket file that nobody listens on any more was left by a process that is gone.
#[cfg(unix)]
fn lock(directory: &Path) -> io::Result<Option<Lock>> {
    use std::os::unix::net::{UnixListener, UnixStream};

    let path = directory.join("lock");
    if UnixStream::connect(&path).is_ok() {
        let why = format!("{} is in use by another server", directory.display());
        return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    }
    let _ = fs::remove_file(&path);
    match UnixListener::bind(&path) {
        Ok(lock) => Ok(Some(lock)),
        // The names of sockets are short; such a directory is not guarded.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn lock(_: &Path) -> io::Result<Option<Lock>> {
    Ok(None)
}

// The journal holds keys and what users publish.
#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> io::Result<()> {
    Ok(())
}

// A rename is durable once its directory is.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

const FILE: &str = "journal";
const NEW_FILE: &str = "journal.new";
/// What of the journal could not be read when it was last opened.
const CUT_FILE: &str = "journal.cut";
const MAGIC: &[u8] = b"ably-sandbox 1\n\n";
const HEAD: usize = 12;
const MAX_RECORD: u32 = 64 << 20;
const SLACK: u64 = 64 << 20;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Directory {
            let name = format!("ably-sandbox-store-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = fs::remove_dir_all(&path);
            Directory(path)
        }

        fn read(&self) -> io::Result<Vec<Vec<u8>>> {
            let mut records = Vec::new();
            Store::open(&self.0, |record| {
                records.push(record.to_vec());
                Ok(())
            })?;
            Ok(records)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn records(count: u8) -> Vec<Vec<u8>> {
        (0..count).map(|n| vec![n; usize::from(n) * 7]).collect()
    }

    #[test]
    fn what_is_appended_or_replaced_comes_back() {
        let directory = Directory::new("back");
        assert_eq!(directory.read().unwrap(), [] as [Vec<u8>; 0]);
        let mut store = Store::open(&directory.0, |_| Ok(())).unwrap();
        store.append(records(5).iter()).unwrap();
        store.append(records(2).iter()).unwrap();
        drop(store);
        assert_eq!(directory.read().unwrap(), [records(5), records(2)].concat());
        let mut store = Store::open(&directory.0, |_| Ok(())).unwrap();
        store.replace(&records(3)).unwrap();
        store.append(records(1).iter()).unwrap();
        drop(store);
        assert_eq!(directory.read().unwrap(), [records(3), records(1)].concat());
    }

    #[test]
    fn every_cut_and_every_damage_leaves_what_came_before() {
        let directory = Directory::new("cut");
        let mut store = Store::open(&directory.0, |_| Ok(())).unwrap();
        store.append(records(4).iter()).unwrap();
        drop(store);
        let path = directory.0.join(FILE);
        let whole = fs::read(&path).unwrap();
        let ends: Vec<_> = records(4)
            .iter()
            .scan(MAGIC.len(), |end, record| {
                *end += HEAD + record.len();
                Some(*end)
            })
            .collect();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let kept = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(directory.read().unwrap(), records(4)[..kept], "{cut}");
            // The cut is mended, so that what follows can be read.
            if cut % 5 == 0 {
                let mut store = Store::open(&directory.0, |_| Ok(())).unwrap();
                store.append([vec![9]].iter()).unwrap();
                drop(store);
                assert_eq!(directory.read().unwrap().last().unwrap(), &[9]);
            }
        }
        for place in MAGIC.len()..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            fs::write(&path, &damaged).unwrap();
            let kept = ends.iter().filter(|end| **end <= place).count();
            assert_eq!(directory.read().unwrap(), records(4)[..kept], "{place}");
            // What cannot be read is put aside, not thrown away.
            let end = kept.checked_sub(1).map_or(MAGIC.len(), |last| ends[last]);
            let aside = fs::read(directory.0.join(CUT_FILE)).unwrap();
            assert_eq!(aside, damaged[end..], "{place}");
        }
    }

    #[test]
    fn other_files_are_left_alone_and_a_directory_is_used_once() {
        let directory = Directory::new("other");
        let held = Store::open(&directory.0, |_| Ok(())).unwrap();
        #[cfg(unix)]
        assert_eq!(
            directory.read().unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
        drop(held);
        fs::write(directory.0.join(FILE), b"something else entirely").unwrap();
        let refused = directory.read().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
        assert_eq!(
            fs::read(directory.0.join(FILE)).unwrap(),
            b"something else entirely"
        );
    }
}
