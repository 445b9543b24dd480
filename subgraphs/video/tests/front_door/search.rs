use reel_id::Cursor;
use serde_json::{Value, json};

use crate::world::{ANA, BEN, World, codes, nodes};

const SEARCH: &str = "query ($filter: VideoFilter, $first: Int, $after: String) { videos(filter: $filter, first: $first, after: $after) {
    edges { node { title } } pageInfo { hasNextPage endCursor } totalCount } }";

async fn titles(world: &World, filter: Value) -> Vec<String> {
    let list = world.data(None, SEARCH, json!({"filter": filter, "first": 50})).await["videos"].take();
    let mut titles: Vec<String> = nodes(&list, "title").into_iter().map(str::to_owned).collect();
    assert_eq!(list["totalCount"], titles.len(), "{filter}");
    titles.sort();
    titles
}

async fn library(world: &World) {
    for (author, title, description) in [
        (ANA, "A Cat, at night", "shot in 北京市 on film"),
        (ANA, "catalogue", "nothing of a feline"),
        (ANA, "我爱北京天安门", "第1集"),
        (BEN, "京北高速", "天安 门"),
        (BEN, "Ｃａｆé ΟΔΟΣ", "C++ and e2e_title_77 100%"),
        (BEN, "東京カフェ", "🎬 ไทยแลนด์ 서울여행"),
    ] {
        world.published(author, title, description).await;
    }
}

#[tokio::test]
async fn words_are_found_as_a_whole_and_chinese_anywhere() {
    let world = World::new().await;
    library(&world).await;
    for (keywords, expected) in [
        ("cat", vec!["A Cat, at night"]),
        ("CAT night", vec!["A Cat, at night"]),
        ("cat catalogue", vec![]),
        ("feline", vec!["catalogue"]),
        ("北京", vec!["A Cat, at night", "我爱北京天安门"]),
        ("京", vec!["A Cat, at night", "京北高速", "我爱北京天安门", "東京カフェ"]),
        ("北京天安门", vec!["我爱北京天安门"]),
        ("天安门", vec!["我爱北京天安门"]),
        ("爱天安门", vec![]),
        ("北京 film", vec!["A Cat, at night"]),
        ("第1集", vec!["我爱北京天安门"]),
        ("cafe\u{301}", vec!["Ｃａｆé ΟΔΟΣ"]),
        ("οδος", vec!["Ｃａｆé ΟΔΟΣ"]),
        ("title", vec!["Ｃａｆé ΟΔΟΣ"]),
        ("e2e_title_77", vec!["Ｃａｆé ΟΔΟΣ"]),
        ("e2e_title_7", vec![]),
        ("100%", vec!["Ｃａｆé ΟΔΟΣ"]),
        ("ｶﾌｪ", vec!["東京カフェ"]),
        ("🎬", vec!["東京カフェ"]),
        ("แลนด์", vec!["東京カフェ"]),
        ("여행", vec!["東京カフェ"]),
    ] {
        assert_eq!(titles(&world, json!({"keywords": keywords})).await, expected, "{keywords}");
    }
}

#[tokio::test]
async fn blank_keywords_are_no_condition_and_pure_punctuation_is_nowhere() {
    let world = World::new().await;
    library(&world).await;
    for filter in
        [json!(null), json!({}), json!({"keywords": ""}), json!({"keywords": " \u{3000}\t", "authorUsername": " "})]
    {
        assert_eq!(titles(&world, filter).await.len(), 6);
    }
    for keywords in ["%", "_", "%%", "'", "\\", "!!! ???", "、", "\0", "\u{200B}"] {
        assert_eq!(titles(&world, json!({"keywords": keywords})).await, Vec::<String>::new(), "{keywords:?}");
    }
}

#[tokio::test]
async fn a_part_of_the_authors_name_is_enough() {
    let world = World::new().await;
    library(&world).await;
    for (name, count) in [
        ("ana", 3),
        ("NA", 3),
        ("a", 3),
        ("_", 3),
        ("影", 3),
        ("a_影迷", 3),
        ("影a", 0),
        ("b", 3),
        ("ben", 3),
        ("n", 6),
        ("%", 0),
        ("aa", 0),
    ] {
        assert_eq!(titles(&world, json!({"authorUsername": name})).await.len(), count, "{name}");
    }
}

#[tokio::test]
async fn all_conditions_hold_together_and_both_ends_of_the_time_belong_to_it() {
    let world = World::new().await;
    library(&world).await;
    // The third and the fourth are published at 08:00:03 and 08:00:04.
    let (third, fourth) = ("2026-01-01T08:00:03Z", "2026-01-01T08:00:04Z");
    assert_eq!(
        titles(&world, json!({"publishedFrom": third, "publishedTo": fourth})).await,
        ["京北高速", "我爱北京天安门"]
    );
    assert_eq!(titles(&world, json!({"publishedFrom": fourth, "publishedTo": third})).await, Vec::<String>::new());
    let all = json!({"keywords": "京", "authorUsername": "be", "publishedFrom": third, "publishedTo": fourth});
    assert_eq!(titles(&world, all).await, ["京北高速"]);
    let none = json!({"keywords": "京", "authorUsername": "be", "publishedTo": third});
    assert_eq!(titles(&world, none).await, Vec::<String>::new());
    let to_third = json!({"keywords": "京", "publishedTo": "2026-01-01T08:00:03.0009Z"});
    assert_eq!(titles(&world, to_third).await, ["A Cat, at night", "我爱北京天安门"]);
}

#[tokio::test]
async fn found_videos_are_paged_by_both_kinds_of_cursors() {
    let world = World::new().await;
    for number in 0..7 {
        world.published(ANA, &format!("same 北京人 {number}"), "").await;
        world.published(ANA, "other", "").await;
    }
    for keywords in ["same", "北京人", "same 北京人"] {
        let page = async |after: Value| {
            let variables =
                json!({"filter": {"keywords": keywords, "authorUsername": "ana"}, "first": 3, "after": after});
            world.data(None, SEARCH, variables).await["videos"].take()
        };
        let (mut by_key, mut by_offset, mut after) = (Vec::new(), Vec::new(), Value::Null);
        for round in 0..3 {
            let list = page(after).await;
            assert_eq!((&list["totalCount"], &list["pageInfo"]["hasNextPage"]), (&json!(7), &json!(round < 2)));
            by_key.extend(nodes(&list, "title").into_iter().map(str::to_owned));
            after = list["pageInfo"]["endCursor"].clone();
            let list = page(json!(Cursor::Offset(round * 3).encode())).await;
            by_offset.extend(nodes(&list, "title").into_iter().map(str::to_owned));
        }
        let expected: Vec<String> = (0..7).rev().map(|number| format!("same 北京人 {number}")).collect();
        assert_eq!((&by_key, &by_offset), (&expected, &expected), "{keywords}");
    }
}

#[tokio::test]
async fn a_long_text_is_found_by_all_of_it_and_by_any_of_it() {
    let world = World::new().await;
    let characters: String = (0..2_000_u32).filter_map(|number| char::from_u32(0x4E00 + number * 7 % 20_000)).collect();
    world.published(ANA, "long", &characters).await;
    world.published(ANA, "longer words", &format!("{} {}", "w".repeat(100), "v".repeat(64))).await;
    let part: String = characters.chars().skip(700).take(250).collect();
    assert_eq!(titles(&world, json!({"keywords": part})).await, ["long"]);
    let reversed: String = part.chars().rev().collect();
    assert_eq!(titles(&world, json!({"keywords": reversed})).await, Vec::<String>::new());
    assert_eq!(titles(&world, json!({"keywords": "w".repeat(100)})).await, ["longer words"]);
    assert_eq!(titles(&world, json!({"keywords": "w".repeat(99)})).await, ["longer words"]);
    assert_eq!(titles(&world, json!({"keywords": "v".repeat(65)})).await, Vec::<String>::new());
}

#[tokio::test]
async fn hostile_texts_never_fail_inside() {
    let world = World::new().await;
    library(&world).await;
    let many: String = (0..60).map(|number| format!("w{number} ")).collect();
    for text in ["') OR 1=1 --", "a\0b", "\u{202E}dog", "ﷺﷺﷺ", "👨‍👩‍👧‍👦", "e\u{301}\u{301}\u{301}", &"京".repeat(256), &many]
    {
        for filter in [
            json!({"keywords": text}),
            json!({"authorUsername": text}),
            json!({"keywords": text, "authorUsername": text}),
        ] {
            assert_eq!(titles(&world, filter).await, Vec::<String>::new(), "{text:?}");
        }
    }
    for filter in [json!({"keywords": "x".repeat(257)}), json!({"authorUsername": "🎬".repeat(100_000)})] {
        let answer = world.run(None, SEARCH, json!({"filter": filter})).await;
        assert_eq!((codes(&answer), &answer["data"]["videos"]), (vec!["INVALID_ARGUMENT"], &Value::Null));
    }
}
