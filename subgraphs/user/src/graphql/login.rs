use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use reel_subgraph::{UserError, access, payload};

use super::session::Session;
use super::user::User;
use crate::service::Accounts;

#[derive(Default)]
pub(super) struct LoginMutation;

/// Who logs in.
#[derive(InputObject)]
struct LogInInput {
    /// The person's name, whatever its letter case.
    username: String,
    /// The person's password.
    password: String,
    /// A code of the person's authenticator app. It is ignored for people who have not bound one.
    code: Option<String>,
}

/// What logging in answers.
#[derive(SimpleObject)]
struct LogInPayload {
    /// The new login; null when something has to be corrected.
    session: Option<Session>,
    /// The person; null when something has to be corrected.
    user: Option<User>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// A login to renew.
#[derive(InputObject)]
struct RenewSessionInput {
    /// The login's current refresh token.
    refresh_token: String,
}

/// What renewing answers.
#[derive(SimpleObject)]
struct RenewSessionPayload {
    /// The login with its new tokens.
    session: Option<Session>,
    /// The person whose login it is.
    user: Option<User>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// Which logins to end.
#[derive(InputObject)]
struct LogOutInput {
    /// Whether to end all of the viewer's logins instead of this one only.
    #[graphql(default)]
    everywhere: bool,
}

/// What logging out answers.
#[derive(SimpleObject)]
struct LogOutPayload {
    /// The person who was logged in.
    user: Option<User>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

#[Object]
impl LoginMutation {
    /// Opens a login with a name and a password.
    async fn log_in(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who logs in.")] input: LogInInput,
    ) -> Option<async_graphql::Result<LogInPayload>> {
        let accounts = context.data_unchecked::<Arc<Accounts>>();
        let outcome = accounts.log_in(&input.username, input.password).await;
        Some(payload(outcome).map(|(signed_in, user_errors)| {
            let (user, session) = signed_in.map(|it| (User(it.user), it.tokens.into())).unzip();
            LogInPayload { session, user, user_errors }
        }))
    }

    /// Spends a refresh token and returns the next pair of tokens. The same token within a few seconds returns the same
    /// pair's refresh token again; used later once more, it ends the whole login.
    async fn renew_session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The login to renew.")] input: RenewSessionInput,
    ) -> Option<async_graphql::Result<RenewSessionPayload>> {
        let accounts = context.data_unchecked::<Arc<Accounts>>();
        let outcome = accounts.renew(&input.refresh_token).await;
        Some(payload(outcome).map(|(signed_in, user_errors)| {
            let (user, session) = signed_in.map(|it| (User(it.user), it.tokens.into())).unzip();
            RenewSessionPayload { session, user, user_errors }
        }))
    }

    /// Ends the viewer's login, or all of their logins. Their tokens stop working everywhere within a second.
    #[graphql(directive = reel_subgraph::authenticated::apply())]
    async fn log_out(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which logins to end.")] input: LogOutInput,
    ) -> Option<async_graphql::Result<LogOutPayload>> {
        let accounts = context.data_unchecked::<Arc<Accounts>>();
        let outcome = accounts.log_out(access::viewer(context), input.everywhere).await;
        Some(payload(outcome).map(|(user, user_errors)| LogOutPayload { user: user.map(User), user_errors }))
    }
}
