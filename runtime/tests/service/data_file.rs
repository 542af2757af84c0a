//! What the service does with the file that `--data` names: nothing is lost, whatever it is or has come to.

use crate::client::{get, put};
use crate::process::{Service, data_file, fails_to_start, fails_to_start_limited};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

/// A data file with the keys a, b and c, and where their records begin.
fn three_records(file: &str) -> [usize; 3] {
    let service = Service::start(&["--data", file, "--sync"]);
    let mut connection = service.connect();
    let offsets = ["a", "b", "c"].map(|key| {
        let offset = fs::read(file).unwrap().len();
        let answer = connection.request(&put(&format!("/v1/keys/{key}"), "\"value\""));
        assert_eq!(answer.status, 201);
        offset
    });
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));
    offsets
}

#[test]
fn a_torn_last_record_is_cut_off_and_reported() {
    let file = data_file("torn");
    let [.., last] = three_records(file.text());
    let whole = fs::read(file.text()).unwrap();
    for kept in last + 1..whole.len() {
        fs::write(file.text(), &whole[..kept]).unwrap();
        let service = Service::start(&["--data", file.text()]);
        let listing = service.connect().request(&get("/v1/keys")).text();
        assert_eq!(listing, r#"{"keys":["a","b"],"truncated":false}"#);
        service.signal("TERM");
        let (code, errors) = service.wait();
        assert_eq!(code, Some(0));
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(errors.contains("torn"), "{errors}");
        assert!(errors.contains(&format!("at offset {last}")), "{errors}");
        assert_eq!(fs::read(file.text()).unwrap(), whole[..last]);
        // Each copy has a name of its own, so that none replaces an older one.
        let copy = format!("store.log.torn-{}", kept - last);
        assert!(errors.contains(&copy), "{errors}");
        let copy = file.beside(&copy);
        assert_eq!(fs::read(&copy).unwrap(), whole[last..kept]);
        // It is nobody else's to read.
        let status = fs::metadata(&copy).unwrap();
        assert_eq!(status.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_torn_record_that_cannot_be_saved_is_not_cut_off() {
    let file = data_file("unsaved");
    three_records(file.text());
    let whole = fs::read(file.text()).unwrap();
    let torn = &whole[..whole.len() - 3];
    fs::write(file.text(), torn).unwrap();
    // Not one byte may be written to any file.
    let limits = "trap '' XFSZ; ulimit -f 0";
    let error = fails_to_start_limited(limits, &["--data", file.text()]);
    assert!(error.contains("torn"), "{error}");
    assert_eq!(fs::read(file.text()).unwrap(), torn);
    assert_eq!(file.names(), ["store.log"]);
}

#[test]
fn a_damaged_record_is_an_error_that_changes_nothing_wherever_it_is() {
    let file = data_file("damaged");
    let offsets = three_records(file.text());
    let whole = fs::read(file.text()).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for (index, offset) in offsets.into_iter().enumerate() {
        let end = offset + lines[index + 1].len();
        // Every byte counts, and so does the end of the line, also where the file ends with it.
        for byte in offset..end {
            let mut damaged = whole.clone();
            damaged[byte] ^= 0x20;
            fs::write(file.text(), &damaged).unwrap();
            let error = fails_to_start(&["--data", file.text()]);
            assert!(error.contains(&format!("at offset {offset}")), "{error}");
            assert_eq!(fs::read(file.text()).unwrap(), damaged);
        }
    }
    assert_eq!(file.names(), ["store.log"]);
}

#[test]
fn the_advice_for_a_damaged_record_saves_the_others() {
    let file = data_file("repaired");
    let [_, second, _] = three_records(file.text());
    let mut damaged = fs::read(file.text()).unwrap();
    damaged[second + 12] ^= 1;
    fs::write(file.text(), &damaged).unwrap();
    let error = fails_to_start(&["--data", file.text()]);
    let advice = &error[error.find("sed ").expect("a command")..];
    let repaired = file.beside("repaired");
    follow(advice, file.text(), &repaired);
    assert_eq!(keys(&repaired), ["a", "c"]);
}

#[test]
fn a_file_of_somebody_else_is_left_as_it_is() {
    let file = data_file("foreign");
    let version = "leno-service-data 2\n5a3c09d1 [\"a\",1]\n";
    let long = "x".repeat(100_000);
    for content in [
        "my only copy\n",
        "my only copy",
        "\n",
        "\0\0\0\0",
        "leno-service-data 1",
        "leno-service-dat",
        "LENO-SERVICE-DATA 1\n",
        "leno-service-data 1\r\n",
        "5a3c09d1 [\"a\",1]\n",
        "5a3c09d1 [\"a\"",
        version,
        &long,
    ] {
        fs::write(file.text(), content).unwrap();
        let error = fails_to_start(&["--data", file.text()]);
        assert!(error.contains(file.text()), "{error}");
        assert!(error.len() < 500, "{error}");
        assert_eq!(fs::read_to_string(file.text()).unwrap(), content);
        assert_eq!(file.names(), ["store.log"]);
    }
    fs::write(file.text(), version).unwrap();
    assert!(fails_to_start(&["--data", file.text()]).contains("version 2"));
}

#[test]
fn the_advice_for_a_first_line_that_is_missing_or_damaged_saves_the_records() {
    let file = data_file("first-line");
    let [first, ..] = three_records(file.text());
    let whole = fs::read(file.text()).unwrap();
    let earlier = whole[first..].to_vec();
    // Any byte of it, its end too.
    let damaged = (0..first).map(|byte| {
        let mut damaged = whole.clone();
        damaged[byte] ^= 0x40;
        damaged
    });
    for content in std::iter::once(earlier).chain(damaged) {
        fs::write(file.text(), &content).unwrap();
        let error = fails_to_start(&["--data", file.text()]);
        let repaired = file.beside("repaired");
        let advice = &error[error.find("(echo ").expect("a command")..];
        follow(advice, file.text(), &repaired);
        assert_eq!(keys(&repaired), ["a", "b", "c"]);
        assert_eq!(fs::read(file.text()).unwrap(), content);
    }
}

/// Does what a message advises.
fn follow(advice: &str, file: &str, new: &str) {
    let command = advice.replace("FILE", file).replace("NEW", new);
    let status = Command::new("sh").args(["-c", &command]).status();
    assert!(status.unwrap().success(), "{command}");
}

#[test]
fn an_empty_file_and_a_link_to_one_that_is_not_there_yet_become_data_files() {
    let file = data_file("empty");
    fs::write(file.text(), "").unwrap();
    three_records(file.text());
    assert_eq!(keys(file.text()), ["a", "b", "c"]);

    let link = file.beside("link");
    symlink("target", &link).unwrap();
    three_records(&link);
    assert_eq!(keys(&file.beside("target")), ["a", "b", "c"]);
    assert!(Path::new(&link).is_symlink());
}

#[test]
fn what_is_not_a_plain_file_is_refused() {
    let file = data_file("special");
    let pipe = file.beside("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for (path, reason) in [
        (pipe.as_str(), "not a regular file"),
        ("/dev/full", "not a regular file"),
        ("/dev/null", "not a regular file"),
        (env!("CARGO_TARGET_TMPDIR"), "it is a directory"),
    ] {
        let error = fails_to_start(&["--data", path]);
        assert!(error.contains(reason), "{path}: {error}");
    }
    let circle = file.beside("circle");
    symlink("circle", &circle).unwrap();
    assert!(fails_to_start(&["--data", &circle]).contains(&circle));

    // Of two names a compaction would leave one behind.
    three_records(file.text());
    let second = file.beside("second");
    fs::hard_link(file.text(), &second).unwrap();
    assert!(fails_to_start(&["--data", &second]).contains("hard links"));
}

#[test]
fn a_file_that_may_not_be_read_or_written_is_refused() {
    let file = data_file("forbidden");
    three_records(file.text());
    for mode in [0o000, 0o200, 0o400] {
        fs::set_permissions(file.text(), fs::Permissions::from_mode(mode)).unwrap();
        // For root nothing is forbidden.
        if fs::OpenOptions::new()
            .read(true)
            .append(true)
            .open(file.text())
            .is_err()
        {
            let error = fails_to_start(&["--data", file.text()]);
            assert!(error.contains("ermission denied"), "{error}");
        }
    }
    fs::set_permissions(file.text(), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(keys(file.text()), ["a", "b", "c"]);
}

#[test]
fn a_second_service_on_the_same_file_is_refused_until_the_first_has_gone() {
    let file = data_file("shared");
    let link = file.beside("link");
    symlink(file.text(), &link).unwrap();
    let service = Service::start(&["--data", file.text()]);
    for path in [file.text(), &link] {
        let error = fails_to_start(&["--data", path]);
        assert!(error.contains("another process is using it"), "{error}");
    }
    let answer = service.connect().request(&put("/v1/keys/a", "1"));
    assert_eq!(answer.status, 201);
    // A lock goes with its process, however that ends.
    service.signal("KILL");
    service.wait();
    assert_eq!(keys(&link), ["a"]);
}

#[test]
fn of_many_services_that_start_at_once_one_gets_the_file() {
    let file = data_file("race");
    let arguments = ["--data", file.text()];
    let (services, refused): (Vec<_>, Vec<_>) = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Service::try_start(&arguments)))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .partition(Result::is_ok)
    });
    assert_eq!(services.len(), 1);
    for failure in refused.into_iter().filter_map(Result::err) {
        let errors = failure.errors;
        assert!(errors.contains("another process is using it"), "{errors}");
    }
}

#[test]
fn a_file_that_others_change_or_take_away_gets_no_more_changes() {
    let file = data_file("taken");
    let service = Service::start(&["--data", file.text()]);
    let mut connection = service.connect();
    assert_eq!(connection.request(&put("/v1/keys/a", "1")).status, 201);
    let kept = file.beside("kept");
    fs::rename(file.text(), &kept).unwrap();
    let answer = connection.request(&put("/v1/keys/b", "1"));
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("removed or moved"), "{answer:?}");
    fs::write(file.text(), "not for the service\n").unwrap();
    let answer = connection.request(&put("/v1/keys/b", "1"));
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("taken its place"), "{answer:?}");
    // Everything that was answered is still there, and comes back with the file.
    assert_eq!(connection.request(&get("/v1/keys/a")).text(), "1");
    assert_eq!(
        fs::read_to_string(file.text()).unwrap(),
        "not for the service\n"
    );
    fs::rename(&kept, file.text()).unwrap();
    assert_eq!(connection.request(&put("/v1/keys/b", "1")).status, 201);

    let whole = fs::read(file.text()).unwrap();
    fs::write(file.text(), [&whole[..], b"noise\n"].concat()).unwrap();
    let answer = connection.request(&put("/v1/keys/c", "1"));
    assert_eq!(answer.status, 500);
    assert!(
        answer.text().contains("something else has changed it"),
        "{answer:?}"
    );
    fs::write(file.text(), &whole).unwrap();
    assert_eq!(connection.request(&put("/v1/keys/c", "1")).status, 201);
    service.signal("TERM");
    service.wait();
    assert_eq!(keys(file.text()), ["a", "b", "c"]);
}

/// The keys that a data file holds.
fn keys(file: &str) -> Vec<String> {
    let service = Service::start(&["--data", file]);
    let listing = service.connect().request(&get("/v1/keys")).text();
    service.signal("TERM");
    assert_eq!(service.wait(), (Some(0), String::new()));
    let listing: serde_json::Value = serde_json::from_str(&listing).unwrap();
    let keys = listing["keys"].as_array().unwrap().iter();
    keys.map(|key| key.as_str().unwrap().to_string()).collect()
}
