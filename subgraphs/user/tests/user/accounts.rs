use serde_json::json;

use crate::world::{World, cheap};

#[tokio::test]
async fn a_person_registers_logs_in_and_sees_themselves() {
    let world = World::new().await;
    let registered = world.register("Ana", "secret").await;
    assert_eq!(registered["userErrors"], json!([]));
    assert_eq!(registered["user"]["username"], "Ana");
    let login = world.login("aNA", "secret").await;
    assert_eq!(registered["user"]["id"], login.viewer.user_id.to_string());
    let me = world.run(Some(login.viewer), "{ viewer { id username avatarUrl createdAt updatedAt } }", json!({})).await;
    assert_eq!(
        me["data"]["viewer"],
        json!({
            "id": login.viewer.user_id.to_string(), "username": "Ana", "avatarUrl": null,
            "createdAt": "2026-01-01T08:00:00+00:00", "updatedAt": "2026-01-01T08:00:00+00:00",
        })
    );
    world.close().await;
}

#[tokio::test]
async fn a_taken_or_bad_name_and_a_bad_password_can_be_corrected() {
    let world = World::new().await;
    world.person("Ana").await;
    for (username, password, code, field) in [
        ("ana", "secret", "USERNAME_TAKEN", "username"),
        ("ＡＮＡ", "secret", "USERNAME_TAKEN", "username"),
        ("", "secret", "INVALID_USERNAME", "username"),
        ("a b", "secret", "INVALID_USERNAME", "username"),
        (&"x".repeat(33), "secret", "INVALID_USERNAME", "username"),
        ("ben", "12345", "WEAK_PASSWORD", "password"),
        ("ben", &"x".repeat(129), "WEAK_PASSWORD", "password"),
    ] {
        let answer = world.register(username, password).await;
        assert_eq!(answer["user"], json!(null), "{username:?}");
        assert_eq!(answer["userErrors"][0]["code"], code, "{username:?}");
        assert_eq!(answer["userErrors"][0]["field"], json!(["input", field]));
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM account").await, 1);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_register_one_name_at_once_exactly_one_gets_it() {
    let world = std::sync::Arc::new(World::new().await);
    world.open_connections().await;
    let attempts: Vec<_> = (0..64)
        .map(|number| {
            let world = world.clone();
            let name = if number % 2 == 0 { "Ana" } else { "ANA" };
            tokio::spawn(async move { world.register(name, "secret").await })
        })
        .collect();
    let mut winners = 0;
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        match answer["userErrors"][0]["code"].as_str() {
            None if answer["user"].is_object() => winners += 1,
            code => assert_eq!(code, Some("USERNAME_TAKEN"), "{answer}"),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM account").await, 1);
    std::sync::Arc::into_inner(world).unwrap().close().await;
}

#[tokio::test]
async fn passwords_are_stored_as_argon2id_only_and_hashed_anew_when_its_costs_change() {
    let mut world = World::new().await;
    world.person("ana").await;
    let stored = async |world: &World| -> String {
        sqlx::query_scalar("SELECT password_hash FROM account").fetch_one(world.database.pool()).await.unwrap()
    };
    let before = stored(&world).await;
    assert!(before.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{before}");
    world.restart(reel_user::UserSettings { password_passes: 2, ..cheap() }).await;
    assert_eq!(world.log_in("ana", "wrong password").await["userErrors"][0]["code"], "WRONG_CREDENTIALS");
    assert_eq!(stored(&world).await, before);
    world.login("ana", "secret").await;
    let after = stored(&world).await;
    assert!(after.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{after}");
    world.login("ana", "secret").await;
    assert_eq!(stored(&world).await, after);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_too_many_passwords_wait_to_be_hashed_the_rest_is_refused_as_overload() {
    let settings =
        reel_user::UserSettings { password_memory_kib: 32 * 1024, password_threads: 1, password_queue: 1, ..cheap() };
    let world = std::sync::Arc::new(World::with(settings).await);
    world.open_connections().await;
    let attempts: Vec<_> = (0..32)
        .map(|number| {
            let world = world.clone();
            tokio::spawn(async move { world.register(&format!("person{number}"), "secret").await })
        })
        .collect();
    let (mut made, mut refused) = (0, 0);
    for attempt in attempts {
        match attempt.await.unwrap()["error"].as_str() {
            None => made += 1,
            Some("OVERLOADED") => refused += 1,
            Some(other) => panic!("{other}"),
        }
    }
    assert!(made > 0 && refused > 0, "{made} made, {refused} refused");
    assert_eq!(world.count("SELECT COUNT(*) FROM account").await, made);
    std::sync::Arc::into_inner(world).unwrap().close().await;
}

#[tokio::test]
async fn changing_the_password_ends_every_login_and_opens_a_new_one() {
    let world = World::new().await;
    let here = world.person("ana").await;
    let elsewhere = world.login("ana", "secret").await;
    let change = async |current: &str, new: &str| {
        let input = json!({ "currentPassword": current, "newPassword": new });
        let selection = "session { accessToken refreshToken } user { username }";
        world.mutate(Some(here.viewer), "changePassword", selection, input).await
    };
    for (current, new, code, field) in [
        ("wrong password", "new secret", "WRONG_CREDENTIALS", "currentPassword"),
        ("", "new secret", "WRONG_CREDENTIALS", "currentPassword"),
        ("secret", "12345", "WEAK_PASSWORD", "newPassword"),
    ] {
        let answer = change(current, new).await;
        assert_eq!((&answer["userErrors"][0]["code"], &answer["session"]), (&json!(code), &json!(null)));
        assert_eq!(answer["userErrors"][0]["field"], json!(["input", field]));
    }
    let changed = world.read_login(&change("secret", "new secret").await);
    assert_eq!(changed.viewer.user_id, here.viewer.user_id);
    for ended in [&here, &elsewhere] {
        assert_eq!(world.renew(&ended.refresh).await, json!({ "error": "SESSION_ENDED" }));
    }
    world.read_login(&world.renew(&changed.refresh).await);
    assert_eq!(world.log_in("ana", "secret").await["userErrors"][0]["code"], "WRONG_CREDENTIALS");
    world.login("ana", "new secret").await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_login_with_the_old_password_outlives_its_change() {
    let world = std::sync::Arc::new(World::new().await);
    let owner = world.person("ana").await;
    world.open_connections().await;
    let attempts: Vec<_> = (0..32)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { world.log_in("ana", "secret").await })
        })
        .collect();
    let input = json!({ "currentPassword": "secret", "newPassword": "new secret" });
    let selection = "session { accessToken refreshToken }";
    let changed = world.mutate(Some(owner.viewer), "changePassword", selection, input).await;
    let changed = world.read_login(&changed);
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        if answer["session"].is_object() {
            let login = world.read_login(&answer);
            assert_eq!(world.renew(&login.refresh).await, json!({ "error": "SESSION_ENDED" }));
        }
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 1);
    world.read_login(&world.renew(&changed.refresh).await);
    std::sync::Arc::into_inner(world).unwrap().close().await;
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let world = World::new().await;
    let owner = world.person("ana").await;
    let change = async |new: &str| {
        let input = json!({ "currentPassword": "secret", "newPassword": new });
        world.mutate(Some(owner.viewer), "changePassword", "session { accessToken }", input).await
    };
    world.open_connections().await;
    let (one, other) = tokio::join!(change("first secret"), change("second secret"));
    let won = [&one, &other].map(|answer| answer["session"].is_object());
    assert!(won[0] != won[1], "{one} {other}");
    world.login("ana", if won[0] { "first secret" } else { "second secret" }).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 2);
    world.close().await;
}
