//! The group mirror: lag tools watch a consumer group, so the offsets that the destination has accepted are shown there.

use std::time::{Duration, Instant};

use super::plan::{PartitionPlan, Plan, StreamPlan};
use crate::command::client_options;
use crate::config::Settings;
use crate::kafka::{Client, Options, TopicPartition};
use crate::state::State;

/// How long a sync waits for the commit: it is for show, the records are not.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Commits the offsets of the incoming state, which the destination has accepted: the group never runs ahead of it. That
/// it cannot be done, for lack of rights or because the group has members, is no reason not to read.
pub(super) fn commit(settings: &Settings, plan: &Plan, state: &State) {
    let Some(group_id) = settings.group_id.as_ref().filter(|_| settings.enable_auto_commit) else { return };
    // Only what the plan goes on from: offsets that are lost, or of another topic, mean nothing to the group.
    let accepted = |partition: &PartitionPlan, plan: &StreamPlan| {
        let TopicPartition { topic, partition: number } = &partition.partition;
        let known = state.of(topic)?.next_offsets.get(number)?;
        let is_continued = *known == partition.range.next && !plan.vanished.contains(number);
        is_continued.then(|| (partition.partition.clone(), *known))
    };
    let mut offsets = Vec::new();
    for stream in plan.streams.iter().flatten() {
        offsets.extend(stream.partitions.iter().filter_map(|partition| accepted(partition, stream)));
    }
    if offsets.is_empty() {
        return;
    }
    let options = Options { group_id: Some(group_id.clone()), ..client_options(settings) };
    let deadline = Instant::now() + settings.request_timeout.min(TIME_LIMIT);
    match Client::new(options).and_then(|client| client.commit(&offsets, deadline)) {
        Ok(()) => log::info!(target: "read", "the offsets of the incoming state are committed to group `{group_id}`"),
        Err(error) => log::warn!(target: "read", "group `{group_id}` does not show the offsets of the state: {error}"),
    }
}
