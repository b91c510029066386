//! The group mirror: lag tools watch a consumer group, so the offsets that the destination has accepted are shown there.

use crate::airbyte::ConfiguredCatalog;
use crate::command::client_options;
use crate::config::Settings;
use crate::kafka::{Client, Options, TopicPartition};
use crate::state::State;

/// Commits the offsets of the incoming state, which the destination has accepted: the group never runs ahead of it. That
/// it cannot be done, for lack of rights or because the group has members, is no reason not to read.
pub(super) fn commit(settings: &Settings, catalog: &ConfiguredCatalog, state: &State) {
    let Some(group_id) = settings.group_id.as_ref().filter(|_| settings.enable_auto_commit) else { return };
    let offsets: Vec<(TopicPartition, i64)> = catalog
        .streams
        .iter()
        .flat_map(|stream| {
            let topic = &stream.name;
            let partition = |partition| TopicPartition { topic: topic.clone(), partition };
            state
                .of(topic)
                .into_iter()
                .flat_map(|state| &state.next_offsets)
                .map(move |(&number, &offset)| (partition(number), offset))
        })
        .collect();
    if offsets.is_empty() {
        return;
    }
    let options = Options { group_id: Some(group_id.clone()), ..client_options(settings) };
    match Client::new(options).and_then(|client| client.commit(&offsets)) {
        Ok(()) => log::info!(target: "read", "the offsets of the incoming state are committed to group `{group_id}`"),
        Err(error) => log::warn!(target: "read", "group `{group_id}` does not show the offsets of the state: {error}"),
    }
}
