use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use reel_subgraph::{UserError, access, payload};

use super::session::Session;
use super::user::User;
use crate::service::Accounts;

#[derive(Default)]
pub(super) struct AccountMutation;

/// Who registers.
#[derive(InputObject)]
struct RegisterInput {
    /// 1 to 32 characters, without blanks or control characters.
    username: String,
    /// 6 to 128 characters.
    password: String,
}

/// What registering answers.
#[derive(SimpleObject)]
struct RegisterPayload {
    /// The new person; null when something has to be corrected.
    user: Option<User>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// A new password.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password so far.
    current_password: String,
    /// The new one: 6 to 128 characters.
    new_password: String,
}

/// What changing the password answers.
#[derive(SimpleObject)]
struct ChangePasswordPayload {
    /// A new login, the only one that is left; null when something has to be corrected.
    session: Option<Session>,
    /// The person; null when something has to be corrected.
    user: Option<User>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

#[Object]
impl AccountMutation {
    /// Makes an account.
    async fn register(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who registers.")] input: RegisterInput,
    ) -> Option<async_graphql::Result<RegisterPayload>> {
        let accounts = context.data_unchecked::<Arc<Accounts>>();
        let outcome = accounts.register(&input.username, input.password).await;
        Some(payload(outcome).map(|(user, user_errors)| RegisterPayload { user: user.map(User), user_errors }))
    }

    /// Replaces the viewer's password and ends all of their logins, everywhere; a new login is returned.
    #[graphql(directive = reel_subgraph::authenticated::apply())]
    async fn change_password(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new password.")] input: ChangePasswordInput,
    ) -> Option<async_graphql::Result<ChangePasswordPayload>> {
        let accounts = context.data_unchecked::<Arc<Accounts>>();
        let viewer = access::viewer(context);
        let outcome = accounts.change_password(viewer, input.current_password, input.new_password).await;
        Some(payload(outcome).map(|(signed_in, user_errors)| {
            let (user, session) = signed_in.map(|it| (User(it.user), it.tokens.into())).unzip();
            ChangePasswordPayload { session, user, user_errors }
        }))
    }
}
