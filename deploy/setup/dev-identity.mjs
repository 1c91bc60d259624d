// The identity provider of `make dev`: npm's oidc-provider with a form for a user name and a password.
//
//   node dev-identity.mjs PORT PAGES MODULES     PAGES: the origin of the pages; MODULES: what test-oidc.sh prints
//
// The people and their passwords are in dev-people.json; a person's name there is their id here.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [port, pages, modules] = process.argv.slice(2)
const found = createRequire(join(modules, 'provider.mjs')).resolve('oidc-provider')
const { Provider } = await import(pathToFileURL(found))
const { people, client } = JSON.parse(readFileSync(new URL('dev-people.json', import.meta.url)))

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: [`${pages}/api/auth/oidc/callback`],
      post_logout_redirect_uris: [`${pages}/login`],
    },
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  // Fixed keys, so that people stay signed in across restarts of the development server.
  cookies: { keys: ['mosaic-dev'] },
  findAccount: (_, name) => {
    const person = people.find((one) => one.name === name)
    const claims = { preferred_username: name, name: person?.displayName, email: `${name}@example.org`, email_verified: true }
    return person && { accountId: name, claims: () => ({ ...claims, sub: name }) }
  },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  // No user is asked for consent.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
    grant.addOIDCScope('openid profile email')
    await grant.save()
    return grant
  },
})

const form = (wrong) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>
<style>body{font:16px/1.5 system-ui;max-width:22rem;margin:10vh auto;padding:0 1rem}input,button{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem;margin:.25rem 0 1rem}</style>
<h1>Development sign-in</h1>${wrong ? '<p role="alert">No person here has that name and password.</p>' : ''}
<form method="post"><label>User name<input name="name" autofocus></label>
<label>Password<input name="password" type="password"></label><button>Sign in</button></form>
<p>${people.map(({ name, password }) => `<code>${name}</code> / <code>${password}</code>`).join('<br>')}</p></html>`

async function typed(request) {
  let text = ''
  for await (const part of request) text += part
  return new URLSearchParams(text)
}

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next()
  if (ctx.method === 'GET') {
    ctx.body = form(false)
    return
  }
  const fields = await typed(ctx.req)
  const person = people.find(({ name, password }) => name === fields.get('name') && password === fields.get('password'))
  if (person) {
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: person.name } })
    ctx.respond = false
  } else {
    ctx.body = form(true)
  }
})
provider.listen(Number(port), 'localhost')
