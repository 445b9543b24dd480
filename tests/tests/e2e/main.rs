//! The whole product, over both of its forms, as its clients see it.
#![expect(clippy::unwrap_used, reason = "tests")]

/// Makes two tests of each function, one for each form of the product. The function gets a running product, which is
/// stopped in order afterwards.
macro_rules! over_both_forms {
    ($($name:ident $(with $($key:literal = $value:literal),+)?;)*) => {
        mod one_process {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let settings = [$($(($key, $value)),+)?];
                crate::play(reel_e2e::Form::OneProcess, &settings, async |stage| super::$name(stage).await).await;
            })*
        }
        mod separate_processes {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let settings = [$($(($key, $value)),+)?];
                crate::play(reel_e2e::Form::SeparateProcesses, &settings, async |stage| super::$name(stage).await).await;
            })*
        }
    };
}

mod comments;
mod dev;
mod documented;
mod endpoints;
mod federation;
mod graphql;
mod http;
mod likes;
mod relations;
mod sessions;
mod settings;
mod stopping;
mod traces;
mod users;
mod videos;

use reel_e2e::{Form, Stage};

const PROGRAM: &str = env!("CARGO_BIN_EXE_reelgraph-under-test");

/// Settings as dotted keys with values.
type Settings<'a> = [(&'a str, &'a str)];

async fn play(form: Form, settings: &Settings<'_>, test: impl AsyncFnOnce(&Stage)) {
    let stage = Stage::set(PROGRAM, form, settings).await;
    test(&stage).await;
    stage.product.stop().await;
}
