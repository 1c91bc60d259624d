#!/usr/bin/env bash
# Owns: `make demo`: Mosaic with a stand-in for the model, set up and ready to chat, so that everything
# can be tried without an account anywhere. Own data folder; Ctrl-C stops both.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export DATA=$DATA-demo LISTEN DETACH=1
url=http://${LISTEN/#0.0.0.0:/127.0.0.1:}
password='a password for the demo'
running >/dev/null && die "the demo runs already: $url (stop it by: make down DATA=$DATA)"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
(cd "$ROOT" && cargo build --locked --release -p stub-llm)
# Agents call the model from inside their containers: it must listen where those reach this host.
bridge=$(docker network inspect bridge -f '{{(index .IPAM.Config 0).Gateway}}')
llm=${DEMO_LLM:-${bridge:-172.17.0.1}:8099}
"$TARGET/release/stub-llm" --addr "$llm" &
at_exit "kill_tree $!"
"$SETUP/up.sh"
at_exit "$SETUP/down.sh"

jar=$(mktemp)
at_exit "rm -f $jar"
call() { curl -fsS -b "$jar" -c "$jar" -H 'Content-Type: application/json' "$@"; }
if call "$url/api/onboarding" | grep -q '"completed":false'; then
  token=$(grep -o 'setup#token=[^" ]*' "$DATA/mosaic.log" | tail -n 1 | cut -d = -f 2)
  call "$url/api/onboarding/breakglass" -H "X-Setup-Token: $token" -d "{\"username\":\"demo\",\"password\":\"$password\"}"
  call "$url/api/onboarding/provider" -d "{\"kind\":\"openai-compatible\",\"name\":\"Demo\",\"baseUrl\":\"http://$llm/v1\",\"apiKey\":\"none-needed\",\"models\":[{\"id\":\"stub-1\"}],\"allowPrivateHost\":true}"
  call "$url/api/onboarding/agent" -d '{"name":"Ada","model":"demo/stub-1"}'
  call -X POST "$url/api/onboarding/complete"
else
  call "$url/api/auth/login" -d "{\"username\":\"demo\",\"password\":\"$password\"}"
fi >/dev/null
key=$(call "$url/api/tokens" -d '{"name":"demo","scopes":["chat"],"expiresInDays":1}' | sed 's/.*"token":"\([^"]*\)".*/\1/')

cat >&2 <<NOTICE
+------------------------------------------------------------------------------
|  DEMO: answers come from a small stand-in on this machine, not from a real
|  model. Nothing is sent anywhere. Data: $DATA
|
|  $url   user: demo   password: $password
|
|  Talk to the agent (its first answer waits for its container to start):
|
|  curl -N $url/v1/chat/completions -H 'Authorization: Bearer $key' \\
|    --json '{"model":"ada","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
|
|  Ctrl-C ends the demo.
+------------------------------------------------------------------------------
NOTICE
pid=$(running)
while kill -0 "$pid" 2>/dev/null; do sleep 1; done
