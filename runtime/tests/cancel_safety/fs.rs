//! `leno::fs`: what changes something goes on, and what only looks can look again.

use crate::support::{Row, Seen, happened, kept, of_the_system, row, settle};
use leno::fs::{self, DirBuilder, File, FileTimes, OpenOptions, ReadDir};
use leno::io::{AsyncReadExt, AsyncWriteExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] = &[
    changes,
    directories,
    looks,
    listings,
    files,
    file_changes,
    streams,
];

/// A folder with a file, a folder in it, and a link to the file.
struct Place {
    folder: TempDir,
    is_done: bool,
}

const TEXT: &str = "contents";

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), TEXT).unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        std::os::unix::fs::symlink("file", folder.path().join("link")).unwrap();
        Self {
            folder,
            is_done: false,
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.at(name)).ok()
    }
}

fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
}

fn read_only() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o400)
}

/// A row for each function that changes something: the future, and whether it has happened.
macro_rules! changes {
    ($($operation:literal: |$place:ident| $future:expr, $has_happened:expr;)*) => {
        vec![$(row! {
            $operation;
            make Place::new();
            run |$place| $future;
            check |$place, cut| {
                settle().await;
                happened(cut, $has_happened)
            }
        }),*]
    };
}

fn changes() -> Vec<Row> {
    of_the_system(changes! {
        "fs::copy": |place| fs::copy(place.at("file"), place.at("new")), place.read("new").as_deref() == Some(TEXT);
        "fs::hard_link": |place| fs::hard_link(place.at("file"), place.at("new")), place.at("new").exists();
        "fs::remove_file": |place| fs::remove_file(place.at("file")), !place.at("file").exists();
        "fs::rename": |place| fs::rename(place.at("file"), place.at("new")), place.at("new").exists();
        "fs::set_permissions": |place| fs::set_permissions(place.at("file"), read_only()), mode(&place.at("file")) == 0o400;
        "fs::symlink": |place| fs::symlink("file", place.at("new")), place.at("new").exists();
        "fs::write": |place| fs::write(place.at("new"), TEXT), place.read("new").as_deref() == Some(TEXT);
        "fs::File::create": |place| File::create(place.at("new")), place.at("new").exists();
        "fs::File::create_new": |place| File::create_new(place.at("new")), place.at("new").exists();
    })
}

fn directories() -> Vec<Row> {
    let mut rows = changes! {
        "fs::create_dir": |place| fs::create_dir(place.at("new")), place.at("new").exists();
        "fs::create_dir_all": |place| fs::create_dir_all(place.at("new/newer")), place.at("new/newer").exists();
        "fs::remove_dir": |place| fs::remove_dir(place.at("inner")), !place.at("inner").exists();
        "fs::remove_dir_all": |place| fs::remove_dir_all(place.at("inner")), !place.at("inner").exists();
    };
    rows.push(row! {
        "fs::DirBuilder::create";
        make (Place::new(), DirBuilder::new());
        run |(place, builder)| builder.create(place.at("new"));
        check |(place, _), cut| {
            settle().await;
            happened(cut, place.at("new").exists())
        }
    });
    rows.push(row! {
        "fs::OpenOptions::open";
        make {
            let mut options = OpenOptions::new();
            options.write(true).create(true);
            (Place::new(), options)
        };
        run |(place, options)| options.open(place.at("new"));
        check |(place, _), cut| {
            settle().await;
            happened(cut, place.at("new").exists())
        }
    });
    of_the_system(rows)
}

/// A row for each function that only looks: it finds the same when it is called again, and nothing has changed.
macro_rules! looks {
    ($($operation:literal: |$place:ident| $future:expr;)*) => {
        vec![$(row! {
            $operation;
            make Place::new();
            run |$place| $future => |found| $place.is_done = found.is_ok();
            check |$place, _cut| {
                let is_done = $place.is_done || $future.await.is_ok();
                kept(is_done && $place.read("file").as_deref() == Some(TEXT))
            }
        }),*]
    };
}

fn looks() -> Vec<Row> {
    of_the_system(looks! {
        "fs::canonicalize": |place| fs::canonicalize(place.at("link"));
        "fs::metadata": |place| fs::metadata(place.at("file"));
        "fs::read": |place| fs::read(place.at("file"));
        "fs::read_dir": |place| fs::read_dir(place.at(""));
        "fs::read_link": |place| fs::read_link(place.at("link"));
        "fs::read_to_string": |place| fs::read_to_string(place.at("file"));
        "fs::symlink_metadata": |place| fs::symlink_metadata(place.at("link"));
        "fs::try_exists": |place| fs::try_exists(place.at("file"));
        "fs::File::open": |place| File::open(place.at("file"));
    })
}

async fn listed(place: &Place) -> ReadDir {
    fs::read_dir(place.at("")).await.unwrap()
}

async fn entry() -> (Place, fs::DirEntry) {
    let place = Place::new();
    let entry = listed(&place).await.next_entry().await.unwrap().unwrap();
    (place, entry)
}

/// So many entries a directory hands out before it reads more.
const READ_AT_ONCE: usize = 64;

fn listings() -> Vec<Row> {
    of_the_system(vec![
        row! {
            "fs::ReadDir::next_entry";
            make {
                let place = Place::new();
                for number in 0..2 * READ_AT_ONCE {
                    std::fs::write(place.at(&number.to_string()), "").unwrap();
                }
                let mut entries = listed(&place).await;
                let mut count = 0;
                for _ in 0..READ_AT_ONCE {
                    entries.next_entry().await.unwrap().unwrap();
                    count += 1;
                }
                (place, entries, count)
            };
            run |(_, entries, _count)| entries.next_entry() => |entry| *_count += usize::from(entry.unwrap().is_some());
            check |(_place, mut entries, mut count), _cut| {
                while entries.next_entry().await.unwrap().is_some() {
                    count += 1;
                }
                kept(count == 2 * READ_AT_ONCE + 3)
            }
        },
        row! {
            "fs::DirEntry::metadata";
            make entry().await;
            run |(_, entry)| entry.metadata();
            check |(_place, entry), _cut| kept(entry.metadata().await.is_ok())
        },
        row! {
            "fs::DirEntry::file_type";
            make entry().await;
            run |(_, entry)| entry.file_type();
            check |(_place, entry), _cut| kept(entry.file_type().await.is_ok())
        },
    ])
}

/// A file that is open for all.
async fn open() -> (Place, Option<File>) {
    let place = Place::new();
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).open(place.at("file")).await;
    (place, Some(file.unwrap()))
}

fn files() -> Vec<Row> {
    of_the_system(vec![
        row! {
            "fs::File::into_std";
            make written().await;
            run |(place, file)| file.take().unwrap().into_std() => |_file| place.is_done = true;
            check |(place, file), _cut| kept(place.is_done || file.is_some())
        },
        row! {
            "fs::File::metadata";
            make open().await;
            run |(_, file)| file.as_ref().unwrap().metadata();
            check |(_place, file), _cut| kept(file.unwrap().metadata().await.is_ok())
        },
        row! {
            "fs::File::try_clone";
            make open().await;
            run |(_, file)| file.as_ref().unwrap().try_clone();
            check |(_place, file), _cut| kept(file.unwrap().try_clone().await.is_ok())
        },
        row! {
            "fs::File::sync_all";
            make written().await;
            run |(_, file)| file.as_ref().unwrap().sync_all();
            check |(place, file), _cut| {
                file.unwrap().sync_all().await.unwrap();
                kept(place.read("file").as_deref() == Some("CONtents"))
            }
        },
        row! {
            "fs::File::sync_data";
            make written().await;
            run |(_, file)| file.as_ref().unwrap().sync_data();
            check |(place, file), _cut| {
                file.unwrap().sync_data().await.unwrap();
                kept(place.read("file").as_deref() == Some("CONtents"))
            }
        },
    ])
}

/// A file that has taken bytes, which may not have been written yet.
async fn written() -> (Place, Option<File>) {
    let (place, mut file) = open().await;
    file.as_mut().unwrap().write_all(b"CON").await.unwrap();
    (place, file)
}

fn modified(place: &Place) -> SystemTime {
    std::fs::metadata(place.at("file"))
        .unwrap()
        .modified()
        .unwrap()
}

const THEN: SystemTime = SystemTime::UNIX_EPOCH;

fn file_changes() -> Vec<Row> {
    macro_rules! changes {
        ($($operation:literal: |$file:ident| $future:expr, |$place:ident| $has_happened:expr;)*) => {
            vec![$(row! {
                $operation;
                make open().await;
                run |(_, file)| {
                    let $file = file.as_ref().unwrap();
                    $future
                };
                check |($place, _file), cut| {
                    settle().await;
                    happened(cut, $has_happened)
                }
            }),*]
        };
    }
    let then = THEN + Duration::from_secs(1000);
    of_the_system(changes! {
        "fs::File::set_len": |file| file.set_len(3), |place| place.read("file").as_deref() == Some("con");
        "fs::File::set_permissions": |file| file.set_permissions(read_only()), |place| mode(&place.at("file")) == 0o400;
        "fs::File::set_times": |file| file.set_times(FileTimes::new().set_modified(then)), |place| modified(&place) == then;
        "fs::File::set_modified": |file| file.set_modified(then), |place| modified(&place) == then;
    })
}

/// The traits' methods, of a file: it reads ahead, and writes behind.
fn streams() -> Vec<Row> {
    of_the_system(vec![
        row! {
            "io::AsyncReadExt::read on fs::File";
            make (open().await, [0; 3], Vec::new());
            run |((_, file), buf, _got)| file.as_mut().unwrap().read(buf) => |n| _got.extend(&buf[..n.unwrap()]);
            check |((_place, file), _, mut got), _cut| {
                file.unwrap().read_to_end(&mut got).await.unwrap();
                kept(got == TEXT.as_bytes())
            }
        },
        row! {
            "io::AsyncWriteExt::write on fs::File";
            make (written().await, 0);
            run |((_, file), _written)| file.as_mut().unwrap().write(b"TENTS") => |n| *_written = n.unwrap();
            check |((place, file), written), _cut| rest(place, file.unwrap(), &b"TENTS"[written..], "CONTENTS").await
        },
        row! {
            "io::AsyncWriteExt::flush on fs::File";
            make written().await;
            run |(_, file)| file.as_mut().unwrap().flush();
            check |(place, file), _cut| rest(place, file.unwrap(), b"", "CONtents").await
        },
        row! {
            "io::AsyncWriteExt::shutdown on fs::File";
            make written().await;
            run |(_, file)| file.as_mut().unwrap().shutdown();
            check |(place, file), _cut| rest(place, file.unwrap(), b"", "CONtents").await
        },
    ])
}

/// After these bytes the file has this text.
async fn rest(place: Place, mut file: File, bytes: &[u8], text: &str) -> Seen {
    file.write_all(bytes).await.unwrap();
    file.flush().await.unwrap();
    kept(place.read("file").as_deref() == Some(text))
}
