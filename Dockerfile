# mintmark for a container: one image for "worker", "web" and "migrate", without the embedded Postgres.
# The base is pinned by the digest of its index, for every platform alike; raise tag and digest together, in both stages.

FROM python:3.11.17-slim-trixie@sha256:45037981b62b34b44602584fccbc4d884d5f7dc92c7ee86bb38a698a79fe1e51 AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src

# What a worker needs, as locked, from wheels alone: no compiler in any stage.
COPY requirements.lock ./
RUN python -m venv --without-pip /venv \
 && python -m pip --python /venv/bin/python install --only-binary :all: --require-hashes -r requirements.lock

# What builds our own wheel, from the same lock as everybody's, and none of it goes further than this stage.
COPY requirements-dev.lock ./
RUN awk '/^[a-z]/ { keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } keep' requirements-dev.lock > build.lock \
 && python -m pip install --only-binary :all: --require-hashes -r build.lock

COPY pyproject.toml README.md LICENSE ./
COPY migrations ./migrations
COPY worker ./worker
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m pip --python /venv/bin/python install --no-deps --no-index /wheels/*.whl


FROM python:3.11.17-slim-trixie@sha256:45037981b62b34b44602584fccbc4d884d5f7dc92c7ee86bb38a698a79fe1e51
ENV PATH=/venv/bin:$PATH HOME=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 WORKER_OPS__HOST=0.0.0.0
COPY --from=build /venv /venv
WORKDIR /app
COPY worker.toml ./
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('WORKER_OPS__PORT', '8080') + '/readyz', timeout=4)"]
ENTRYPOINT ["mintmark"]
CMD ["worker"]
