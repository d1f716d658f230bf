# Built in one stage, run in another, as a user without rights.
FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --no-create-home footnote
COPY --from=build /src/target/release/footnote /usr/local/bin/footnote
USER footnote
ENTRYPOINT ["footnote"]
CMD ["run"]
