use std::io::IsTerminal;

use serde::Deserialize;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::TracesSettings;

/// What is logged and how, and what else is told about the process (`telemetry.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// `human` for a terminal, `json` for a machine: one object a line.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`, also by module: `info,reel_router=debug`.
    pub level: String,
    /// What is counted.
    pub metrics: MetricsSettings,
    /// What is traced.
    pub traces: TracesSettings,
}

/// What is counted (`telemetry.metrics.*`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSettings {
    /// Whether anything is, and `GET /metrics` shows it.
    pub enabled: bool,
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// For machines.
    Json,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Human,
            level: "info".to_owned(),
            metrics: MetricsSettings::default(),
            traces: TracesSettings::default(),
        }
    }
}

/// Why logging or tracing could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level cannot be understood.
    #[error(
        "the setting `telemetry.level` is `{level}`, which is no level such as `info` or `info,reel_router=debug`: {reason}"
    )]
    Level {
        /// As it was set.
        level: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Traces cannot be sent as it is set.
    #[error("telemetry.traces.{reason}")]
    Traces {
        /// Which setting, and what is wrong with it.
        reason: String,
    },
}

/// Starts logging to standard error and, where the settings say so, counting. To be called once, before anything that counts
/// is made; further calls change nothing about the log, so that several applications can run in one test process.
///
/// # Errors
/// When the level cannot be understood.
pub fn init(settings: &TelemetrySettings) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.level)
        .map_err(|error| TelemetryError::Level { level: settings.level.clone(), reason: error.to_string() })?;
    let lines = match settings.format {
        LogFormat::Json => json(std::io::stderr).boxed(),
        LogFormat::Human => {
            fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).boxed()
        }
    };
    let _already_started = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    if settings.metrics.enabled {
        crate::start_metrics();
    }
    Ok(())
}

/// One object a line: the event's fields beside the time and level, the request's under `span`.
fn json<S, W>(writer: W) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'w> fmt::MakeWriter<'w> + 'static,
{
    fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false).with_writer(writer)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Registry;

    use super::*;

    /// Collects JSON lines in place of standard error.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        pub(crate) fn subscriber(&self) -> impl tracing::Subscriber + use<> {
            let lines = self.clone();
            Registry::default().with(json(move || lines.clone()).with_filter(EnvFilter::new("info")))
        }

        pub(crate) fn parsed(&self) -> Vec<serde_json::Value> {
            let written = self.0.lock().unwrap();
            String::from_utf8_lossy(&written).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_level_that_is_none_is_refused_with_the_setting() {
        let settings = TelemetrySettings { level: "info,=loud".to_owned(), ..TelemetrySettings::default() };
        let text = init(&settings).unwrap_err().to_string();
        assert!(text.starts_with("the setting `telemetry.level` is `info,=loud`"), "{text}");
    }
}
