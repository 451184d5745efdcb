# Portevoix in a container: `docker build -t portevoix .`, then compose.yaml. Nothing but the database and its keys is written.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS build
# Debian keeps one version of each package, so there is none to name.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY requirements/run.txt requirements/
RUN python3 -m venv /opt/build \
    && python3 -m venv --without-pip /opt/portevoix \
    && /opt/build/bin/pip --python /opt/portevoix install --no-cache-dir --require-hashes --requirement requirements/run.txt
COPY . .
RUN /opt/build/bin/pip --python /opt/portevoix install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/portevoix/bin/portevoix --version

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 portevoix \
    && useradd --uid 10001 --gid portevoix --no-create-home --home-dir /data --shell /usr/sbin/nologin portevoix \
    && install --directory --mode 700 --owner portevoix --group portevoix /data /keys /backups
COPY --from=build /opt/portevoix /opt/portevoix
# Two arenas: each thread of the database would keep memory of its own that it has given back.
# Inside of the container everybody who is led there may ask: compose.yaml leads there from the machine alone. The token and
# other secrets are found by their names, as `portevoix.token`.
ENV PATH=/opt/portevoix/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    PORTEVOIX_CAMPAIGN=/campaign \
    PORTEVOIX_DATA=/data \
    PORTEVOIX_DATABASE_KEY_FILE=/keys/database.key \
    PORTEVOIX_AUDIT_ANCHOR=/keys/audit.anchors \
    PORTEVOIX_WEB=0.0.0.0:8080 \
    CREDENTIALS_DIRECTORY=/run/secrets
USER 10001
WORKDIR /data
VOLUME ["/data", "/keys", "/backups"]
# A container that is unhealthy goes on trying: `docker ps` shows it, and /health in it says why.
HEALTHCHECK --interval=60s --timeout=15s --start-period=60s --retries=2 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=12)"]
ENTRYPOINT ["portevoix"]
CMD ["run"]
