# modelgate as a container image: an interpreter, one virtual environment, no installer, no compiler, no shell needed.
# By digest, for an image that is the same tomorrow; this line finds today's, for `--build-arg PYTHON_IMAGE=`:
#   docker buildx imagetools inspect python:3.15-slim --format 'python:3.15-slim@{{.Manifest.Digest}}'
ARG PYTHON_IMAGE=python:3.15-slim

FROM ${PYTHON_IMAGE} AS build
# requirements/all.txt adds the AWS and Google Cloud clients and the sandbox.
ARG REQUIREMENTS=requirements/runtime.txt
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The dependencies are a layer of their own: a change of modelgate's code does not fetch them again.
COPY requirements requirements
RUN python3 -m venv /tools \
 && /tools/bin/pip install --no-deps --require-hashes --requirement requirements/build.txt \
 && python3 -m venv --without-pip /opt/modelgate \
 && /tools/bin/pip --python /opt/modelgate/bin/python install --no-compile --only-binary :all: \
      --no-deps --require-hashes --requirement "${REQUIREMENTS}"
COPY . .
RUN /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && /tools/bin/pip --python /opt/modelgate/bin/python install --no-compile --no-deps --no-index /dist/*.whl \
 && /tools/bin/pip --python /opt/modelgate/bin/python check
# Compiled once here, as nothing can be written later. Unchecked: whoever rewrites the layers' times costs no start-up.
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/modelgate/lib

FROM ${PYTHON_IMAGE}
# The official image comes without compiled files of the standard library: each start would compile it again.
RUN python3 -m pip uninstall --yes --quiet --root-user-action ignore pip \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash -x 'site-packages|/(test|idlelib|tkinter|ensurepip)/' \
      "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
 && install -d -o 65532 -g 65532 /var/lib/modelgate /run/modelgate
COPY --from=build /opt/modelgate /opt/modelgate
ENV PATH=/opt/modelgate/bin:$PATH \
    PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    MODELGATE_CONFIG_DIR=/etc/modelgate
# The one place that SQLite's default file needs written; /run/modelgate is for what is handed over. Mount volumes there.
WORKDIR /var/lib/modelgate
USER 65532:65532
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="modelgate" \
      org.opencontainers.image.description="A gate in front of every deployment that uses the Claude API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENTRYPOINT ["modelgate"]
CMD ["--help"]
