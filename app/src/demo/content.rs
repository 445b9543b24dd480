//! What the demo content is.

/// Everyone's password.
pub const PASSWORD: &str = "reelgraph";

/// The people.
pub const PEOPLE: [&str; 4] = ["ana", "bo", "chen", "dana"];

/// Who follows whom.
pub(super) const FOLLOWS: [(&str, &str); 7] =
    [("ana", "bo"), ("ana", "chen"), ("bo", "ana"), ("chen", "ana"), ("chen", "dana"), ("dana", "ana"), ("dana", "bo")];

/// One video with its reactions.
pub(super) struct Video {
    pub(super) author: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// A source of ffmpeg's `lavfi` input.
    pub(super) picture: &'static str,
    pub(super) visits: u32,
    pub(super) liked_by: &'static [&'static str],
    pub(super) comments: &'static [(&'static str, &'static str)],
}

/// The videos, the oldest first.
pub(super) const VIDEOS: &[Video] = &[
    Video {
        author: "ana",
        title: "Sunrise over the harbour",
        description: "Four seconds of morning light, no filter.",
        picture: "gradients=c0=orange:c1=navy:speed=0.02",
        visits: 9,
        liked_by: &["bo", "chen", "dana"],
        comments: &[("bo", "The colours!"), ("chen", "早起值得"), ("ana", "Thank you both.")],
    },
    Video {
        author: "chen",
        title: "上海夜景",
        description: "外滩的灯光，周末随手拍。",
        picture: "gradients=c0=purple:c1=black:c2=gold:n=3:speed=0.03",
        visits: 14,
        liked_by: &["ana", "dana"],
        comments: &[("ana", "Which bridge is that?"), ("dana", "太美了")],
    },
    Video {
        author: "bo",
        title: "A fractal, slowly",
        description: "Zooming into the Mandelbrot set.",
        picture: "mandelbrot=start_scale=1.5:end_scale=0.2:end_pts=100",
        visits: 6,
        liked_by: &["ana"],
        comments: &[("dana", "How deep does it go?")],
    },
    Video {
        author: "dana",
        title: "Game of life",
        description: "Cells that live, die and come back.",
        picture: "life=mold=10:ratio=0.2:death_color=#222244:life_color=#00ff99",
        visits: 3,
        liked_by: &["ana", "bo", "chen"],
        comments: &[("bo", "I could watch this for hours."), ("chen", "生命游戏！")],
    },
    Video {
        author: "ana",
        title: "Test card, with music missing",
        description: "The classic pattern, for calibrating screens.",
        picture: "testsrc2",
        visits: 1,
        liked_by: &["chen"],
        comments: &[],
    },
];
