//! Where and how a run was made: the machine, the system, the compiler, the versions.
//!
//! Figures mean little without them. Nothing here may fail a run: what cannot be found out is "unknown", and 0 where it
//! is a number.

use crate::record::Environment;
use std::fs;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is said of what cannot be found out.
pub const UNKNOWN: &str = "unknown";

/// Looks at the machine, the system and the build.
pub fn capture() -> Environment {
    Environment {
        started: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        processor: or_unknown(processor()),
        processors: available_parallelism()
            .ok()
            .and_then(|count| u32::try_from(count.get()).ok())
            .unwrap_or(0),
        memory: memory().unwrap_or(0),
        system: system(),
        governor: or_unknown(governor()),
        compiler: or_unknown(option_env!("LENO_BENCH_COMPILER").map(str::to_owned)),
        flags: or_unknown(option_env!("LENO_BENCH_FLAGS").map(flags)),
        commit: or_unknown(commit()),
        versions: option_env!("LENO_BENCH_VERSIONS").map_or_else(Vec::new, versions),
    }
}

fn or_unknown(text: Option<String>) -> String {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The processor's name, and whether it is lent by a hypervisor: then other guests may be on it too.
fn processor() -> Option<String> {
    let Ok(table) = fs::read_to_string("/proc/cpuinfo") else {
        return output("sysctl", &["-n", "machdep.cpu.brand_string"]);
    };
    let name = field(&table, "model name")
        .or_else(|| field(&table, "Model"))
        .or_else(|| field(&table, "CPU part"))?;
    let lent =
        field(&table, "flags").is_some_and(|flags| flags.split(' ').any(|f| f == "hypervisor"));
    Some(if lent {
        format!("{name}, virtual")
    } else {
        name.to_owned()
    })
}

/// Bytes of memory.
fn memory() -> Option<u64> {
    let Ok(table) = fs::read_to_string("/proc/meminfo") else {
        return output("sysctl", &["-n", "hw.memsize"])?.parse().ok();
    };
    let kibibytes: u64 = field(&table, "MemTotal")?
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    kibibytes.checked_mul(1024)
}

/// The value of the first line "key : value".
fn field<'a>(table: &'a str, key: &str) -> Option<&'a str> {
    table.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim())
    })
}

/// "Debian GNU/Linux 12 (bookworm), Linux 6.18.44".
fn system() -> String {
    let name = fs::read_to_string("/etc/os-release")
        .ok()
        .and_then(|table| pretty_name(&table));
    let kernel = output("uname", &["-sr"]);
    let known: Vec<String> = [name, kernel].into_iter().flatten().collect();
    if known.is_empty() {
        std::env::consts::OS.to_owned()
    } else {
        known.join(", ")
    }
}

fn pretty_name(table: &str) -> Option<String> {
    table.lines().find_map(|line| {
        let value = line.strip_prefix("PRETTY_NAME=")?.trim();
        Some(value.trim_matches(['"', '\'']).to_owned())
    })
}

/// What sets the first processor's frequency; all others are nearly always set alike.
fn governor() -> Option<String> {
    fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").ok()
}

/// The commit of the sources that this was built from, with "+" if tracked files differ from it.
fn commit() -> Option<String> {
    let sources = env!("CARGO_MANIFEST_DIR");
    let commit = output("git", &["-C", sources, "rev-parse", "--short=12", "HEAD"])?;
    let status = ["status", "--porcelain", "--untracked-files=no"];
    let changed = output("git", &[&["-C", sources], &status[..]].concat())
        .is_none_or(|changes| !changes.is_empty());
    Some(if changed { commit + "+" } else { commit })
}

/// What the build script found, and what only the built program knows.
fn flags(found: &str) -> String {
    if cfg!(debug_assertions) {
        format!("{found}, debug assertions on")
    } else {
        found.to_owned()
    }
}

/// `("tokio", "1.54.1")` and so on, of what the build script wrote.
fn versions(list: &str) -> Vec<(String, String)> {
    list.split(';')
        .filter_map(|entry| entry.split_once(' '))
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect()
}

/// What a program writes, `None` if there is no such program or it fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_says_something() {
        let environment = capture();
        for text in [
            &environment.processor,
            &environment.system,
            &environment.governor,
            &environment.compiler,
            &environment.flags,
            &environment.commit,
        ] {
            assert!(!text.is_empty(), "{environment:?}");
            assert_eq!(text.trim(), text, "{environment:?}");
            assert!(!text.contains('\n'), "{environment:?}");
        }
        assert!(environment.started > 1_700_000_000);
    }

    #[test]
    fn the_build_is_known() {
        let environment = capture();
        assert!(environment.compiler.starts_with("rustc "));
        assert!(environment.flags.starts_with("opt-level "));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_machine_is_known() {
        let environment = capture();
        assert_ne!(environment.processor, UNKNOWN);
        assert!(environment.processors > 0);
        assert!(environment.memory > 1 << 20);
    }

    #[test]
    fn a_table_is_read_by_its_keys() {
        let table = "processor\t: 0\nmodel name\t: Some: processor\nflags\t\t: fpu vme\n";
        assert_eq!(field(table, "model name"), Some("Some: processor"));
        assert_eq!(field(table, "model"), None);
        assert_eq!(field("", "model name"), None);
    }

    #[test]
    fn names_of_systems_lose_their_quotes() {
        assert_eq!(
            pretty_name("ID=x\nPRETTY_NAME=\"X 12\"\n").as_deref(),
            Some("X 12")
        );
        assert_eq!(pretty_name("PRETTY_NAME=X\n").as_deref(), Some("X"));
        assert_eq!(pretty_name("ID=x\n"), None);
    }

    #[test]
    fn versions_are_split() {
        let tokio = ("tokio".to_owned(), "1.54.1".to_owned());
        let smol = ("smol".to_owned(), "2.0.2".to_owned());
        assert_eq!(versions("tokio 1.54.1;smol 2.0.2"), [tokio, smol]);
        assert_eq!(versions(""), []);
    }

    #[test]
    fn a_program_that_is_not_there_says_nothing() {
        assert_eq!(output("there-is-no-such-program", &[]), None);
    }
}
