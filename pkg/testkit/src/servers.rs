/// The environment variable with the address of the tests' MySQL or MariaDB, whose account may do everything.
pub const MYSQL_URL: &str = "REELGRAPH_TEST_MYSQL_URL";

/// The environment variable with the address of the tests' Redis.
pub const REDIS_URL: &str = "REELGRAPH_TEST_REDIS_URL";

/// The address in this variable.
///
/// # Panics
/// When it is not set, with the commands that set it.
pub(crate) fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set, so there is no server to test with: run the tests with `make test`, or some of \
             them with `cargo run -p reel-testkit -- cargo nextest run -p PACKAGE`"
        )
    })
}

/// A name part that no other test has: 12 characters of `0-9a-f`.
#[expect(clippy::disallowed_methods, reason = "tests run in parallel processes that share nothing to count with")]
pub(crate) fn unique() -> String {
    format!("{:012x}", rand::random::<u64>() & 0xffff_ffff_ffff)
}

/// Runs a clean-up to its end from a destructor, which may itself be inside a runtime.
pub(crate) fn clean_up<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(work());
            }
        });
    });
}
