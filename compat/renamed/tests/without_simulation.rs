//! leno without its feature `sim`: tests run as usual, and who asks for a simulation is told what is missing.

use std::process::Command;

#[tokio::test]
async fn one() -> Result<(), String> {
    tokio::task::yield_now().await;
    Ok(())
}

#[tokio::test(sim = false)]
async fn another() {
    tokio::task::yield_now().await;
}

#[test]
fn a_variable_that_does_nothing_is_mentioned_once() {
    for (variable, said) in [("LENO_SIM", 1), ("LENO_SIM_REPLAY", 1), ("LENO_SIM_OUT", 0)] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["one", "another", "--exact"]);
        for name in ["LENO_SIM", "LENO_SIM_REPLAY"] {
            command.env_remove(name);
        }
        let output = command.env(variable, "seeds=0..10").output().unwrap();
        let [out, err] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(
            output.status.success() && out.contains("2 passed"),
            "{out}{err}"
        );
        let line = format!(
            "{variable} is set, but leno was built without its feature `sim`, so tests run as usual. Add `features = [\"sim\"]`"
        );
        assert_eq!(err.matches(&line).count(), said, "{err}");
    }
}
