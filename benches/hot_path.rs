//! What one message costs between Kafka and stdout: decoding, and the line around it, beside what others need for less.
//!
//! `cargo bench --bench hot_path`. The allocation counts are the point of the profiler: zero per message.

use std::hint::black_box;

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use source_kafka::decode::{Column, Format, Projection, Shape, ValueDecoder};
use source_kafka::kafka::{Header, Message, Timestamp, TimestampType};
use source_kafka::kind::Kinds;
use source_kafka::record::{MetaColumns, RecordWriter};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// As many bytes of different messages as the branch predictor cannot learn by heart, and as still fit into the cache.
const BYTES: usize = 1 << 17;

/// A small generator of numbers (xorshift), so that the runs are alike.
fn numbers() -> impl FnMut(u64) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    }
}

/// The payloads that are measured.
#[derive(Clone, Copy, Debug)]
enum Data {
    /// 22 bytes, two fields
    Small,
    /// about 241 bytes, ten fields
    Order,
    /// the same as `json.dumps` writes it: a space behind colons and commas
    Spaced,
    /// the same, two fields of ten not declared
    Undeclared,
    /// about 1.5 KB, nested
    Nested,
}

const ALL: [Data; 5] = [Data::Small, Data::Order, Data::Spaced, Data::Undeclared, Data::Nested];

impl Data {
    fn messages(self) -> Vec<Vec<u8>> {
        let mut random = numbers();
        let one = self.message(0, &mut random).len();
        (0..BYTES / one).map(|index| self.message(index, &mut random).into_bytes()).collect()
    }

    fn message(self, index: usize, random: &mut impl FnMut(u64) -> u64) -> String {
        match self {
            Self::Small => format!("{{\"id\":{},\"v\":{}}}", 1_000_000 + index, 100 + random(900)),
            Self::Order | Self::Undeclared => order(index, random),
            Self::Spaced => order(index, random).replace("\":", "\": ").replace(",\"", ", \""),
            Self::Nested => nested(index, random),
        }
    }

    fn columns(self) -> Vec<Column> {
        let all: &[&str] = match self {
            Self::Small => &["id", "v"],
            Self::Undeclared => &["order_id", "customer", "email", "status", "amount", "currency", "items", "paid"],
            Self::Order | Self::Spaced => &[
                "order_id",
                "customer",
                "email",
                "status",
                "amount",
                "currency",
                "items",
                "address",
                "paid",
                "created_at",
            ],
            Self::Nested => &["id", "type", "customer", "lines", "shipping", "tags", "note", "total", "updated_at"],
        };
        all.iter().map(|name| Column { name: (*name).to_owned(), accepts: Kinds::ALL, json_text: false }).collect()
    }

    fn decoder(self) -> ValueDecoder {
        ValueDecoder::new(Format::Json, Projection::new(Shape::Flattened, self.columns(), [], true))
    }
}

const STATUS: [&str; 5] = ["new", "paid", "shipped", "delivered", "cancelled"];

fn order(index: usize, random: &mut impl FnMut(u64) -> u64) -> String {
    let customer = random(100_000);
    format!(
        "{{\"order_id\":{},\"customer\":\"customer-{customer}\",\"email\":\"user{customer}@example.com\",\"status\":\"{}\",\
         \"amount\":{}.{:02},\"currency\":\"EUR\",\"items\":[{},{},{}],\"address\":{{\"city\":\"Springfield\",\"zip\":\"{:05}\"}},\
         \"paid\":{},\"created_at\":\"2026-11-{:02}T09:{:02}:00Z\"}}",
        10_000_000 + index,
        STATUS.get(index % STATUS.len()).unwrap_or(&""),
        random(1_000),
        random(100),
        random(100),
        random(10_000),
        random(1_000),
        random(100_000),
        random(2) == 0,
        1 + random(28),
        random(60),
    )
}

fn nested(index: usize, random: &mut impl FnMut(u64) -> u64) -> String {
    let lines = (0..8).map(|line| {
        format!(
            "{{\"line\":{line},\"sku\":\"SKU-{:06}\",\"name\":\"Product number {}\",\"quantity\":{},\"price\":{{\"amount\":{}.{:02},\
             \"currency\":\"EUR\"}},\"discounts\":[{},0.5],\"gift\":{}}}",
            random(1_000_000), random(1_000), 1 + random(9), random(500), random(100), random(10), random(2) == 0,
        )
    });
    let lines = lines.collect::<Vec<_>>().join(",");
    format!(
        "{{\"id\":\"{:016x}\",\"type\":\"order.updated\",\"customer\":{{\"id\":{},\"name\":\"Customer {index}\",\"vip\":{},\"contact\":\
         {{\"email\":\"user{index}@example.com\",\"phone\":null}}}},\"lines\":[{lines}],\"shipping\":{{\"method\":\"express\",\"address\":\
         {{\"street\":\"{} Main Street\",\"city\":\"Springfield\",\"zip\":\"{:05}\",\"geo\":[{}.{},-{}.{}]}}}},\"tags\":[\"a\",\"bb\",\"ccc\"],\
         \"note\":\"Leave it at the door, please; the bell does not work.\",\"total\":{}.{:02},\"updated_at\":\"2026-11-21T09:{:02}:00.123Z\"}}",
        random(u64::MAX),
        random(1_000_000),
        random(2) == 0,
        random(999),
        random(100_000),
        random(90),
        random(100_000),
        random(180),
        random(100_000),
        random(10_000),
        random(100),
        random(60),
    )
}

/// Runs `each` over the messages in turn.
fn measure(bencher: Bencher<'_, '_>, data: Data, mut each: impl FnMut(&[u8], &mut Vec<u8>)) {
    let messages = data.messages();
    let mut out = Vec::with_capacity(1 << 16);
    let mut turn = messages.iter().cycle();
    let bytes = messages.iter().map(Vec::len).sum::<usize>() / messages.len();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        if let Some(message) = turn.next() {
            if out.len() > 1 << 15 {
                out.clear();
            }
            each(black_box(message), &mut out);
        }
    });
}

#[divan::bench(args = ALL, sample_count = 300, sample_size = 2048)]
fn decode(bencher: Bencher<'_, '_>, data: Data) {
    let mut decoder = data.decoder();
    measure(bencher, data, |message, out| decoder.decode(Some(message), out).expect("the data is valid"));
}

#[divan::bench(args = ALL, sample_count = 300, sample_size = 2048)]
fn line(bencher: Bencher<'_, '_>, data: Data) {
    let mut decoder = data.decoder();
    let mut writer = RecordWriter::new("orders", None, columns());
    let mut offset = 0;
    measure(bencher, data, |value, out| {
        offset += 1;
        let message = message(offset, value);
        writer.open(out);
        decoder.decode(message.value, out).expect("the data is valid");
        writer.close(out, &message, [], &[decoder.extra()], EMITTED_AT);
    });
}

const EMITTED_AT: i64 = 1_795_251_600_000;

fn columns() -> MetaColumns {
    let (partition, offset, timestamp, timestamp_type) = (true, true, true, true);
    MetaColumns { partition, offset, timestamp, timestamp_type, headers: true, extra: true, error: true, key: false }
}

fn message(offset: i64, value: &[u8]) -> Message<'_> {
    let timestamp = Some(Timestamp { ms: EMITTED_AT + offset / 16, kind: TimestampType::CreateTime });
    Message { partition: 3, offset: 1_234_567 + offset, timestamp, key: None, value: Some(value) }
}

#[divan::bench(sample_count = 300, sample_size = 2048)]
fn open_and_close(bencher: Bencher<'_, '_>) {
    let mut writer = RecordWriter::new("orders", None, columns());
    let mut offset = 0;
    measure(bencher, Data::Small, |value, out| {
        offset += 1;
        writer.open(out);
        writer.close(out, &message(offset, value), [], &[b""], EMITTED_AT);
    });
}

#[divan::bench(sample_count = 300, sample_size = 2048)]
fn open_and_close_with_headers(bencher: Bencher<'_, '_>) {
    let mut writer = RecordWriter::new("orders", None, columns());
    let mut offset = 0;
    measure(bencher, Data::Small, |value, out| {
        offset += 1;
        let headers = [
            Header { key: b"traceparent", value: Some(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") },
            Header { key: b"source", value: Some(b"shop") },
        ];
        writer.open(out);
        writer.close(out, &message(offset, value), headers, &[b""], EMITTED_AT);
    });
}

#[divan::bench(args = ALL, sample_count = 300, sample_size = 2048)]
fn peer_copy(bencher: Bencher<'_, '_>, data: Data) {
    measure(bencher, data, |message, out| out.extend_from_slice(message));
}

#[divan::bench(args = ALL, sample_count = 300, sample_size = 2048)]
fn peer_ignored_any_and_copy(bencher: Bencher<'_, '_>, data: Data) {
    measure(bencher, data, |message, out| {
        serde_json::from_slice::<IgnoredAny>(message).expect("the data is valid");
        out.extend_from_slice(message);
    });
}

#[divan::bench(args = ALL, sample_count = 300, sample_size = 2048)]
fn peer_raw_value_and_copy(bencher: Bencher<'_, '_>, data: Data) {
    measure(bencher, data, |message, out| {
        let value = serde_json::from_slice::<&RawValue>(message).expect("the data is valid");
        out.extend_from_slice(value.get().as_bytes());
    });
}
