// A real OpenID provider for a test, on loopback. Whoever comes is signed in as the person that
// the test named last: this is about the protocol, and not about asking for passwords.
//
//   node provider.mjs FOLDER    FOLDER holds node_modules; `listening on URL` is printed
//
// PUT /person with {"sub": ..., "preferred_username": ..., "groups": [...]} names the person.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const folder = createRequire(`${process.argv[2]}/package.json`);
const { default: Provider } = await import(pathToFileURL(folder.resolve('oidc-provider')));

let person = { sub: 'nobody' };
const claims = () => ({ ...person });

function provider(issuer) {
  return new Provider(issuer, {
    clients: [{
      client_id: 'res-edge',
      client_secret: 'the-secret-of-the-client',
      redirect_uris: ['http://127.0.0.1/auth/oidc/callback'],
      application_type: 'native',
      token_endpoint_auth_method: 'client_secret_basic',
    }],
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'groups'],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['for a test alone'] },
    findAccount: (_ctx, accountId) => ({ accountId, claims }),
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({
        clientId: client.clientId, accountId: session.accountId,
      });
      grant.addOIDCScope('openid profile groups');
      await grant.save();
      return grant;
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  });
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

const server = createServer();
server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const oidc = provider(issuer);
  const answer = oidc.callback();
  server.on('request', async (request, response) => {
    if (request.method === 'PUT' && request.url === '/person') {
      person = await body(request);
      response.writeHead(204).end();
    } else if (request.url.startsWith('/interaction/')) {
      await oidc.interactionFinished(request, response, {
        login: { accountId: person.sub }, consent: {},
      });
    } else {
      answer(request, response);
    }
  });
  console.log(`listening on ${issuer}`);
});
