//! What `/readyz` of a process asks.

use std::sync::Arc;

use futures::FutureExt as _;
use reel_router::http::ReadinessCheck;
use reel_store::Redis;
use sqlx::MySqlPool;

use crate::Failure;
use crate::cli::Domain;

/// Whether the databases and Redis answer, though everything works without Redis, only slower. The error names no
/// address: the probe's page may be public.
pub(crate) fn store_checks(databases: &[(Domain, MySqlPool)], redis: Option<&Redis>) -> Vec<ReadinessCheck> {
    let mut checks: Vec<ReadinessCheck> =
        databases.iter().map(|(domain, pool)| database_check(*domain, pool)).collect();
    checks.extend(redis.map(redis_check));
    checks
}

fn database_check(domain: Domain, pool: &MySqlPool) -> ReadinessCheck {
    let (name, pool) = (format!("mysql.{}", domain.name()), pool.clone());
    let probe = move || {
        let pool = pool.clone();
        async move { reel_store::ping(&pool).await.map_err(|_| "MySQL does not answer".to_owned()) }.boxed()
    };
    ReadinessCheck::new(name, Arc::new(probe))
}

fn redis_check(redis: &Redis) -> ReadinessCheck {
    let redis = redis.clone();
    let probe = move || {
        let redis = redis.clone();
        async move { redis.ping().await.map_err(|_| "Redis does not answer".to_owned()) }.boxed()
    };
    ReadinessCheck::new("redis", Arc::new(probe)).advisory()
}

/// Whether a subgraph process says that it lives. It is asked directly, as it is for everything else, whatever proxies the
/// environment names.
pub(crate) fn subgraph_check(name: &str, url: &str) -> Result<ReadinessCheck, Failure> {
    let endpoint = format!("{}/livez", url.trim_end_matches('/'));
    let client = reqwest::Client::builder().no_proxy().build().map_err(Failure::internal)?;
    let probe = move || {
        let request = client.get(&endpoint);
        async move {
            match request.send().await {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(format!("it answers {}", answer.status())),
                Err(_) => Err("it cannot be reached".to_owned()),
            }
        }
        .boxed()
    };
    Ok(ReadinessCheck::new(format!("subgraph.{name}"), Arc::new(probe)))
}
