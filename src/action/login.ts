import { isServerUrl } from "../backend/server-url.ts";
import { ArgumentError } from "../scheduler/argument-error.ts";
import type { Toolkit } from "./toolkit.ts";

/** What shows those who keep the locks who asks. Each is empty if it wasn't given. */
export interface Login {
  /** For a repository. */
  readonly token: string;
  /** For a CronyxServer, together. */
  readonly username: string;
  readonly password: string;
  /** For a CronyxServer: whom GitHub's OIDC token is to be meant for. */
  readonly oidcAudience: string;
}

/**
 * Read anew by the post step: state is a file, and holds no secret.
 *
 * @throws ArgumentError for what is wrong, or no use with this `url`.
 */
export function loadLogin(toolkit: Toolkit, url: string): Login {
  const token = toolkit.getInput("token");
  const password = toolkit.getInput("password");
  for (const secret of [token, password]) if (secret !== "") toolkit.setSecret(secret);
  const login = {
    token,
    username: toolkit.getInput("username"),
    password,
    oidcAudience: toolkit.getInput("oidc-audience"),
  };
  if (isServerUrl(url)) checkServerLogin(login);
  else checkRepositoryLogin(login);
  return login;
}

function checkRepositoryLogin({ token, username, password, oidcAudience }: Login): void {
  if (username !== "" || password !== "" || oidcAudience !== "") {
    throw new ArgumentError(
      "The inputs username, password and oidc-audience are for a CronyxServer, and the url is that of a repository: give the input token for it, and leave them out",
    );
  }
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw new ArgumentError(
      "The input token holds a space, a line break or a character beyond ASCII, as no token does: give it as it was issued",
    );
  }
}

function checkServerLogin({ username, password, oidcAudience }: Login): void {
  if ((username === "") !== (password === "")) {
    const missing = username === "" ? "username" : "password";
    throw new ArgumentError(`The input ${missing} is missing: give username and password together, or neither`);
  }
  if (username !== "" && oidcAudience !== "") {
    throw new ArgumentError(
      "The inputs username and oidc-audience are both given: give username and password, or oidc-audience, as the server expects it",
    );
  }
  // RFC 7617 §2: the first colon ends the name.
  if (username.includes(":")) {
    throw new ArgumentError(
      `The input username is ${JSON.stringify(username)}: give one without a colon, which basic authentication ends the name with`,
    );
  }
}
