//! `reelgraph migrate`.

use crate::cli::{Domain, MigrateOptions};
use crate::{Failure, Settings, domains};

/// Brings the databases of the named domains up to date, one after the other.
pub(crate) async fn run(settings: Settings, options: MigrateOptions) -> Result<(), Failure> {
    let names = if options.names.is_empty() { Domain::ALL.to_vec() } else { options.names };
    for domain in names {
        domains::open_database(&settings, domain).await?.close().await;
        println!("{}: up to date", domain.name());
    }
    Ok(())
}
