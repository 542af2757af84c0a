//! Perfetto's own format: a row of packets in protocol buffers, of which this writes track descriptors and track events.
//!
//! The messages are the part of `perfetto/trace/trace_packet.proto` and its kin that is needed, with the numbers of theirs; prost
//! derives how they are written.

use super::timeline::{self, Entry, Place};
use leno::trace::{Snapshot, Worker};
use prost::Message;
use std::time::Duration;

/// All packets.
#[derive(Clone, PartialEq, Message)]
pub struct Trace {
    /// In any order; a viewer sorts them.
    #[prost(message, repeated, tag = "1")]
    pub packet: Vec<TracePacket>,
}

/// One of them: a descriptor or an event.
#[derive(Clone, PartialEq, Message)]
pub struct TracePacket {
    /// In nanoseconds.
    #[prost(uint64, optional, tag = "8")]
    pub timestamp: Option<u64>,
    /// Who writes; all is one sequence.
    #[prost(uint32, optional, tag = "10")]
    pub trusted_packet_sequence_id: Option<u32>,
    /// Something that happens on a track.
    #[prost(message, optional, tag = "11")]
    pub track_event: Option<TrackEvent>,
    /// What a track is.
    #[prost(message, optional, tag = "60")]
    pub track_descriptor: Option<TrackDescriptor>,
}

/// What a track is.
#[derive(Clone, PartialEq, Message)]
pub struct TrackDescriptor {
    /// Its number.
    #[prost(uint64, optional, tag = "1")]
    pub uuid: Option<u64>,
    /// Its name.
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    /// The track that it is under.
    #[prost(uint64, optional, tag = "5")]
    pub parent_uuid: Option<u64>,
}

/// Something that happens on a track.
#[derive(Clone, PartialEq, Message)]
pub struct TrackEvent {
    /// What else there is to know.
    #[prost(message, repeated, tag = "4")]
    pub debug_annotations: Vec<DebugAnnotation>,
    /// [`SLICE_BEGIN`], [`SLICE_END`] or [`INSTANT`].
    #[prost(int32, optional, tag = "9")]
    pub kind: Option<i32>,
    /// On which track.
    #[prost(uint64, optional, tag = "11")]
    pub track_uuid: Option<u64>,
    /// In which categories.
    #[prost(string, repeated, tag = "22")]
    pub categories: Vec<String>,
    /// What to show.
    #[prost(string, optional, tag = "23")]
    pub name: Option<String>,
    /// Arrows that begin here, or go on.
    #[prost(fixed64, repeated, tag = "47")]
    pub flow_ids: Vec<u64>,
    /// Arrows that end here.
    #[prost(fixed64, repeated, tag = "48")]
    pub terminating_flow_ids: Vec<u64>,
}

/// A name and a text.
#[derive(Clone, PartialEq, Message)]
pub struct DebugAnnotation {
    /// The text.
    #[prost(string, optional, tag = "6")]
    pub string_value: Option<String>,
    /// The name.
    #[prost(string, optional, tag = "10")]
    pub name: Option<String>,
}

/// A slice begins,
pub const SLICE_BEGIN: i32 = 1;
/// and ends.
pub const SLICE_END: i32 = 2;
/// A moment.
pub const INSTANT: i32 = 3;

/// Who writes.
const SEQUENCE: u32 = 1;

/// A snapshot as Perfetto reads it.
pub fn encode(snapshot: &Snapshot) -> Vec<u8> {
    trace(snapshot).encode_to_vec()
}

fn trace(snapshot: &Snapshot) -> Trace {
    let timeline = timeline::of(snapshot);
    let runtimes = timeline.processes.iter();
    let runtimes = runtimes.map(|(&runtime, name)| descriptor(runtime_track(runtime), None, name));
    let workers = timeline.tracks.iter();
    let workers = workers.map(|(&place, name)| {
        descriptor(
            worker_track(place),
            Some(runtime_track(place.runtime)),
            name,
        )
    });
    let mut packet: Vec<_> = runtimes.chain(workers).collect();
    for entry in &timeline.entries {
        add(entry, &mut packet);
    }
    Trace { packet }
}

fn descriptor(uuid: u64, parent: Option<u64>, name: &str) -> TracePacket {
    TracePacket {
        trusted_packet_sequence_id: Some(SEQUENCE),
        track_descriptor: Some(TrackDescriptor {
            uuid: Some(uuid),
            name: Some(name.to_owned()),
            parent_uuid: parent,
        }),
        ..TracePacket::default()
    }
}

fn add(entry: &Entry, packets: &mut Vec<TracePacket>) {
    let annotation = |(name, text): &(&str, String)| DebugAnnotation {
        name: Some((*name).to_owned()),
        string_value: Some(text.clone()),
    };
    let event = TrackEvent {
        debug_annotations: entry.details.iter().map(annotation).collect(),
        kind: Some(if entry.length.is_some() {
            SLICE_BEGIN
        } else {
            INSTANT
        }),
        track_uuid: Some(worker_track(entry.place)),
        categories: vec![entry.category.to_owned()],
        name: Some(entry.title.clone()),
        flow_ids: entry.leads_to.into_iter().collect(),
        terminating_flow_ids: entry.follows.clone(),
    };
    packets.push(at(entry.start, event));
    if let Some(length) = entry.length {
        let end = TrackEvent {
            kind: Some(SLICE_END),
            track_uuid: Some(worker_track(entry.place)),
            ..TrackEvent::default()
        };
        packets.push(at(entry.start + length, end));
    }
}

fn at(time: Duration, event: TrackEvent) -> TracePacket {
    TracePacket {
        timestamp: Some(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
        trusted_packet_sequence_id: Some(SEQUENCE),
        track_event: Some(event),
        ..TracePacket::default()
    }
}

fn runtime_track(runtime: u64) -> u64 {
    runtime << 20
}

fn worker_track(place: Place) -> u64 {
    let worker = match place.worker {
        Worker::Number(number) => number as u64,
        Worker::Outside => 65535,
    };
    runtime_track(place.runtime) | (1 + worker)
}
