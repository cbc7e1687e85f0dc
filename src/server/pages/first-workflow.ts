import { type Html, html } from "./html.ts";

/** How a workflow reaches this server, as far as the request for the page shows. */
export interface ServerAddress {
  /** Without a path: a proxy's path prefix is unknown here. */
  readonly url: string;
  /** Whether only this machine reaches it. */
  readonly isLocal: boolean;
  readonly login: Login;
}

export type Login =
  | { readonly kind: "none" | "basic" }
  | {
      readonly kind: "oidc";
      readonly audience: string;
    };

/** The shortest workflow that starts a job on this server. */
export function firstWorkflow(address: ServerAddress): Html {
  return html`<div class="sheet card first"><h2>No job has started yet</h2>
<p>A job appears here after its first start. To start one, commit this workflow as <code>.github/workflows/hourly-report.yml</code>, with the account that publishes the action as <code>OWNER</code>, and run it:</p>
<pre tabindex="0" role="region" aria-label="Workflow"><code>${workflowText(address)}</code></pre>
${notes(address).map((note) => html`<p class="faint">${note}</p>`)}</div>`;
}

export function workflowText({ url, login }: ServerAddress): string {
  return [
    "on:",
    "  schedule: [{ cron: 7 * * * * }]",
    "  workflow_dispatch:",
    ...(login.kind === "oidc" ? ["permissions: { id-token: write }"] : []),
    "jobs:",
    "  report:",
    "    runs-on: ubuntu-latest",
    "    steps:",
    "      - uses: OWNER/cronyx-action@v1",
    "        with:",
    `          url: ${url}`,
    ...loginLines(login),
    "          job-name: hourly-report",
    "          job-interval: 0 * * * *",
    '          run: echo "report from $CRONYX_INTERVAL_STARTED_AT"',
  ].join("\n");
}

function loginLines(login: Login): readonly string[] {
  switch (login.kind) {
    case "none":
      return [];
    case "basic":
      return [
        // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's syntax
        "          username: ${{ secrets.CRONYX_USERNAME }}",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's syntax
        "          password: ${{ secrets.CRONYX_PASSWORD }}",
      ];
    case "oidc":
      return [`          oidc-audience: ${JSON.stringify(login.audience)}`];
  }
}

function notes({ isLocal, login }: ServerAddress): readonly Html[] {
  return [
    ...(isLocal
      ? [html`Only this machine reaches this address. For other runners, write the server’s address in their network.`]
      : []),
    ...(login.kind === "basic"
      ? [html`The secrets are the server’s <code>BASIC_AUTH_USERNAME</code> and <code>BASIC_AUTH_PASSWORD</code>.`]
      : []),
    ...(login.kind === "oidc" ? [html`The server’s <code>OIDC_RULES</code> must allow the job.`] : []),
  ];
}
