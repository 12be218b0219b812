# btl in a container: docker build -t belowtheline .
# tests/test_wheel.py builds the wheel from what is copied here, in a bare directory.
FROM python:3.12-slim AS build
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE datasette-metadata.json ./
COPY archive archive
COPY crawler crawler
RUN python -m venv /opt/btl
# The versions of constraints.txt without its hashes: pip knows none for the project itself.
RUN sed -E 's/ *\\?$//; /^ *--hash=/d' constraints.txt > versions.txt \
 && /opt/btl/bin/python -m pip install --no-cache-dir --constraint versions.txt .

FROM python:3.12-slim
COPY --from=build /opt/btl /opt/btl
RUN useradd --create-home --uid 10001 btl && install -d -o btl -g btl /data
USER btl
WORKDIR /data
VOLUME /data
EXPOSE 8001
ENTRYPOINT ["/opt/btl/bin/btl"]
CMD ["--help"]
