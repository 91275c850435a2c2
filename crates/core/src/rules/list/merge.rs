//! Several tables read as one.

use super::Row;

/// Merges pages of one snapshot, each with whether its range has more rows behind. Beyond the last row
/// of a page that has more nothing is known, so nothing beyond it is given. The second part of the
/// answer says whether anything may follow.
pub fn merge<T>(pages: Vec<(Vec<Row<T>>, bool)>) -> (Vec<Row<T>>, bool) {
    let more = pages.iter().any(|(_, more)| *more);
    let place = |row: &Row<T>| (row.key.clone(), row.sub.clone());
    let known_to = pages
        .iter()
        .filter(|(_, more)| *more)
        .filter_map(|(rows, _)| rows.last().map(place))
        .min();
    let mut rows: Vec<Row<T>> = pages.into_iter().flat_map(|(rows, _)| rows).collect();
    if let Some(end) = known_to {
        rows.retain(|row| (&row.key, &row.sub) <= (&end.0, &end.1));
    }
    rows.sort_by(|a, b| (&a.key, &a.sub).cmp(&(&b.key, &b.sub)));
    (rows, more)
}
