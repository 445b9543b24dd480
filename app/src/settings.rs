use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use reel_auth::AuthSettings;
use reel_files::FilesSettings;
use reel_interaction::InteractionSettings;
use reel_router::config::RouterSettings;
use reel_store::{MysqlSettings, RedisSettings};
use reel_telemetry::TelemetrySettings;
use reel_user::UserSettings;
use reel_video::VideoSettings;
use serde::Deserialize;

use crate::Failure;
use crate::cli::Domain;

/// Environment variables that start with this override the settings file.
const ENVIRONMENT_PREFIX: &str = "REELGRAPH__";

/// Every setting. `config/reelgraph.yaml` lists them with their defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the router listens.
    pub listen: SocketAddr,
    /// The number of this process among those that make ids of the same domain, 0 to 1023.
    pub node_id: u16,
    /// The log.
    pub telemetry: TelemetrySettings,
    /// Keys and lifetimes of tokens.
    pub auth: AuthSettings,
    /// The database server.
    pub mysql: MysqlSettings,
    /// The Redis server.
    pub redis: RedisSettings,
    /// Where uploaded files are kept.
    pub files: FilesSettings,
    /// The router.
    pub router: RouterSettings,
    /// Where the subgraphs listen and are found when they are processes of their own.
    pub subgraphs: SubgraphsSettings,
    /// The user domain.
    pub user: UserSettings,
    /// The video domain.
    pub video: VideoSettings,
    /// The interaction domain.
    pub interaction: InteractionSettings,
}

/// The static list of subgraph processes.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "WrittenSubgraphs")]
pub struct SubgraphsSettings {
    /// The user domain's process.
    pub user: SubgraphAddress,
    /// The video domain's process.
    pub video: SubgraphAddress,
    /// The interaction domain's process.
    pub interaction: SubgraphAddress,
    /// The social domain's process.
    pub social: SubgraphAddress,
}

/// One subgraph process.
#[derive(Debug, Clone)]
pub struct SubgraphAddress {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where others find it.
    pub url: String,
}

impl SubgraphAddress {
    fn local(port: u16) -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], port)), url: format!("http://127.0.0.1:{port}") }
    }
}

impl SubgraphsSettings {
    /// Where others find a domain. Calls between our own processes are signed, not encrypted: https is refused rather
    /// than failing at every call.
    ///
    /// # Errors
    /// When the setting is not of the form `http://host:port`.
    pub fn url(&self, domain: Domain) -> Result<&str, Failure> {
        let url = &self.of(domain).url;
        match reqwest::Url::parse(url) {
            Ok(parsed) if parsed.scheme() == "http" && parsed.has_host() => Ok(url),
            _ => Err(Failure::usage(format!("subgraphs.{}.url: `{url}` must be http://host:port", domain.name()))),
        }
    }
}

/// The list as it is written: each domain has defaults of its own for what is left out.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenSubgraphs {
    user: WrittenAddress,
    video: WrittenAddress,
    interaction: WrittenAddress,
    social: WrittenAddress,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenAddress {
    listen: Option<SocketAddr>,
    url: Option<String>,
}

impl WrittenAddress {
    fn or(self, default: SubgraphAddress) -> SubgraphAddress {
        SubgraphAddress { listen: self.listen.unwrap_or(default.listen), url: self.url.unwrap_or(default.url) }
    }
}

impl From<WrittenSubgraphs> for SubgraphsSettings {
    fn from(written: WrittenSubgraphs) -> Self {
        let defaults = Self::default();
        Self {
            user: written.user.or(defaults.user),
            video: written.video.or(defaults.video),
            interaction: written.interaction.or(defaults.interaction),
            social: written.social.or(defaults.social),
        }
    }
}

impl SubgraphsSettings {
    /// The entry of one domain.
    pub fn of(&self, domain: Domain) -> &SubgraphAddress {
        match domain {
            Domain::User => &self.user,
            Domain::Video => &self.video,
            Domain::Interaction => &self.interaction,
            Domain::Social => &self.social,
        }
    }
}

impl Default for SubgraphsSettings {
    fn default() -> Self {
        Self {
            user: SubgraphAddress::local(4001),
            video: SubgraphAddress::local(4002),
            interaction: SubgraphAddress::local(4003),
            social: SubgraphAddress::local(4004),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4000)),
            node_id: 0,
            telemetry: TelemetrySettings::default(),
            auth: AuthSettings::default(),
            mysql: MysqlSettings::default(),
            redis: RedisSettings::default(),
            files: FilesSettings::default(),
            router: RouterSettings::default(),
            subgraphs: SubgraphsSettings::default(),
            user: UserSettings::default(),
            video: VideoSettings::default(),
            interaction: InteractionSettings::default(),
        }
    }
}

impl Settings {
    /// Reads the file, if one is named, and the environment.
    ///
    /// # Errors
    /// When the file cannot be read, or a key is unknown, or a value is bad.
    pub fn load(file: Option<&Path>) -> Result<Self, Failure> {
        reel_config::load(file, ENVIRONMENT_PREFIX).map_err(Failure::usage)
    }
}

impl Settings {
    /// What `dev` decides itself: files and uploads live in the state directory, and links to files lead to the address
    /// that is listened on, as it is reached from this machine.
    pub fn complete_for_dev(&mut self, state_dir: &Path, address: SocketAddr) {
        let state_dir = std::path::absolute(state_dir).unwrap_or_else(|_| state_dir.to_owned());
        let defaults = Self::default();
        if self.files.dir == defaults.files.dir {
            self.files.dir = state_dir.join("files");
        }
        if self.files.public_url == defaults.files.public_url {
            self.files.public_url = format!("http://{}/files", reachable(address));
        }
        if self.video.spool_dir == defaults.video.spool_dir {
            self.video.spool_dir = state_dir.join("spool");
        }
    }
}

/// Where this machine reaches a server that listens on `address`: 0.0.0.0 and [::] stand for all of its addresses and
/// are none themselves.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let loopback = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(loopback, address.port())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/reelgraph.yaml");

    /// The names of fields in the debug form, which every settings struct derives.
    fn names(debug: &str) -> BTreeSet<String> {
        let name = |line: &str| line.trim().split_once(": ").map(|(name, _)| name.to_owned());
        debug.lines().filter_map(name).collect()
    }

    #[test]
    fn the_documented_file_holds_every_setting_with_its_default() {
        let documented = Settings::load(Some(Path::new(DOCUMENTED))).unwrap();
        let defaults = format!("{:#?}", Settings::default());
        assert_eq!(format!("{documented:#?}"), defaults);
        let text = std::fs::read_to_string(DOCUMENTED).unwrap();
        let missing: Vec<String> =
            names(&defaults).into_iter().filter(|name| !text.contains(&format!("{name}:"))).collect();
        assert!(missing.is_empty(), "not in config/reelgraph.yaml: {missing:?}");
    }

    #[test]
    fn a_subgraphs_address_that_is_not_plain_http_is_refused_by_name() {
        let mut subgraphs = SubgraphsSettings::default();
        assert_eq!(subgraphs.url(Domain::Video).unwrap(), "http://127.0.0.1:4002");
        for bad in ["https://video:4002", "video:4002", "not a url", ""] {
            bad.clone_into(&mut subgraphs.video.url);
            let failure = subgraphs.url(Domain::Video).unwrap_err();
            assert!(failure.to_string().contains("subgraphs.video.url"), "{failure}");
        }
    }

    #[test]
    fn the_links_of_dev_lead_to_an_address_that_can_be_reached() {
        let cases = [
            ("0.0.0.0:4000", "http://127.0.0.1:4000/files"),
            ("[::]:4000", "http://[::1]:4000/files"),
            ("192.0.2.7:4000", "http://192.0.2.7:4000/files"),
        ];
        for (listened, linked) in cases {
            let mut settings = Settings::default();
            settings.complete_for_dev(Path::new("/state"), listened.parse().unwrap());
            assert_eq!(settings.files.public_url, linked);
        }
        let mut settings = Settings::default();
        settings.files.public_url = "http://films.example/files".to_owned();
        settings.complete_for_dev(Path::new("/state"), "0.0.0.0:4000".parse().unwrap());
        assert_eq!(settings.files.public_url, "http://films.example/files");
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("settings.yaml");
        std::fs::write(&file, "auth:\n  acess_ttl_s: 5\n").unwrap();
        let failure = Settings::load(Some(&file)).unwrap_err();
        assert!(failure.to_string().contains("acess_ttl_s"), "{failure}");
    }
}
