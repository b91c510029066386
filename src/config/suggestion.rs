//! Words for messages: lists of choices, and the known name next to a misspelt one.

/// Below this likeness (Jaro-Winkler, 0 to 1) a suggestion confuses more than it helps: `topic` and `protocol` are at
/// 0.66, `max_record` and `max_records_process` at 0.91.
const ALIKE: f64 = 0.78;

/// The known name that is most like the given one.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // `maxRecordsProcess` and `max.records.process` are `max_records_process` to the one who wrote them.
    let plain = |name: &str| name.to_lowercase().replace(['_', '-', '.', ' '], "");
    let wanted = plain(name);
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &plain(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `` `a`, `b` or `c` ``
pub(super) fn either<S: AsRef<str>>(choices: &[S]) -> String {
    let quoted: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.as_ref())).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
