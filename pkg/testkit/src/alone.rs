use std::process::Command;
use std::thread;

/// Set for a test that has a process of its own.
const ALONE: &str = "REELGRAPH_TEST_ALONE";

/// Runs the calling test once more in a process of its own, and answers whether that is done: the caller ends then. In that
/// process, and where the runner gives each test one (cargo-nextest does, `cargo test` does not), it answers false.
///
/// For tests of what a process has once: what it counts, the time that it has computed.
///
/// # Panics
///
/// When the test fails there, with what it printed.
#[must_use = "a test that has run elsewhere ends here"]
pub fn ran_alone() -> bool {
    if std::env::var_os(ALONE).is_some()
        || std::env::var("NEXTEST_EXECUTION_MODE").is_ok_and(|mode| mode == "process-per-test")
    {
        return false;
    }
    let test = thread::current().name().expect("tests run in threads that have their names").to_owned();
    let program = std::env::current_exe().expect("a running test has a program");
    let output = Command::new(program).args(["--exact", &test, "--nocapture"]).env(ALONE, "1").output();
    let output = output.expect("a test's program can be started");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // A name that fits no test would pass as well.
    assert!(output.status.success() && said.contains("1 passed"), "{test} fails in a process of its own:\n{said}");
    true
}
