/** Why a connection test failed, for reports that bring only the cause's name. */
import type { TestFailure } from '@/api/types'

const CAUSES: Record<string, [title: string, nextStep: string]> = {
  bad_url: [
    'The base URL cannot be used',
    'Use the form https://host/path, without user name, query or fragment.',
  ],
  address_not_allowed: [
    'Mosaic may not connect to this address',
    'It is private or reserved, or an IP address in place of a name. Use a public host name, or ask an admin to allow this host and port.',
  ],
  cleartext_not_allowed: [
    'The key would travel unencrypted',
    'Use https. Plain http is for private hosts that an admin allowed.',
  ],
  dns_failed: [
    'The host name was not found',
    "Check the base URL for a typing mistake, and the server's DNS.",
  ],
  connection_refused: [
    'The server refused the connection',
    'Check the port, and that the server runs and listens on more than its own loopback address.',
  ],
  unreachable: [
    'The server could not be reached',
    'Check that this network may reach it, firewalls included.',
  ],
  tls_failed: ['No encrypted connection could be made', 'Check that the server speaks https on this port.'],
  certificate_rejected: [
    "The server's certificate is not trusted here",
    "Check the host name and the certificate's dates. For a company's own authority, add its root to the system's certificates where Mosaic runs.",
  ],
  timed_out: [
    'The server did not answer in time',
    'Try again. If it stays so, check that the server is not overloaded and that a firewall does not swallow the connection.',
  ],
  connection_lost: [
    'The connection broke off before the answer was complete',
    "Try again. If it stays so, look at the server's log.",
  ],
  redirected: [
    'The server sent us to another address, which Mosaic does not follow',
    'Enter the address that the server really answers at.',
  ],
  not_found: ['The server knows no such path', 'Check the base URL: many servers want /v1 at its end.'],
  key_missing: ['This provider needs a key', 'Enter the key.'],
  key_malformed: [
    'The key has characters that no key has',
    'Paste it again without spaces, quotes or line breaks.',
  ],
  key_rejected: ['The provider rejected this key', 'Check that it is active and was pasted in full.'],
  key_forbidden: [
    'The provider does not let this key do that',
    "Check the key's permissions, and that the provider serves your country and network.",
  ],
  quota_exhausted: [
    'The account has no credit or quota left',
    'Add credit at the provider, or use another account.',
  ],
  rate_limited: ['The provider asks for fewer requests', 'Wait a little and try again.'],
  model_unknown: [
    'The provider does not offer this model to this account',
    'Check the model id, or choose one from the list.',
  ],
  request_rejected: [
    'The provider did not accept the request',
    'Check that the kind of provider fits this server, and that the model is one for chat.',
  ],
  overloaded: ['The provider is overloaded', 'Try again in a minute.'],
  server_error: [
    'The provider had an error of its own',
    "Try again in a minute. If it stays so, look at the provider's status page.",
  ],
  bad_answer: [
    "The server answered, but not in this kind's format",
    'Check the base URL and the kind of provider.',
  ],
  answer_too_large: [
    'The answer was larger than Mosaic accepts',
    'Check that the base URL points at an LLM API.',
  ],
}

export function explain(failure: TestFailure): string {
  const [title, nextStep] = CAUSES[failure.cause] ?? [
    'The provider refused',
    'Check what is entered and try again.',
  ]
  const status = failure.status ? ` (${failure.status})` : ''
  const first = failure.title ?? `${title}${status}.`
  const parts = [first, failure.nextStep ?? nextStep]
  if (failure.didYouMean?.length) parts.push(`It does offer: ${failure.didYouMean.join(', ')}.`)
  return parts.join(' ')
}
