/* Creates a topic and fills it with seeded records, as fast as librdkafka can produce:
 *
 *   generate BOOTSTRAP TOPIC SHAPE RECORDS PARTITIONS COMPRESSION SEED     fills a topic
 *   generate - - SHAPE RECORDS - - SEED                                    prints the payloads, a line each
 *
 * Record i depends on (SEED, SHAPE, i) alone, so a smaller topic is a prefix of the larger one, and two machines get
 * the same bytes. Python would take minutes for the full sizes; this takes seconds.
 *
 * Shapes: `order` (flat, 10 fields, 244 B on average: D1, D1z, D6), `nested` (1 555 B: D2), `tiny` (22 B: D5),
 * `large` (1 MB: D7). No two records repeat each other, which does a decoder that learns from its input no favour.
 * Records have no key and no headers; timestamps are explicit, one millisecond apart, so that they are reproducible too
 * (and retention by time is switched off, because they lie in the past).
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rdkafka.h"

#define LARGE_TARGET 990000 /* below message.max.bytes of broker and client, both about 1 MB by default */
#define FIRST_TIMESTAMP_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

static uint64_t random_state;

/* splitmix64: tiny, good enough for test data, and any start value is a fine seed. */
static uint64_t next_random(void) {
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t bound) { return (uint32_t)((next_random() >> 32) * bound >> 32); }

/* The text under construction. */
static char text[2 * LARGE_TARGET];
static size_t length;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    length += (size_t)vsnprintf(text + length, sizeof text - length, format, arguments);
    va_end(arguments);
}

#define PICK(list) list[below((uint32_t)(sizeof list / sizeof *list))]

/* One name in six is outside ASCII and one word in forty has an escape, as in real text. */
static const char *const first_names[] = {"Maria", "James", "Olena", "Zo\xc3\xab", "Chen", "Fatima",
                                          "Ravi", "J\xc3\xbcrgen", "Aiko", "Pedro", "Grace", "Noah"};
static const char *const last_names[] = {"Kowalski", "Smith", "Nakamura", "Garc\xc3\xad" "a", "Okafor", "Andersen",
                                         "Patel", "M\xc3\xbcller", "Rossi", "Dubois", "Novak", "Silva"};
static const char *const words[] = {"order", "window", "paper", "green", "delivery", "fragile", "second", "door",
                                    "call", "before", "noon", "gift", "wrapped", "urgent", "the", "box",
                                    "left", "neighbour", "blue", "label", "keep", "dry", "top", "floor",
                                    "return", "if", "absent", "thanks", "please", "ring", "twice", "\\\"bell\\\"",
                                    "caf\xc3\xa9", "north", "gate", "code", "ask", "for", "size", "stock"};
static const char *const states[] = {"new", "paid", "packed", "shipped", "delivered", "returned"};
static const char *const currencies[] = {"EUR", "USD", "JPY", "GBP", "BRL", "INR"};
static const char *const cities[] = {"Berlin", "Lisboa", "Osaka", "Toronto", "Krak\xc3\xb3w", "Nairobi", "Austin", "Lyon"};

static void put_words(uint32_t count) {
    put("\"");
    for (uint32_t i = 0; i < count; i++)
        put(i ? " %s" : "%s", PICK(words));
    put("\"");
}

static void put_time(uint64_t i) {
    uint64_t seconds = i / 1000;
    put("\"2026-%02u-%02uT%02u:%02u:%02u.%03uZ\"", (unsigned)(seconds / 86400 / 28 % 12 + 1),
        (unsigned)(seconds / 86400 % 28 + 1), (unsigned)(seconds / 3600 % 24), (unsigned)(seconds / 60 % 60),
        (unsigned)(seconds % 60), (unsigned)(i % 1000));
}

static void put_order(uint64_t i) {
    const char *first = PICK(first_names), *last = PICK(last_names);
    put("{\"id\":%" PRIu64 ",\"customer\":\"%s %s\",\"email\":\"user%u@example.com\",\"amount\":%u.%02u", 1000000 + i,
        first, last, below(1000000), below(5000), below(100));
    put(",\"currency\":\"%s\",\"status\":\"%s\",\"created_at\":", PICK(currencies), PICK(states));
    put_time(i);
    put(",\"items\":%u,\"paid\":%s,\"note\":", below(20) + 1, below(2) ? "true" : "false");
    if (below(8))
        put_words(7 + below(5));
    else
        put("null");
    put("}");
}

static void put_nested(uint64_t i) {
    put("{\"order_id\":\"%08x-%04x-%04x\",\"sequence\":%" PRIu64 ",\"created_at\":", (unsigned)next_random(), below(65536),
        below(65536), i);
    put_time(i);
    put(",\"customer\":{\"id\":%u,\"name\":\"%s %s\",\"vip\":%s,\"address\":{\"street\":", below(10000000),
        PICK(first_names), PICK(last_names), below(5) ? "false" : "true");
    put_words(3);
    put(",\"city\":\"%s\",\"zip\":\"%05u\",\"geo\":[%d.%05u,%d.%05u]}}", PICK(cities), below(100000),
        (int)below(180) - 90, below(100000), (int)below(360) - 180, below(100000));
    put(",\"lines\":[");
    for (uint32_t line = 0, lines = 5 + below(5); line < lines; line++) {
        put("%s{\"sku\":\"SKU-%07u\",\"title\":", line ? "," : "", below(10000000));
        put_words(4);
        put(",\"quantity\":%u,\"price\":%u.%02u,\"tax\":{\"rate\":0.%02u,\"code\":\"T%u\"},\"discount\":", below(9) + 1,
            below(900), below(100), below(25), below(9));
        if (below(3))
            put("null");
        else
            put("{\"percent\":%u,\"reason\":\"campaign\"}", below(50));
        put(",\"tags\":[\"%s\",\"%s\"]}", PICK(words), PICK(words));
    }
    put("],\"payment\":{\"method\":\"card\",\"currency\":\"%s\",\"amount\":%u.%02u,\"captured\":%s},\"status\":\"%s\",\"comment\":",
        PICK(currencies), below(9000), below(100), below(2) ? "true" : "false", PICK(states));
    put_words(3 + below(6));
    put("}");
}

static void put_large(uint64_t i) {
    put("{\"id\":%" PRIu64 ",\"rows\":[", i);
    for (uint64_t row = 0; length < LARGE_TARGET; row++) {
        if (row)
            put(",");
        put_order(i * 10000 + row);
    }
    put("],\"complete\":true}");
}

static void build(const char *shape, uint64_t seed, uint64_t i) {
    random_state = seed * UINT64_C(0xd1342543de82ef95) + i * UINT64_C(0x2545f4914f6cdd1d);
    length = 0;
    if (!strcmp(shape, "order"))
        put_order(i);
    else if (!strcmp(shape, "nested"))
        put_nested(i);
    else if (!strcmp(shape, "tiny"))
        put("{\"id\":%" PRIu64 ",\"v\":%u}", 1000000 + i, 100 + below(900));
    else if (!strcmp(shape, "large"))
        put_large(i);
    else {
        fprintf(stderr, "generate: unknown shape %s\n", shape);
        exit(2);
    }
}

static uint64_t delivered, refused;

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
    (void)client, (void)opaque;
    message->err ? refused++ : delivered++;
}

static void must(int ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "generate: %s\n", what);
        exit(1);
    }
}

static void create_topic(rd_kafka_t *client, const char *topic, int partitions) {
    char error[256] = "";
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, 1, error, sizeof error);
    must(wanted != NULL, error);
    rd_kafka_NewTopic_set_config(wanted, "retention.ms", "-1");
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_CreateTopics(client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 60000);
    must(event && !rd_kafka_event_error(event), event ? rd_kafka_event_error_string(event) : "no answer to CreateTopics");
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    must(count == 1 && !rd_kafka_topic_result_error(results[0]), "the topic was not created (does it exist already?)");
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(wanted);
}

int main(int argc, char **argv) {
    must(argc == 8, "BOOTSTRAP TOPIC SHAPE RECORDS PARTITIONS COMPRESSION SEED");
    const char *topic = argv[2], *shape = argv[3];
    uint64_t records = strtoull(argv[4], NULL, 10), seed = strtoull(argv[7], NULL, 10), bytes = 0;
    if (!strcmp(topic, "-")) {
        for (uint64_t i = 0; i < records; i++) {
            build(shape, seed, i);
            text[length++] = '\n';
            fwrite(text, 1, length, stdout);
        }
        return 0;
    }
    int partitions = atoi(argv[5]);
    must(partitions > 0, "PARTITIONS must be positive");

    /* Idempotence keeps order and count exact whatever happens on the way. Linger lets batches fill as on a busy topic. */
    const char *settings[][2] = {{"bootstrap.servers", argv[1]},      {"compression.type", argv[6]},
                                 {"enable.idempotence", "true"},      {"linger.ms", "50"},
                                 {"log_level", "3"}, /* a young broker makes the first requests wait, with warnings */
                                 {"queue.buffering.max.messages", "500000"}, {"queue.buffering.max.kbytes", "262144"}};
    char error[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        must(rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error, sizeof error) == RD_KAFKA_CONF_OK, error);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    must(client != NULL, error);
    create_topic(client, topic, partitions);

    /* Runs of consecutive records go to one partition, as sticky partitioners do, with several runs per partition. */
    uint64_t run = records / (uint64_t)partitions / 4;
    run = run < 1 ? 1 : run > 1000 ? 1000 : run;
    for (uint64_t i = 0; i < records; i++) {
        build(shape, seed, i);
        bytes += length;
        int32_t partition = (int32_t)(i / run % (uint64_t)partitions);
        rd_kafka_resp_err_t problem;
        while ((problem = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                                            RD_KAFKA_V_VALUE(text, length), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                            RD_KAFKA_V_TIMESTAMP(FIRST_TIMESTAMP_MS + (int64_t)i),
                                            RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(client, 100);
        must(!problem, rd_kafka_err2str(problem));
        if (i % 256 == 0)
            rd_kafka_poll(client, 0);
    }
    must(!rd_kafka_flush(client, 120000), "flush timed out");
    must(delivered == records && refused == 0, "not every record was delivered");

    /* What the broker says it holds is what every reader will be held to. */
    uint64_t held = 0;
    for (int partition = 0; partition < partitions; partition++) {
        int64_t low, high;
        rd_kafka_resp_err_t problem = rd_kafka_query_watermark_offsets(client, topic, partition, &low, &high, 30000);
        must(!problem, rd_kafka_err2str(problem));
        held += (uint64_t)(high - low);
    }
    must(held == records, "the broker holds another number of records than was produced");
    rd_kafka_destroy(client);
    printf("{\"records\":%" PRIu64 ",\"payload_bytes\":%" PRIu64 "}\n", records, bytes);
    return 0;
}
