import { ArgumentError } from "../errors/argument-error.ts";
import type { Location, RepositoryLocation } from "../location/location.ts";
import type { Toolkit } from "./toolkit.ts";

/** The inputs that the action logs in with. Each is empty if it was not set. */
export interface Login {
  /** For a repository. */
  readonly token: string;
  /** For a CronyxServer, both or neither. For a repository by `git+https:`, the token is the password if that is empty. */
  readonly username: string;
  readonly password: string;
  /** For a CronyxServer: the audience of GitHub's OIDC token. */
  readonly oidcAudience: string;
}

/**
 * The post step reads them again: the step's state is a file, and must hold no secret.
 *
 * @throws ArgumentError for a login that is malformed, or that this kind of location does not take.
 */
export function loadLogin(toolkit: Toolkit, location: Location): Login {
  const [token, username, password] = [
    toolkit.getInput("token"),
    toolkit.getInput("username"),
    toolkit.getInput("password"),
  ];
  for (const secret of [token, password]) if (secret !== "") toolkit.setSecret(secret);
  // The runner hides a secret only as it is written, and basic authentication sends it in base64.
  const sent = location.kind === "server" ? password : (username && password) || token;
  const user = location.kind === "server" ? username : username || "x-access-token";
  if (sent !== "") toolkit.setSecret(Buffer.from(`${user}:${sent}`).toString("base64"));
  const login = { token, username, password, oidcAudience: toolkit.getInput("oidc-audience") };
  switch (location.kind) {
    case "server":
      checkServerLogin(login);
      break;
    case "repository":
      checkRepositoryLogin(login, location);
  }
  return login;
}

function checkRepositoryLogin({ token, username, password, oidcAudience }: Login, location: RepositoryLocation): void {
  if (oidcAudience !== "") {
    throw new ArgumentError("login-of-other-location", {
      field: "oidc-audience",
      problem: "is for a CronyxServer, and the url is that of a repository",
      expected: "the input token instead",
    });
  }
  if ((username !== "" || password !== "") && !location.transport.startsWith("http")) {
    throw new ArgumentError("login-of-other-location", {
      field: "username and password",
      problem: "are for a CronyxServer or a git+https: url",
      expected: location.transport === "ssh" ? "a git+https: url, or an ssh key" : "no login for git+file:",
    });
  }
  if (username === "" && password !== "") {
    throw new ArgumentError("incomplete-login", { field: "username", problem: "is missing, and password is set" });
  }
  checkUsername(username);
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw new ArgumentError("invalid-login", {
      field: "token",
      problem: "contains a space, a line break or a character beyond ASCII, which no token has",
      expected: "the token as it was issued",
    });
  }
}

function checkServerLogin({ username, password, oidcAudience }: Login): void {
  if ((username === "") !== (password === "")) {
    const [missing, given] = username === "" ? ["username", "password"] : ["password", "username"];
    throw new ArgumentError("incomplete-login", { field: missing, problem: `is missing, and ${given} is set` });
  }
  if (username !== "" && oidcAudience !== "") {
    throw new ArgumentError("invalid-login", {
      field: "username and oidc-audience",
      problem: "are both set",
      expected: "username and password, or oidc-audience, whichever the server expects",
    });
  }
  checkUsername(username);
}

function checkUsername(username: string): void {
  // RFC 7617 §2: the first colon ends the user name.
  if (username.includes(":")) {
    throw new ArgumentError("invalid-login", {
      field: "username",
      value: username,
      problem: "contains a colon, which ends the user name in basic authentication",
      expected: "a user name without a colon",
    });
  }
}
