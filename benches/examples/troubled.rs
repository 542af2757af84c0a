//! `versus` with peers that hang, crash and lack things: what its own tests run, and what each trouble looks like.
//!
//! Nothing is measured here: the figures are made up, so that a test knows what the tables must say.

use hdrhistogram::Histogram;
use leno_bench::process::start_server;
use leno_bench::sample::not_installed;
use leno_bench::workload::{
    Case, Floor, Pinning, Runtime, Sample, Server, Setting, TIME_PER_OPERATION, Unit, Workload,
};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitCode};
use std::thread;
use std::time::Duration;

const fn workload(name: &'static str, deadline: u64) -> Workload {
    Workload {
        name,
        group: "made up",
        isolates: "Nothing but the handling of samples.",
        cannot_show: "How fast anything is.",
        floor: None,
        workers: &[1],
        operations: 1000,
        most_rounds: None,
        deadline: Duration::from_secs(deadline),
        pinning: Pinning::None,
    }
}

static STEADY: Workload = Workload {
    workers: &[1, 2, 0],
    floor: Some(Floor {
        parts: &[("atomic read-modify-write", 2.0)],
        quantity: TIME_PER_OPERATION,
    }),
    ..workload("steady", 60)
};
static PINNED: Workload = Workload {
    pinning: Pinning::OneProcessor,
    ..workload("pinned", 60)
};
static LATENCIES: Workload = Workload {
    group: "waiting",
    ..workload("latencies", 60)
};
static SERVICE: Workload = workload("service", 60);
static HANGS: Workload = workload("hangs", 2);
static HANGS_SILENTLY: Workload = workload("hangs silently", 2);
static PANICS: Workload = workload("panics", 60);
static LEAVES_A_TOOL: Workload = workload("leaves a tool", 600);
static ABORTS: Workload = workload("aborts", 60);
static NO_NUMBER: Workload = workload("no number", 60);
static NO_TOOL: Workload = workload("no tool", 60);
static IN_TURN: Workload = workload("in turn", 60);
static TAKES_A_WHILE: Workload = Workload {
    workers: &[1, 2, 0],
    ..workload("takes a while", 60)
};

/// As if each operation took so many nanoseconds.
fn takes(nanoseconds: u64, setting: Setting) -> Sample {
    let all = Duration::from_nanos(nanoseconds * setting.operations);
    Sample::time(all, setting.operations)
}

fn hundred(setting: Setting) -> Sample {
    takes(100, setting)
}

fn fifty(setting: Setting) -> Sample {
    // A sample may write what it likes, if it does not end there.
    println!("this is no sample");
    takes(50, setting).with("operations per second", Unit::PerSecond, 2e7)
}

fn processors(_: Setting) -> Sample {
    let count = thread::available_parallelism().map_or(0, usize::from);
    Sample::default().with("processors", Unit::Count, count as f64)
}

fn waiting(setting: Setting) -> Sample {
    let mut histogram = Histogram::new(3).expect("3 digits are possible");
    for latency in 1..=setting.operations {
        histogram.record(latency).expect("it resizes");
    }
    Sample::latency(histogram)
}

fn greeted(_: Setting) -> Sample {
    let mut bytes = 0;
    for pinned in [None, Some(0)] {
        let server = start_server("sound", "greeting", 1, pinned);
        let mut text = String::new();
        TcpStream::connect(server.address)
            .and_then(|mut stream| stream.read_to_string(&mut text))
            .expect("the server greets");
        bytes += text.len();
    }
    Sample::default().with("greetings", Unit::Bytes, bytes as f64)
}

/// What a sample has started must go with it: the test looks for this process.
fn start_tool() -> Child {
    let tool = Command::new("sleep").arg("600").spawn();
    let tool = tool.expect("every Unix has it");
    if let Some(path) = std::env::var_os("TROUBLED_PID_FILE") {
        std::fs::write(path, tool.id().to_string()).expect("the test may write there");
    }
    tool
}

fn hang(setting: Setting) -> Sample {
    start_tool().wait().expect("it is a child");
    hundred(setting)
}

fn leave_a_tool(setting: Setting) -> Sample {
    // It has the sample's output and errors, which stay open when the sample ends.
    let mut tool = start_tool();
    thread::spawn(move || tool.wait());
    hundred(setting)
}

fn hang_without_output(_: Setting) -> Sample {
    // The output is closed, as at an exit, but the exit does not come.
    let nothing = File::create("/dev/null").expect("every Unix has it");
    rustix::stdio::dup2_stdout(nothing).expect("it can be replaced");
    loop {
        thread::park();
    }
}

fn panic(_: Setting) -> Sample {
    eprintln!("this is not the last line");
    panic!("a message\nof two lines")
}

fn abort(_: Setting) -> Sample {
    eprintln!("something is very wrong");
    std::process::abort()
}

fn no_number(_: Setting) -> Sample {
    Sample::default().with("efficiency", Unit::Percent, f64::NAN)
}

fn no_tool(_: Setting) -> Sample {
    not_installed("a-tool")
}

fn take_a_while(setting: Setting) -> Sample {
    thread::sleep(Duration::from_millis(100));
    takes(100, setting)
}

/// Leaves the peer's name where the test reads whose turn it was.
fn in_turn(peer: &str, setting: Setting) -> Sample {
    if let Some(path) = std::env::var_os("TROUBLED_TURNS_FILE") {
        let file = File::options().create(true).append(true).open(path);
        let written = file.and_then(|mut file| writeln!(file, "{peer}"));
        written.expect("the test may write there");
    }
    hundred(setting)
}

fn case(workload: &'static Workload, run: fn(Setting) -> Sample) -> Case {
    Case { workload, run }
}

fn main() -> ExitCode {
    let sound = Runtime {
        name: "sound",
        cases: vec![
            case(&STEADY, hundred),
            case(&PINNED, processors),
            case(&LATENCIES, waiting),
            case(&SERVICE, greeted),
            case(&HANGS, hundred),
            case(&PANICS, hundred),
            case(&ABORTS, hundred),
            case(&TAKES_A_WHILE, take_a_while),
            case(&IN_TURN, |setting| in_turn("sound", setting)),
        ],
        servers: vec![Server {
            name: "greeting",
            serve: |_, listener| {
                for mut stream in listener.incoming().flatten() {
                    stream.write_all(b"good day").expect("the client listens");
                }
            },
        }],
    };
    let troubled = Runtime {
        name: "troubled",
        cases: vec![
            case(&STEADY, fifty),
            case(&HANGS, hang),
            case(&HANGS_SILENTLY, hang_without_output),
            case(&LEAVES_A_TOOL, leave_a_tool),
            case(&PANICS, panic),
            case(&ABORTS, abort),
            case(&NO_NUMBER, no_number),
            case(&NO_TOOL, no_tool),
            case(&TAKES_A_WHILE, take_a_while),
            case(&IN_TURN, |setting| in_turn("troubled", setting)),
        ],
        servers: Vec::new(),
    };
    let third = Runtime {
        name: "third",
        cases: vec![case(&IN_TURN, |setting| in_turn("third", setting))],
        servers: Vec::new(),
    };
    leno_bench::cli::main(vec![sound, troubled, third])
}
