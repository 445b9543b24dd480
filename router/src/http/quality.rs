//! Reading `Accept` and `Accept-Language`: lists of values with a quality from 0 to 1 (RFC 9110 section 12.4.2).

/// The values of such a header with their qualities, best first; equal qualities keep their order. Parameters other
/// than `q` stay with the value. What cannot be read is left out.
pub(crate) fn by_quality(header: &str) -> Vec<(&str, f32)> {
    let mut values: Vec<(&str, f32)> = header.split(',').take(MAX_VALUES).filter_map(read).collect();
    values.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    values
}

/// Headers are short; this only bounds what a hostile one costs.
const MAX_VALUES: usize = 64;

fn read(item: &str) -> Option<(&str, f32)> {
    let value = item.split(';').next()?.trim();
    let quality = item.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let quality = match quality {
        Some(text) => text.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality))?,
        None => 1.0,
    };
    (!value.is_empty()).then_some((value, quality))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ordered_by_quality_and_then_by_place() {
        assert_eq!(
            by_quality("a/b;q=0.5, c/d;v=1, e/f ; q=0.8,,g/h;q=2, i/j;q=x"),
            [("c/d", 1.0), ("e/f", 0.8), ("a/b", 0.5)]
        );
    }
}
