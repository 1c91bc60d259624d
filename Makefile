# Mosaic Fleet. Each target is a script of deploy/setup with the same name; variables are explained
# there. Nothing here knows more than names.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down demo test test-networks lint fmt images sbom compose-test drill doctor bench-proxy bench-queue bench-fleet bench-start bench-idle bench-knowledge bench-ui soak openapi ui test-ui test-ui-real screenshots

help: ## this list
	@awk -F ': ## ' '/^[a-z-]+: ## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  DATA=folder  LISTEN=host:port  DETACH=1  DATABASE_URL=postgres://…  (up, down, demo, doctor)"
	@echo "  ARGS='-p jobs'  instead of --workspace  (test)"

up: ## everything from a fresh clone to a running Mosaic; DETACH=1: in the background
	@exec deploy/setup/up.sh

down: ## stop what `make up` started
	@exec deploy/setup/down.sh

demo: ## Mosaic with a stand-in for the model, to look around
	@exec deploy/setup/demo.sh

test: ## all tests, against a real engine, Postgres and agent
	@exec deploy/setup/test.sh

test-networks: ## two hundred users' networks on this machine's engine (minutes)
	@MOSAIC_TEST_NETWORKS=200 ARGS='-p runtime --test it -- networks::many' deploy/setup/test.sh

lint: ## form and lints, warnings are errors
	@exec deploy/setup/lint.sh

fmt: ## put all code into form
	@cargo fmt --all

images: ## all images: the agent's, its stand-in for tests, and those of a compose project
	@deploy/setup/tools.sh && deploy/setup/docker.sh && deploy/setup/images.sh

sbom: ## what each image consists of, as CycloneDX in target/sbom
	@exec deploy/setup/sbom.sh

compose-test: ## the compose project from setup on, then twenty chats while every container is killed (minutes)
	@exec deploy/setup/test-compose.sh

drill: ## the compose project backed up, wiped and restored
	@PART=drill exec deploy/setup/test-compose.sh

doctor: ## what works on this machine, and what does not
	@exec deploy/setup/doctor.sh

bench-proxy: ## what Mosaic adds to an answer, beside LiteLLM
	@exec deploy/setup/bench-proxy.sh

ui: ## the pages, as the server carries them
	@deploy/setup/tools.sh && deploy/setup/ui.sh

openapi: ## write api/openapi.json and the pages' types anew, after a change of routes or shapes
	@UPDATE_OPENAPI=1 cargo test --locked --quiet -p api openapi
	@deploy/setup/ui.sh && cd ui && npm run --silent gen

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
