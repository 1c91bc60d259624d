// A real OpenID provider for the tests: `node provider.mjs <port> <mosaic's origin>`. Every sign-in succeeds
// immediately as the person set by PUT /person. There is no sign-in page, so a test only has to follow redirects.
import { Provider } from "oidc-provider";

const [port, mosaic] = process.argv.slice(2);
let person = { sub: "nobody" };

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: "mosaic",
      client_secret: "the client secret canary",
      redirect_uris: [`${mosaic}/api/auth/oidc/callback`],
      post_logout_redirect_uris: [`${mosaic}/login`],
      backchannel_logout_uri: `${mosaic}/api/auth/oidc/backchannel-logout`,
      backchannel_logout_session_required: true,
    },
  ],
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["name", "preferred_username", "groups"],
  },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = `<!DOCTYPE html>${form}`;
      },
    },
  },
  pkce: { required: () => true },
  // The default fetch refuses to send logout tokens to this machine.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...person, sub }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});

async function body(request) {
  let text = "";
  for await (const part of request) text += part;
  return JSON.parse(text);
}

provider.use(async (ctx, next) => {
  if (ctx.method === "PUT" && ctx.path === "/person") {
    person = await body(ctx.req);
    ctx.status = 204;
  } else if (ctx.path.startsWith("/interaction/")) {
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: person.sub } });
    ctx.respond = false;
  } else {
    await next();
  }
});
provider.listen(Number(port), "localhost", () => console.log("listening"));
