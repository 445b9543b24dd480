//! Rows 14 to 17.

use reel_e2e::{Answer, Client, Person, Stage};
use reel_error::ErrorCode;

over_both_forms! {
    zero_follows_and_one_unfollows;
    lists_are_from_the_last_and_friends_are_mutual;
    sixty_four_follows_at_once_are_counted_once_each;
}

async fn act(caller: &Client, fields: &[(&'static str, &str)]) -> Answer {
    caller.post("/relation/action", fields).await
}

async fn follow(caller: &Client, target: &Person) {
    act(caller, &[("to_user_id", &target.id), ("action_type", "0")]).await.data();
}

async fn names(caller: &Client, path: &str, fields: &[(&'static str, &str)]) -> (Vec<String>, i64) {
    let answer = caller.get(path, fields).await;
    let names = answer.column("username").into_iter().map(str::to_owned).collect();
    (names, answer.data()["total"].as_i64().unwrap())
}

async fn zero_follows_and_one_unfollows(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let followers = async || names(&ana, "/follower/list", &[("user_id", &ana.id)]).await;
    let nobody = (Vec::new(), 0);
    let bo_alone = (vec!["bo".to_owned()], 1);
    for (action, expected) in [("1", &nobody), ("0", &bo_alone), ("0", &bo_alone), ("1", &nobody), ("1", &nobody)] {
        let answer = act(&bo, &[("to_user_id", &ana.id), ("action_type", action)]).await;
        assert!(answer.data().is_null());
        assert_eq!(&followers().await, expected);
    }
    for (fields, code) in [
        (vec![("to_user_id", ana.id.as_str())], ErrorCode::InvalidArgument),
        (vec![("to_user_id", &ana.id), ("action_type", "")], ErrorCode::InvalidArgument),
        (vec![("to_user_id", &ana.id), ("action_type", "2")], ErrorCode::InvalidArgument),
        (vec![("to_user_id", &ana.id), ("action_type", "-1")], ErrorCode::InvalidArgument),
        (vec![("to_user_id", &ana.id), ("action_type", "follow")], ErrorCode::InvalidArgument),
        (vec![("action_type", "0")], ErrorCode::InvalidArgument),
        (vec![("to_user_id", &bo.id), ("action_type", "0")], ErrorCode::CannotFollowSelf),
        (vec![("to_user_id", "1"), ("action_type", "1")], ErrorCode::UserNotFound),
    ] {
        act(&bo, &fields).await.fails_with(code);
    }
    assert_eq!(followers().await, nobody);
}

async fn lists_are_from_the_last_and_friends_are_mutual(stage: &Stage) {
    let mut people = Vec::new();
    for name in ["ana", "bo", "chen", "dana"] {
        people.push(stage.person(name).await);
    }
    let [ana, bo, chen, dana] = people.as_slice() else { unreachable!("four people") };
    for (follower, followee) in [(ana, bo), (ana, chen), (ana, dana), (dana, ana), (bo, ana), (chen, dana)] {
        follow(follower, followee).await;
    }
    let of = |person: &Person| [("user_id", person.id.clone())];
    let list = async |path: &str, person: &Person| {
        let fields = of(person);
        names(bo, path, &fields.iter().map(|(name, id)| (*name, id.as_str())).collect::<Vec<_>>()).await
    };
    assert_eq!(list("/following/list", ana).await, (vec!["dana".into(), "chen".into(), "bo".into()], 3));
    assert_eq!(list("/follower/list", ana).await, (vec!["bo".into(), "dana".into()], 2));
    assert_eq!(list("/follower/list", dana).await, (vec!["chen".into(), "ana".into()], 2));
    assert_eq!(list("/following/list", dana).await, (vec!["ana".into()], 1));
    let page = names(bo, "/following/list", &[("user_id", &ana.id), ("page_num", "1"), ("page_size", "2")]).await;
    assert_eq!(page, (vec!["bo".into()], 3), "`total` is the full count");
    for (person, expected) in [(ana, vec!["bo", "dana"]), (bo, vec!["ana"]), (chen, vec![]), (dana, vec!["ana"])] {
        let total = i64::try_from(expected.len()).unwrap();
        assert_eq!(
            names(person, "/friends/list", &[]).await,
            (expected.into_iter().map(str::to_owned).collect(), total)
        );
    }
    // Of others' friends this endpoint says nothing.
    assert_eq!(names(chen, "/friends/list", &[("user_id", &ana.id)]).await, (Vec::new(), 0));
}

async fn sixty_four_follows_at_once_are_counted_once_each(stage: &Stage) {
    let ana = stage.person("ana").await;
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(stage.person(&format!("person{number}")).await);
    }
    let calls = people.iter().flat_map(|person| (0..8).map(|_| follow(person, &ana)));
    futures::future::join_all(calls).await;
    let (names, total) = names(&ana, "/follower/list", &[("user_id", &ana.id), ("page_size", "100")]).await;
    assert_eq!((names.len(), total), (8, 8));
}
