//! Traces come back as they were written; what was broken is refused, and nothing panics.

use super::*;
use crate::cause::{Cause, Named};
use crate::chooser::Point;
use crate::record::Choice;
use crate::run::Checkpoint;
use std::thread;

fn trace() -> Trace {
    let key = |text: &str| text.parse::<Key>().unwrap();
    let named = |name: Option<&str>, place: Option<&str>| Named {
        name: name.map(str::to_owned),
        place: place.map(str::to_owned),
    };
    let why = |cause, who| Why {
        cause,
        who,
        of: Named::default(),
    };
    Trace {
        test: "kv::acknowledged_writes_survive".to_owned(),
        program: program(),
        seed: u64::MAX,
        strategy: "portfolio(pct(3), walk(1/2))".to_owned(),
        kind: "panic".to_owned(),
        place: Some("a folder/kv.rs:88".to_owned()),
        message: "acknowledged \"write\"\nis lost\u{1b}: \\".to_owned(),
        who: vec![key("0.3"), key("root"), key("closure:1")],
        fingerprint: "6be1c3d20f9a7745".to_owned(),
        record: Record {
            decisions: 18_231,
            choices: (0..40)
                .map(|at| Choice {
                    position: at * at,
                    taken: 1 + at as u32 * 3,
                })
                .collect(),
            hash: 0x5d0c_77e1_0000_0001,
            checkpoints: (1..9)
                .map(|at| Checkpoint {
                    decisions: at * 256,
                    hash: at.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                })
                .collect(),
            ended_at: 12_004_000_000,
        },
        why: vec![
            why(
                Cause::Hold {
                    key: key("0.3"),
                    turn: 2,
                },
                named(Some("serve"), Some("kv.rs:41")),
            ),
            why(
                Cause::Leaf {
                    key: key("root"),
                    turn: 11,
                },
                named(None, None),
            ),
            Why {
                cause: Cause::Ahead {
                    key: key("0"),
                    of: key("clock:1"),
                    turn: 23,
                },
                who: named(None, Some("my folder/a.rs:1")),
                of: named(Some("before the 2nd"), None),
            },
            why(
                Cause::Draw {
                    point: Point::Start,
                    key: key("0.0"),
                    turn: 0,
                    nth: 112,
                    value: 5,
                },
                named(Some("in its \"turn\""), Some("b.rs:2")),
            ),
            why(
                Cause::Other("link n1>n2 tcp#4 segment 7: 210 ms".to_owned()),
                named(None, None),
            ),
        ],
    }
}

#[test]
fn comes_back_as_it_was() {
    let trace = trace();
    let text = trace.to_string();
    assert_eq!(text.parse(), Ok(trace.clone()), "{text}");
    assert_eq!(text.replace('\n', "\r\n").parse(), Ok(trace.clone()));
    assert!(text.lines().all(|line| line.len() <= 130), "{text}");
    assert!(
        text.contains("\nwhy      hold 0.3 \"serve\" kv.rs:41 from its 2nd turn\n"),
        "{text}"
    );
    let bare = Trace {
        kind: "deadlock".to_owned(),
        fingerprint: "0".to_owned(),
        test: "t".to_owned(),
        ..Trace::default()
    };
    assert_eq!(bare.to_string().parse(), Ok(bare));
}

#[test]
fn what_is_cut_off_is_refused() {
    let trace = trace();
    let text = trace.to_string();
    for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
        if let Ok(there) = text[..end].parse::<Trace>() {
            assert_eq!(there, trace, "nothing is lost but the sum, at {end}");
            assert!(end >= text.len() - "       01234567\n".len() - 1);
        }
    }
}

#[test]
fn what_is_changed_is_refused_or_no_change() {
    let trace = trace();
    let text = trace.to_string();
    for at in 0..text.len() {
        for flip in [0x01, 0x10, 0x20, 0x40] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= flip;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            if let Ok(there) = changed.parse::<Trace>() {
                assert_eq!(there, trace, "byte {at} with {flip:#x}");
            }
        }
    }
}

/// Without the sum each line is read as it is: nothing may panic, whatever stands there.
#[test]
fn what_is_edited_is_read_or_refused() {
    let text = trace().to_string();
    let text = &text[..text.find("\nend").unwrap() + 4];
    assert!(text.parse::<Trace>().is_ok());
    for at in 0..text.len() {
        for flip in [0x01, 0x04, 0x10, 0x20] {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= flip;
            if let Ok(changed) = String::from_utf8(bytes) {
                // Read or refused, and if it is read it can be written.
                let _ = changed.parse::<Trace>().map(|trace| trace.to_string());
            }
        }
        let mut shorter = text.as_bytes().to_vec();
        shorter.remove(at);
        if let Ok(shorter) = String::from_utf8(shorter) {
            let _ = shorter.parse::<Trace>().map(|trace| trace.to_string());
        }
    }
}

#[test]
fn says_what_is_wrong_and_where() {
    let said = |text: &str| text.parse::<Trace>().unwrap_err().to_string();
    let good = "leno-trace 1\ntest t\nseed 1\nfailure panic \"x\"\nprint ab\nrun 1 decisions, hash 0, ends at 0 ns\n";
    assert!(format!("{good}end").parse::<Trace>().is_ok());
    assert!(
        format!("{good}colour blue\ncolour red\nend")
            .parse::<Trace>()
            .is_ok(),
        "it is not known"
    );
    for (text, says) in [
        ("", "line 1: this is no trace"),
        ("hello\n", "line 1: this is no trace"),
        (
            "leno-trace 2\nend",
            "line 1: this trace is of version 2, and leno-sim ",
        ),
        (good, "line 6: the trace has no line `end`"),
        ("leno-trace 1\nend", "line 2: the trace has no line `test`"),
        (
            &format!("{good}end 12"),
            "line 7: the trace is not what was written",
        ),
        (&format!("{good}end x"), "line 7: `x` is no sum"),
        (
            &format!("{good}end\nmore"),
            "line 8: `more` stands after the end",
        ),
        (
            &format!("{good}seed 2\nend"),
            "line 7: there is a second line `seed`",
        ),
        (
            &format!("{good}why hold 0.x from its 2nd turn\nend"),
            "line 7: `0.x` names no actor",
        ),
        (
            &format!("{good}why hold 0 from his 2nd turn\nend"),
            "line 7: `from its` should stand where",
        ),
        (
            &format!("{good}why hold 0 from its second turn\nend"),
            "line 7: `second` says not the how manieth",
        ),
        (
            &format!("{good}why hold 0 from its 2nd turn on\nend"),
            "line 7: `on` stands where the line should end",
        ),
        (
            &format!("{good}all AAA\nend"),
            "line 8: the lines `all` are broken",
        ),
        (
            &format!("{good}checks AAA\nend"),
            "line 8: the lines `checks` are broken",
        ),
        ("leno-trace 1\nrun fast\nend", "line 2: `fast` is no run"),
        (
            "leno-trace 1\nfailure panic \"x\nend",
            "line 2: a text in quotes has no end",
        ),
    ] {
        let error = said(text);
        assert!(error.starts_with(says), "{text:?}: {error}");
    }
}

#[test]
fn files_are_whole_and_do_not_take_each_others_names() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    let one = trace();
    let file = one.write(&deep).unwrap();
    let name = "kv.acknowledged_writes_survive-6be1.trace";
    assert_eq!(file, deep.join(name));
    assert_eq!(Trace::read(&file), Ok(one.clone()));
    assert_eq!(
        one.write(&deep).unwrap(),
        file,
        "the same failure has one file"
    );
    let mut other = one.clone();
    other.fingerprint = "6be1c0".to_owned();
    let longer = deep.join("kv.acknowledged_writes_survive-6be1c.trace");
    assert_eq!(other.write(&deep).unwrap(), longer);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    one.write(&deep).unwrap();
                    assert!(Trace::read(&file).as_ref() == Ok(&one));
                }
            });
        }
    });
    assert_eq!(
        fs::read_dir(&deep).unwrap().count(),
        2,
        "nothing is left over"
    );
    let missing = Trace::read(deep.join("none")).unwrap_err().to_string();
    assert!(
        missing.contains("none: the trace cannot be read"),
        "{missing}"
    );
    fs::write(&file, b"leno-trace 1\ntest \xff\n").unwrap();
    let broken = Trace::read(&file).unwrap_err().to_string();
    assert!(
        broken.ends_with(".trace:2: this is no text, so it is no trace"),
        "{broken}"
    );
}

#[test]
fn names_of_files_hold_on_every_system() {
    assert_eq!(file_name("a::b"), "a.b");
    assert_eq!(file_name("../x y/<z>"), "_x_y__z_");
    assert_eq!(file_name(""), "test");
    assert!(default_directory().ends_with("leno-sim"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("CACHEDIR.TAG"), "").unwrap();
    let executable = folder.path().join("debug/deps/test-1234");
    assert_eq!(target_of(&executable), Some(folder.path()));
    let untagged = Path::new("/nowhere/target/debug/test");
    assert_eq!(target_of(untagged), Some(Path::new("/nowhere/target")));
}

/// The executable of a test in the documentation is not in cargo's directory: the trace was written beside the package's manifest.
#[test]
fn traces_go_to_the_directory_of_the_workspace() {
    let workspace = tempfile::tempdir().unwrap();
    let workspace = workspace.path();
    let package = workspace.join("some/package");
    fs::create_dir_all(&package).unwrap();
    let doctest = Path::new("/elsewhere/rustdoctestX/rust_out");
    let target = |named: Option<&str>, executable: &Path| {
        target_for(named.map(PathBuf::from), executable, &package)
    };
    assert_eq!(
        target(None, doctest),
        Path::new("target"),
        "in no workspace"
    );
    fs::write(workspace.join("Cargo.lock"), "").unwrap();
    assert_eq!(target(None, doctest), workspace.join("target"));
    assert_eq!(target(Some("built"), doctest), workspace.join("built"));
    let test = workspace.join("target/debug/deps/test-1234");
    assert_eq!(target(None, &test), workspace.join("target"));
    assert_eq!(target(Some("../built"), &test), workspace.join("target"));
    for executable in [doctest, &test] {
        assert_eq!(target(Some("/built"), executable), Path::new("/built"));
    }
}

#[test]
fn files_are_named_from_where_cargo_is_called() {
    let file = default_directory().join("x.trace");
    assert_eq!(
        shown(&file).components().count(),
        3,
        "{}",
        shown(&file).display()
    );
    assert_eq!(shown(Path::new("/elsewhere/x")), Path::new("/elsewhere/x"));
    let out = beside(Path::new("out"));
    assert_eq!(out.parent(), default_directory().ancestors().nth(2));
    assert_eq!(beside(&file), file);
    // Tests run in the package's folder, and this is beside it.
    let manifest = Path::new("sim/Cargo.toml");
    assert!(!manifest.exists() && meant(manifest).is_file());
    assert_eq!(meant(Path::new("Cargo.toml")), Path::new("Cargo.toml"));
    assert_eq!(meant(Path::new("none")), Path::new("none"));
}

#[test]
fn another_build_is_noticed() {
    let mut trace = trace();
    assert!(!trace.is_of_another_build());
    trace.program.push('0');
    assert!(trace.is_of_another_build());
}
