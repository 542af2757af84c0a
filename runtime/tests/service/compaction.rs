//! The data file is written anew when it is mostly garbage, and nothing is lost by that, whenever it is cut short.

use crate::client::{Connection, delete, get, put};
use crate::process::{DataFile, Service, data_file, fails_to_start};
use rustix::fs::{FlockOperation, flock};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Waits for something that comes by itself, and panics rather than hang.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        thread::yield_now();
    }
}

fn value(number: usize, length: usize) -> String {
    format!("\"{number:08}{}\"", "x".repeat(length))
}

/// Puts values of 100 kB one over the other: that many times the minimum that is worth a compaction.
fn make_garbage(connection: &mut Connection, megabytes: usize) {
    for number in 0..megabytes * 11 {
        let answer = connection.request(&put("/v1/keys/garbage", &value(number, 100_000)));
        assert!(matches!(answer.status, 201 | 204), "{answer:?}");
    }
}

/// Waits for compactions to make the file that small, with changes that let the next one begin.
fn wait_until_below(length: u64, connection: &mut Connection, file: &DataFile) {
    wait_until("the file stays large", || {
        let answer = connection.request(&put("/v1/keys/small", "1"));
        assert!(matches!(answer.status, 201 | 204), "{answer:?}");
        fs::metadata(file.text()).unwrap().len() < length
    });
}

#[test]
fn garbage_goes_and_everything_else_stays() {
    for sync in [&[][..], &["--sync"]] {
        let file = data_file(&format!("compacted{}", sync.len()));
        let link = file.beside("link");
        symlink("store.log", &link).unwrap();
        fs::write(file.text(), "").unwrap();
        fs::set_permissions(file.text(), fs::Permissions::from_mode(0o640)).unwrap();
        let service = Service::start(&[&["--data", &link], sync].concat());
        let mut connection = service.connect();
        for key in ["a", "b", "c%0A%22"] {
            let answer = connection.request(&put(&format!("/v1/keys/{key}"), "[1]"));
            assert_eq!(answer.status, 201);
        }
        assert_eq!(connection.request(&delete("/v1/keys/b")).status, 204);
        let old = fs::metadata(file.text()).unwrap().ino();
        make_garbage(&mut connection, 2);
        wait_until("no compaction", || {
            fs::metadata(file.text()).unwrap().ino() != old && file.names() == ["link", "store.log"]
        });
        assert!(fs::metadata(file.text()).unwrap().len() < 2_000_000);
        // What stands in its place is as closed to others as the old file was.
        let status = fs::metadata(file.text()).unwrap();
        assert_eq!(status.permissions().mode() & 0o777, 0o640);
        let error = fails_to_start(&["--data", file.text()]);
        assert!(error.contains("another process is using it"), "{error}");
        assert_eq!(connection.request(&put("/v1/keys/d", "[2]")).status, 201);
        service.signal("TERM");
        assert_eq!(service.wait(), (Some(0), String::new()));

        let service = Service::start(&["--data", &link]);
        let mut connection = service.connect();
        let listing = connection.request(&get("/v1/keys")).text();
        let keys = r#"{"keys":["a","c\n\"","d","garbage"],"truncated":false}"#;
        assert_eq!(listing, keys);
        assert_eq!(connection.request(&get("/v1/keys/d")).text(), "[2]");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}

#[test]
fn changes_that_are_made_meanwhile_are_kept() {
    let file = data_file("meanwhile");
    let service = Service::start(&["--data", file.text()]);
    fill(&service);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let mut connection = service.connect();
            thread::spawn(move || {
                for number in 0..1500 {
                    let path = format!("/v1/keys/w{writer}-{}", number % 7);
                    match number % 7 {
                        6 => connection.request(&delete(&path)),
                        _ => connection.request(&put(&path, &value(number, 10_000))),
                    };
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let mut connection = service.connect();
    // 60 MB were written.
    wait_until_below(20_000_000, &mut connection, &file);
    let keys = connection.request(&get("/v1/keys?limit=10000")).text();
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));

    let service = Service::start(&["--data", file.text()]);
    let mut connection = service.connect();
    assert_eq!(
        connection.request(&get("/v1/keys?limit=10000")).text(),
        keys
    );
    for writer in 0..4 {
        for key in 0..6 {
            let newest = (0..1500).rev().find(|number| number % 7 == key).unwrap();
            let answer = connection.request(&get(&format!("/v1/keys/w{writer}-{key}")));
            assert_eq!(answer.text(), value(newest, 10_000));
        }
    }
}

/// Some megabytes that are worth keeping, so that a compaction takes its time.
fn fill(service: &Service) {
    let mut connection = service.connect();
    for number in 0..400 {
        let path = format!("/v1/keys/kept-{number:04}");
        assert_eq!(
            connection
                .request(&put(&path, &value(number, 10_000)))
                .status,
            201
        );
    }
}

#[test]
fn kill_9_during_a_compaction_keeps_what_was_answered() {
    let file = data_file("killed");
    let service = Service::start(&["--data", file.text()]);
    fill(&service);
    service.signal("KILL");
    service.wait();
    // Counts on from round to round; of each writer's key, what was answered last.
    let mut answered = [0; 4];
    for round in 0..12 {
        let service = Service::start(&["--data", file.text()]);
        assert!(!file.names().contains(&"store.log.compacting".to_string()));
        let (sender, answers) = mpsc::channel();
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let mut connection = service.connect();
                let sender = sender.clone();
                let first = answered[writer] + 1;
                thread::spawn(move || {
                    let path = format!("/v1/keys/writer-{writer}");
                    for number in first.. {
                        match connection.try_request(&put(&path, &value(number, 20_000))) {
                            Some(answer) => assert!(matches!(answer.status, 201 | 204)),
                            None => return,
                        }
                        sender.send((writer, number)).unwrap();
                    }
                })
            })
            .collect();
        drop(sender);
        // Killed when it has begun, some changes later, or when it is done.
        let old = fs::metadata(file.text()).unwrap().ino();
        wait_until("no compaction", || {
            file.names().contains(&"store.log.compacting".to_string())
        });
        match round % 3 {
            0 => {}
            1 => (0..round).for_each(|_| {
                let (writer, number) = answers.recv().unwrap();
                answered[writer] = number;
            }),
            _ => wait_until("an end", || fs::metadata(file.text()).unwrap().ino() != old),
        }
        service.signal("KILL");
        assert_eq!(service.wait().0, None);
        answers
            .iter()
            .for_each(|(writer, number)| answered[writer] = number);
        for writer in writers {
            writer.join().unwrap();
        }
        check(&file, &mut answered);
    }
}

/// Every value is there, and each writer's is the one that was answered last, or the one that was on its way.
fn check(file: &DataFile, answered: &mut [usize; 4]) {
    let service = Service::start(&["--data", file.text()]);
    let mut connection = service.connect();
    for number in 0..400 {
        let answer = connection.request(&get(&format!("/v1/keys/kept-{number:04}")));
        assert_eq!(answer.text(), value(number, 10_000));
    }
    for (writer, answered) in answered.iter_mut().enumerate() {
        let answer = connection.request(&get(&format!("/v1/keys/writer-{writer}")));
        if *answered == 0 && answer.status == 404 {
            continue;
        }
        let found = answer.text()[1..9].parse().unwrap();
        assert!(
            (*answered..=*answered + 1).contains(&found),
            "{found} {answered}"
        );
        assert_eq!(answer.text(), value(found, 20_000));
        *answered = found;
    }
    service.signal("KILL");
    service.wait();
}

/// A service amid a compaction, which has so much to keep that it takes a while.
fn amid_a_compaction(file: &DataFile) -> Service {
    let service = Service::start(&["--data", file.text()]);
    let mut connection = service.connect();
    for number in 0..2000 {
        let path = format!("/v1/keys/{}", number % 200);
        let answer = connection.request(&put(&path, &value(number, 100_000)));
        assert!(matches!(answer.status, 201 | 204), "{answer:?}");
        if file.names().contains(&"store.log.compacting".to_string()) {
            return service;
        }
    }
    panic!("no compaction");
}

#[test]
fn the_end_of_the_service_leaves_no_half_of_a_compaction() {
    let file = data_file("stopped");
    for _ in 0..3 {
        let service = amid_a_compaction(&file);
        service.signal("TERM");
        assert_eq!(service.wait(), (Some(0), String::new()));
        assert_eq!(file.names(), ["store.log"]);
    }
}

#[test]
fn a_compaction_does_not_replace_what_has_taken_the_place_of_the_file() {
    let file = data_file("usurped");
    let service = amid_a_compaction(&file);
    fs::rename(file.text(), file.beside("kept")).unwrap();
    fs::write(file.text(), "my only copy\n").unwrap();
    wait_until("no end of the compaction", || {
        file.names() == ["kept", "store.log"]
    });
    assert_eq!(fs::read_to_string(file.text()).unwrap(), "my only copy\n");
    service.signal("TERM");
    assert_eq!(service.wait().0, Some(0));
}

#[test]
fn what_a_killed_compaction_left_is_removed_and_nothing_else() {
    let file = data_file("leftover");
    let leftover = file.beside("store.log.compacting");
    for content in ["", "leno-service-d", "leno-service-data 1\n0123 [\"x"] {
        fs::write(&leftover, content).unwrap();
        let service = Service::start(&["--data", file.text()]);
        assert_eq!(file.names(), ["store.log"]);
        service.signal("TERM");
        assert_eq!(service.wait(), (Some(0), String::new()));
    }

    fs::write(&leftover, "my only copy\n").unwrap();
    let service = Service::start(&["--data", file.text()]);
    assert!(service.next_error_line().contains("is in the way"));
    let mut connection = service.connect();
    make_garbage(&mut connection, 2);
    let line = service.next_error_line();
    assert!(line.contains("cannot be compacted"), "{line}");
    assert_eq!(fs::read_to_string(&leftover).unwrap(), "my only copy\n");
    // Changes go on, and with the obstacle the trouble goes.
    fs::rename(&leftover, file.beside("mine")).unwrap();
    make_garbage(&mut connection, 3);
    wait_until_below(2_000_000, &mut connection, &file);
    service.signal("TERM");
    assert_eq!(service.wait().0, Some(0));
    assert_eq!(file.names(), ["mine", "store.log"]);
}

#[test]
fn a_file_that_took_the_place_of_the_data_file_is_not_replaced() {
    let file = data_file("replaced");
    let service = Service::start(&["--data", file.text()]);
    let mut connection = service.connect();
    for number in 0..10 {
        connection.request(&put("/v1/keys/a", &value(number, 100_000)));
    }
    fs::rename(file.text(), file.beside("kept")).unwrap();
    fs::write(file.text(), "my only copy\n").unwrap();
    for number in 0..20 {
        let answer = connection.request(&put("/v1/keys/a", &value(number, 100_000)));
        assert_eq!(answer.status, 500);
    }
    service.signal("TERM");
    assert_eq!(service.wait().0, Some(0));
    assert_eq!(fs::read_to_string(file.text()).unwrap(), "my only copy\n");
    assert_eq!(file.names(), ["kept", "store.log"]);
}

#[test]
fn the_new_file_of_another_service_is_left_alone() {
    const BEGUN: &str = "leno-service-data 1\n";
    for is_moved in [false, true] {
        let file = data_file(&format!("of-another-{is_moved}"));
        let service = amid_a_compaction(&file);
        if is_moved {
            fs::rename(file.text(), file.beside("kept")).unwrap();
        }
        // What another one would have, which has begun under the old name since.
        fs::write(file.beside("theirs"), BEGUN).unwrap();
        let theirs = fs::File::open(file.beside("theirs")).unwrap();
        flock(&theirs, FlockOperation::LockExclusive).unwrap();
        let compacting = file.beside("store.log.compacting");
        fs::rename(file.beside("theirs"), &compacting).unwrap();
        let mut connection = service.connect();
        for number in 0..50 {
            connection.request(&put("/v1/keys/a", &value(number, 10_000)));
        }
        service.signal("TERM");
        assert_eq!(service.wait().0, Some(0));
        let (here, there) = (theirs.metadata().unwrap(), fs::metadata(&compacting));
        assert_eq!(there.unwrap().ino(), here.ino());
        if !is_moved {
            assert_ne!(fs::metadata(file.text()).unwrap().ino(), here.ino());
        }
    }
}

#[test]
fn the_name_of_a_leftover_is_refused() {
    let file = data_file("name");
    let name = file.beside("store.log.compacting");
    assert!(fails_to_start(&["--data", &name]).contains("own use"));
    assert!(file.names().is_empty());
    fs::write(&name, "leno-service-data 1\n").unwrap();
    let link = file.beside("link");
    symlink(&name, &link).unwrap();
    for path in [&name, &link] {
        assert!(fails_to_start(&["--data", path]).contains("own use"));
    }
    assert_eq!(fs::read_to_string(&name).unwrap(), "leno-service-data 1\n");
}
