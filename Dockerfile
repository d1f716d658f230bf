# Built in one stage, run in another, as a user without rights.
#   docker build -t footnote .                                             words and the table
#   docker build -t footnote --build-arg FEATURES=download-libtorch .      with the transformer, half a gigabyte more
FROM rust:1-slim-bookworm AS build
ARG FEATURES=""
RUN apt-get update && apt-get install --no-install-recommends --yes g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# libtorch's libraries, where there are any, move to the place that the finished program looks in.
RUN cargo build --release --locked --features "$FEATURES" \
    && mkdir -p /out/lib && cp target/release/footnote /out/ \
    && find target -path '*libtorch/lib/*.so*' -exec cp -n {} /out/lib/ ';'

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --no-install-recommends --yes libgomp1 ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home footnote
COPY --from=build /out/footnote /usr/local/bin/footnote
COPY --from=build /out/lib /usr/local/lib/footnote
RUN echo /usr/local/lib/footnote > /etc/ld.so.conf.d/footnote.conf && ldconfig
USER footnote
WORKDIR /home/footnote
ENTRYPOINT ["footnote"]
CMD ["run"]
