# One image for every role: `reelgraph dev`, `reelgraph router`, `reelgraph subgraph NAME`, `reelgraph migrate`.
ARG DEBIAN=debian:bookworm-slim
ARG RUST=rust:1.95-slim-bookworm

FROM ${RUST} AS build
WORKDIR /src
COPY . .
# The image's own toolchain, without the components that rust-toolchain.toml asks for and only developers use.
RUN rm rust-toolchain.toml
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    CARGO_PROFILE_RELEASE_DEBUG=none CARGO_PROFILE_RELEASE_STRIP=debuginfo \
    cargo build --release --locked --package reel-app \
    && install -D target/release/reelgraph /out/reelgraph

FROM ${DEBIAN}
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl ffmpeg \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/reelgraph reelgraph \
    && install -d -o reelgraph -g reelgraph /var/lib/reelgraph/files /var/lib/reelgraph/spool
COPY --from=build /out/reelgraph /usr/local/bin/reelgraph
COPY config/reelgraph.yaml /etc/reelgraph/reelgraph.yaml
ENV REELGRAPH_CONFIG=/etc/reelgraph/reelgraph.yaml
USER reelgraph
WORKDIR /var/lib/reelgraph
# Each role listens where its settings say; compose.yaml gives every service its own health check.
ENTRYPOINT ["reelgraph"]
CMD ["--help"]
