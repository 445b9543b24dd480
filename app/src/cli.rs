use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The backend of a short-video platform: four GraphQL subgraphs, the router in front of them, and the REST endpoints.
#[derive(Debug, Parser)]
#[command(name = "reelgraph", version, about, max_term_width = 100)]
pub struct Cli {
    /// The settings file; every key is explained in config/reelgraph.yaml. Environment variables override it key by
    /// key, for example REELGRAPH__AUTH__ACCESS_TTL_S=900. For `compose`: the list of subgraphs.
    #[arg(long, global = true, env = "REELGRAPH_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process, with a private MariaDB and Redis, and demo content on the first start.
    Dev(DevOptions),
    /// Run the router alone, in front of the subgraphs that the settings list.
    Router(ListenOptions),
    /// Run one or more subgraphs, each on the address that the settings list for it.
    Subgraph(SubgraphOptions),
    /// Bring the tables of the domains up to date and exit.
    Migrate(MigrateOptions),
    /// Write the generated files under schema/, or check that they are up to date.
    Schema(SchemaOptions),
    /// Compose subgraph schemas and print the supergraph, or what is wrong with them.
    Compose(ComposeOptions),
    /// Print what becomes of an operation: normalised, its plan, and what each subgraph is sent.
    Plan(PlanOptions),
    /// Publish the demo content on a running instance, through its API.
    Seed(SeedOptions),
    /// Print a new set of keys for the settings.
    Keys(KeysOptions),
}

/// Options of `dev`.
#[derive(Debug, Clone, Default, Args)]
pub struct DevOptions {
    /// Where to listen; port 0 takes a free one. Default: the setting `listen`, 127.0.0.1:4000.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where the databases, files and keys of this instance are kept between runs.
    #[arg(long, value_name = "DIR", default_value = ".reelgraph")]
    pub state_dir: PathBuf,
    /// Do not publish the demo content.
    #[arg(long)]
    pub no_demo: bool,
}

/// Options of `router`.
#[derive(Debug, Clone, Default, Args)]
pub struct ListenOptions {
    /// Where to listen. Default: the setting `listen`, 127.0.0.1:4000.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

/// A domain, by the name of its subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Domain {
    /// Accounts and sessions.
    User,
    /// Videos, visits and search.
    Video,
    /// Likes and comments.
    Interaction,
    /// Follows.
    Social,
}

impl Domain {
    /// All of them, each after those that it asks.
    pub const ALL: [Self; 4] = [Self::User, Self::Video, Self::Interaction, Self::Social];

    /// The name of the subgraph.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => reel_user::NAME,
            Self::Video => reel_video::NAME,
            Self::Interaction => reel_interaction::NAME,
            Self::Social => reel_social::NAME,
        }
    }
}

/// Options of `subgraph`.
#[derive(Debug, Clone, Args)]
pub struct SubgraphOptions {
    /// Which ones.
    #[arg(required = true, value_enum, value_name = "NAME")]
    pub names: Vec<Domain>,
    /// Where to listen, when there is one name. Default: the setting `subgraphs.<name>.listen`.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

/// Options of `migrate`.
#[derive(Debug, Clone, Args)]
pub struct MigrateOptions {
    /// Which domains; all of them when none is named.
    #[arg(value_enum, value_name = "NAME")]
    pub names: Vec<Domain>,
}

/// Options of `schema`.
#[derive(Debug, Clone, Args)]
pub struct SchemaOptions {
    /// Write nothing; fail when a file is out of date or an operation no longer fits.
    #[arg(long)]
    pub check: bool,
    /// The folder of the generated files.
    #[arg(long, value_name = "DIR", default_value = "schema")]
    pub dir: PathBuf,
}

/// Options of `compose`.
#[derive(Debug, Clone, Args)]
#[command(after_help = COMPOSE_HELP)]
pub struct ComposeOptions {
    /// The subgraphs: each as NAME=FILE, or as NAME=URL of a running one, which is asked for its schema
    /// (`_service { sdl }`).
    #[arg(value_name = "NAME=FILE|URL")]
    pub subgraphs: Vec<String>,
    /// Write the schema into this file instead of printing it.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The API schema, which clients see, instead of the supergraph.
    #[arg(long)]
    pub api: bool,
    /// Print one JSON document with the schema, the errors and the notes.
    #[arg(long)]
    pub json: bool,
    /// How many seconds a running subgraph may take to answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
}

const COMPOSE_HELP: &str = "\
Without NAME=... arguments, --config names a list of the subgraphs:

  subgraphs:
    - name: user
      url: http://user.internal:4001/graphql
      file: user.graphql
    - name: video
      url: http://video.internal:4002/graphql

`url` goes into the supergraph; without `file`, the schema is read from there, too. Files are
relative to the list.

Exit codes: 0 composed (there may be notes), 1 the subgraphs do not compose, 2 wrong use, or the
subgraphs cannot be read. NO_COLOR turns colours off.";

/// Options of `plan`.
#[derive(Debug, Clone, Args)]
#[command(after_help = PLAN_HELP)]
pub struct PlanOptions {
    /// The file with the operation; `-` reads standard input.
    #[arg(value_name = "FILE")]
    pub operation: PathBuf,
    /// The supergraph. Default: Reelgraph's own.
    #[arg(long, value_name = "FILE")]
    pub supergraph: Option<PathBuf>,
    /// Which operation of the file, when it has several.
    #[arg(long, value_name = "NAME")]
    pub operation_name: Option<String>,
    /// Its variables, as JSON or as @ and the name of a JSON file. They are checked, and fetches that @skip and
    /// @include leave out with them are marked.
    #[arg(long, value_name = "JSON|@FILE")]
    pub variables: Option<String>,
    /// What to print; several with commas. Default: all of it. A single one is printed without a heading.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub show: Vec<PlanSection>,
    /// Print one JSON document; docs/router.md explains its fields.
    #[arg(long)]
    pub json: bool,
}

impl PlanOptions {
    /// What to print.
    pub(crate) fn sections(&self) -> &[PlanSection] {
        if self.show.is_empty() { &PlanSection::ALL } else { &self.show }
    }
}

/// What `plan` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanSection {
    /// The operation that is planned.
    Normalised,
    /// The order of the fetches.
    Plan,
    /// What each of them sends.
    Fetches,
}

impl PlanSection {
    const ALL: [Self; 3] = [Self::Normalised, Self::Plan, Self::Fetches];

    /// Its name, also in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Normalised => "normalised",
            Self::Plan => "plan",
            Self::Fetches => "fetches",
        }
    }
}

const PLAN_HELP: &str = "\
The plan is the one of a caller who was granted whatever the operation asks for, and the limits on
clients' documents do not hold here.

  reelgraph plan --supergraph supergraph.graphql --variables '{\"full\": true}' product.graphql
  echo '{ products { name } }' | reelgraph plan --supergraph supergraph.graphql --show plan -

Exit codes: 0 planned, 1 the operation or its variables are invalid, 2 wrong use, or the supergraph
cannot be used. NO_COLOR turns colours off.";

/// Options of `keys`.
#[derive(Debug, Clone, Default, Args)]
pub struct KeysOptions {
    /// As environment variables, for a shell, an env file or the .env of compose.yaml.
    #[arg(long)]
    pub env: bool,
}

/// Options of `seed`.
#[derive(Debug, Clone, Args)]
pub struct SeedOptions {
    /// The instance.
    #[arg(long, default_value = "http://127.0.0.1:4000", value_name = "URL")]
    pub url: String,
}
