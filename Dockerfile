# The image, built from source. It needs a registry for the first stage, and for cargo its index:
#
#   docker build -t glyphfall:dev .
#
# Where no image can be pulled, `cargo xtask image` builds the same from Dockerfile.prebuilt.
ARG RUST_VERSION=1.95.0
FROM rust:${RUST_VERSION}-slim-bookworm AS build
WORKDIR /src
COPY . .
# Static binaries and empty folders, as target/image.
RUN cargo xtask dist

# Nothing but our programs: no shell, no package manager, no certificates, no C library.
FROM scratch
COPY --from=build /src/target/image/bin/ /bin/
# Folders that named volumes are made from: they take over the owner.
COPY --from=build --chown=65532:65532 /src/target/image/state/ /
USER 65532:65532
ENV PATH=/bin GLYPHFALL_DATA=/data GLYPHFALL_TOKENS=/tokens
# Starts a program with the tokens that all containers share, in its own place.
ENTRYPOINT ["glyphfall", "tokens"]
