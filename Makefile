# Mosaic Fleet. Each target is a script of deploy/setup with the same name; variables are explained
# there. Nothing here knows more than names.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down demo dev psql test test-stop test-networks lint audit fmt hooks images sbom compose-test upgrade-test drill doctor bench bench-proxy bench-queue bench-fleet bench-start bench-idle bench-knowledge bench-ui soak openapi sqlx ui test-ui test-ui-real screenshots

help: ## this list
	@awk -F ': ## ' '/^[a-z-]+: ## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  DATA=folder  LISTEN=host:port  DETACH=1  DATABASE_URL=postgres://…  (up, down, demo, doctor)"
	@echo "  PORT=8100  FRESH=1  REAL=1  (dev)      ARGS='-p domain', ARGS='-p tests chat::': only these, in seconds  (test)"

up: ## everything from a fresh clone to a running Mosaic; DETACH=1: in the background
	@exec deploy/setup/up.sh

down: ## stop what `make up` started
	@exec deploy/setup/down.sh

demo: ## Mosaic with a stand-in for the model, to look around
	@exec deploy/setup/demo.sh

dev: ## Mosaic to work on: hot reload, the server restarts when Rust sources change, people and chats to try
	@exec deploy/setup/dev.sh

psql: ## the database of an instance that runs; AS=usr_… with the rights of that person
	@exec deploy/setup/psql.sh

test: ## all tests, against a real engine, Postgres and agent
	@exec deploy/setup/test.sh

test-stop: ## stop and remove what `make test ARGS=…` keeps: its Postgres
	@exec deploy/setup/test-stop.sh

test-networks: ## two hundred users' networks on this machine's engine (minutes)
	@MOSAIC_TEST_NETWORKS=200 ARGS='-p runtime --test it -- networks::many' deploy/setup/test.sh

lint: ## form and lints, warnings are errors
	@exec deploy/setup/lint.sh

audit: ## pinned packages against known vulnerabilities; OFFLINE=1: by the committed list alone
	@exec deploy/setup/audit.sh

fmt: ## put all code into form
	@cargo fmt --all

hooks: ## have git look at form and lints of what changed before each commit
	@exec deploy/setup/pre-commit.sh install

images: ## all images: the agent's, its stand-in for tests, and those of a compose project
	@deploy/setup/tools.sh && deploy/setup/docker.sh && deploy/setup/images.sh

sbom: ## what each image consists of, as CycloneDX in target/sbom
	@exec deploy/setup/sbom.sh

compose-test: ## the compose project from setup on, then twenty chats while every container is killed (minutes)
	@exec deploy/setup/test-compose.sh

upgrade-test: ## the release before this tree, rolled to this tree under twenty chats (minutes; the first time many more)
	@exec deploy/setup/test-upgrade.sh

drill: ## the compose project backed up, wiped and restored
	@PART=drill exec deploy/setup/test-compose.sh

doctor: ## what works on this machine, and what does not
	@exec deploy/setup/doctor.sh

bench: ## all benchmarks in order, on a quiet machine; ONLY='queue proxy': some
	@exec deploy/setup/bench-all.sh

bench-proxy: ## what Mosaic adds to an answer, beside LiteLLM
	@exec deploy/setup/bench-proxy.sh

ui: ## the pages, as the server carries them
	@deploy/setup/tools.sh && deploy/setup/ui.sh

openapi: ## write api/openapi.json and the pages' types anew, after a change of routes or shapes
	@UPDATE_OPENAPI=1 cargo test --locked --quiet -p api openapi
	@deploy/setup/ui.sh && cd ui && npm run --silent gen

sqlx: ## write .sqlx anew, after a change of a query or a migration
	@exec deploy/setup/sqlx.sh

bench-queue: ## how fast jobs start and end, beside graphile-worker and apalis-postgres
	@exec deploy/setup/bench-queue.sh

bench-fleet: ## a hundred first messages within a second, also while workers are killed
	@exec deploy/setup/bench-fleet.sh

bench-start: ## how long a message waits for an agent that sleeps, and whose time that is
	@exec deploy/setup/bench-start.sh

bench-idle: ## memory of API, worker and Postgres while nobody does anything
	@exec deploy/setup/bench-idle.sh

bench-knowledge: ## how fast and how well the search finds, up to a million rows
	@exec deploy/setup/bench-knowledge.sh

soak: ## ten minutes of jobs while workers are killed and Postgres is restarted and frozen
	@exec deploy/setup/soak.sh

test-ui: ## the pages in a real browser, against a server that serves them
	@exec deploy/setup/test-ui.sh

test-ui-real: ## one journey in the browser on the real OpenClaw, from the setup link on
	@SUITE=e2e:real exec deploy/setup/test-ui.sh

screenshots: ## pictures of every page, for people to look at
	@SUITE=screenshots exec deploy/setup/test-ui.sh

bench-ui: ## frames a second while a long answer streams in
	@SUITE=measure exec deploy/setup/test-ui.sh
