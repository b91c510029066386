# syntax is plain Dockerfile: docker, buildx and podman build it alike.
FROM rust:1.95-bookworm AS build
WORKDIR /build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsasl2-dev libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*

# Dependencies first, in a layer that changes only with the manifest: librdkafka's own configure and make, zlib, zstd and
# jemalloc are the larger part of the build. An empty crate stands in for ours.
# rust-toolchain.toml stays outside (.dockerignore): it names a channel, and rustup would go and fetch it.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir src && touch src/lib.rs && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --bin source-kafka \
    && rm -r src

# COPY keeps the files' times, which may be older than the stand-in's.
COPY src src
RUN find src -name '*.rs' -exec touch {} + \
    && cargo build --release --locked --bin source-kafka


# OpenSSL, Cyrus SASL and Kerberos are Debian's, so that a security update of theirs is a rebuild of this layer. `kinit` is
# in krb5-user; without its configuration package there is no /etc/krb5.conf, which the configuration brings.
# A shell, `sleep` and `mv` are demanded by Airbyte on Kubernetes, `tee` by its acceptance tests: hence Debian, not scratch.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates krb5-user libsasl2-2 libsasl2-modules-gssapi-mit libssl3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
    && groupadd --gid 1000 airbyte \
    && useradd --uid 1000 --gid airbyte --home-dir /airbyte --no-create-home --shell /bin/sh airbyte \
    && install -d -o airbyte -g airbyte -m 0755 /airbyte /secrets /config /custom_cache \
    && chown airbyte:airbyte /tmp

COPY LICENSE /usr/share/doc/source-kafka/copyright
COPY --from=build /build/target/release/source-kafka /usr/local/bin/source-kafka

ENV TZ=UTC \
    AIRBYTE_ENTRYPOINT="/usr/local/bin/source-kafka"
LABEL io.airbyte.name="source-kafka/source-kafka-rs" \
      io.airbyte.version="0.1.0"
USER airbyte
WORKDIR /airbyte
ENTRYPOINT ["/usr/local/bin/source-kafka"]
