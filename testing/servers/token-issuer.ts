import http from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export interface Key {
  readonly id: string;
  readonly privateKey: CryptoKey;
  readonly published: JWK;
}

export async function newKey(id: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  return { id, privateKey, published: { ...(await exportJWK(publicKey)), kid: id, use: "sig", alg: "RS256" } };
}

/** An OIDC issuer on loopback. It signs with real keys and publishes them as GitHub's issuer does. */
export class Issuer {
  /** The published keys. */
  keys: readonly Key[] = [];
  /** The status of the answer to a request for the keys. */
  status = 200;
  fetches = 0;
  readonly paths = new Set<string | undefined>();
  /** A body to send instead of the keys. */
  bodyInstead: string | null = null;
  #url = "";
  readonly #server = http.createServer((request, response) => {
    this.fetches++;
    this.paths.add(request.url);
    const found = request.url === "/.well-known/jwks";
    response
      .writeHead(found ? this.status : 404, { "content-type": "application/json" })
      .end(this.bodyInstead ?? JSON.stringify({ keys: this.keys.map(({ published }) => published) }));
  });

  get url(): string {
    return this.#url;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** @param at The instant of issue. The token expires five minutes later. A claim that is undefined is left out. */
  token(key: Key, at: number, claims: JWTPayload = {}): Promise<string> {
    const seconds = Math.floor(at / 1000);
    return new SignJWT({
      iss: this.url,
      aud: "cronyx",
      iat: seconds,
      nbf: seconds,
      exp: seconds + 300,
      sub: "repo:octo-org/reports:ref:refs/heads/main",
      repository: "octo-org/reports",
      repository_owner: "octo-org",
      ref: "refs/heads/main",
      ...claims,
    })
      .setProtectedHeader({ alg: "RS256", kid: key.id, typ: "JWT" })
      .sign(key.privateKey);
  }
}
