//! Which names columns of a message may have.
//!
//! Part of the shared floor: `schema` declares columns and `decode` fills them, and neither knows the other.

/// Prefixes of names that are columns of ours or of the platform's: fields with these names would be mistaken for them.
const RESERVED: [&str; 3] = ["_kafka_", "_ab_cdc_", "_airbyte_"];

/// Whether a field of this name may be a column.
#[must_use]
pub fn can_be_column(name: &str) -> bool {
    !name.is_empty() && !RESERVED.iter().any(|prefix| name.starts_with(prefix))
}
