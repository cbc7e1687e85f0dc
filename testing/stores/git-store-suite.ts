import { randomBytes, randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../src/action/remedies.ts";
import { NO_OBJECT } from "../../src/store/git/objects.ts";
import { refOf } from "../../src/store/git/ref-name.ts";
import type { JobStore } from "../../src/store/job-store.ts";
import { endingDeadline } from "../clock/ending-deadline.ts";
import { failureOf } from "../errors/failure-of.ts";
import type { BareRepository } from "../git/bare-repository.ts";
import { documentOf, inTime } from "./job-store-suite.ts";

const messageWith = (document: unknown) => `By hand\n\n${JSON.stringify(document)}`;

/** Objects that a user may have put at a job's ref by hand, and the reason that the error must give. */
const FORGERIES: [what: string, make: (repository: BareRepository, name: string) => string, says: string][] = [
  ["a blob", (repository) => repository.git(["hash-object", "-w", "--stdin"], "no commit"), "it is a blob"],
  [
    "a tag",
    (repository, name) => {
      const document = repository.commit(messageWith(documentOf(name)));
      const tag = `object ${document}\ntype commit\ntag x\ntagger A <a@example.com> 0 +0000\n\nA tag\n`;
      return repository.git(["mktag"], tag);
    },
    "it is a tag",
  ],
  [
    "a tree",
    (repository) => repository.git(["mktree"], `100644 blob ${repository.git(["hash-object", "-w", "--stdin"])}\tfile`),
    "it is a tree",
  ],
  ["an empty commit", (repository) => repository.commit(""), "no JSON document"],
  ["a commit of something else", (repository) => repository.commit("Fix the build\n\nAnd {more}"), "no JSON document"],
  [
    "a document that was cut short",
    (repository, name) => repository.commit(messageWith(documentOf(name)).slice(0, -20)),
    "cut short",
  ],
  [
    "a document of a version to come",
    (repository, name) => repository.commit(messageWith({ ...documentOf(name), v: 2 })),
    "of version 2",
  ],
  [
    "another job's document",
    (repository) => repository.commit(messageWith(documentOf("another"))),
    'name is "another"',
  ],
  ["a list", (repository) => repository.commit("By hand\n\n{}[]"), "cut short, or not JSON"],
  [
    "a document with a wrong field",
    (repository, name) => repository.commit(messageWith({ ...documentOf(name), finishedUntil: "yesterday" })),
    'finishedUntil is "yesterday"',
  ],
  ["a long history of something else", (repository) => repository.history(300, "Release 3"), "no JSON document"],
];

/**
 * The tests that each transport to a git repository must pass, in addition to the suite for every store.
 *
 * @param place Returns the repository, and a function that opens a store on it.
 */
export function gitStoreSuite(
  place: () => {
    repository: BareRepository;
    open: (options?: { log: (line: string) => void }) => Promise<JobStore>;
  },
): void {
  const withStore = async <T>(use: (store: JobStore, repository: BareRepository) => Promise<T>): Promise<T> => {
    const { repository, open } = place();
    const store = await open();
    try {
      return await use(store, repository);
    } finally {
      await store.close();
    }
  };

  describe("a ref", () => {
    test("that was deleted reads as no document, and can be created again", () =>
      withStore(async (store, repository) => {
        const name = `deleted ${randomUUID()}`;
        const { version } = await store.swap(null, documentOf(name), inTime());
        expect(await store.read([name], inTime())).toHaveProperty("records.size", 1);
        repository.git(["update-ref", "-d", refOf(name)]);
        expect(await store.read([name], inTime())).toHaveProperty("records.size", 0);
        expect((await store.swap(version, documentOf(name), inTime())).version).toBeNull();
        expect(repository.tip(refOf(name))).toBeNull();
        expect((await store.swap(null, documentOf(name), inTime())).version).not.toBeNull();
      }));

    test("is a commit that git can show, and never has a history", () =>
      withStore(async (store, repository) => {
        const name = `shown ${randomUUID()}`;
        const document = documentOf(name);
        let version: string | null = null;
        for (let swaps = 0; swaps < 3; swaps++) ({ version } = await store.swap(version, document, inTime()));
        expect(repository.tip(refOf(name))).toBe(version);
        expect(repository.git(["rev-list", "--count", refOf(name)])).toBe("1");
        const [subject, ...body] = repository.git(["log", "-1", "--format=%B", refOf(name)]).split("\n\n");
        expect(subject).toBe(`${name}: running for 2026-11-24T00:00:00.000Z to 2026-11-24T01:00:00.000Z`);
        expect(JSON.parse(body.join("\n\n"))).toMatchObject(document);
        expect(repository.git(["ls-tree", refOf(name)])).toBe("");
      }));

    test.each([
      ["under a subject", (json: string) => `By hand\n\n${json}`],
      ["alone", (json: string) => json],
    ])("with a document that git wrote, %s, is read and swapped", (_, message) =>
      withStore(async (store, repository) => {
        const document = documentOf(`by hand ${randomUUID()}`);
        const commit = repository.commit(message(JSON.stringify(document)), repository.history(3, "earlier"));
        repository.git(["push", "--quiet", repository.folder, `${commit}:${refOf(document.name)}`]);
        const record = (await store.read([document.name], inTime())).records.get(document.name);
        expect(record).toMatchObject({ version: commit, state: document });
        expect((await store.swap(commit, document, inTime())).version).not.toBeNull();
        expect(repository.git(["rev-list", "--count", refOf(document.name)])).toBe("1");
      }),
    );

    test.each(FORGERIES)("with %s is an error, and is not changed", (what, forge, says) =>
      withStore(async (store, repository) => {
        const name = `forged: ${what}`;
        const ref = refOf(name);
        const id = forge(repository, name);
        repository.git(["update-ref", ref, id]);
        const error = await failureOf(store.read([name], inTime()));
        expect(error).toMatchObject({ code: "document-damaged", effect: "none" });
        expect(error.message).toContain(`The state document at ${ref} in `);
        expect(error.message).toContain(says);
        expect(actionMessage(error)).toContain("nothing was changed");
        expect((await store.swap(null, documentOf(name), inTime())).version).toBeNull();
        expect(repository.tip(ref)).toBe(id);
        repository.git(["update-ref", "-d", ref]);
      }),
    );

    test("with a document of over 1 MiB is an error", () =>
      withStore(async (store, repository) => {
        const name = "forged: huge";
        const id = repository.commit(messageWith({ ...documentOf(name), more: "x".repeat(1024 * 1024) }));
        repository.git(["update-ref", refOf(name), id]);
        expect(await failureOf(store.read([name], inTime()))).toMatchObject({
          code: "document-damaged",
          message: expect.stringMatching(/is damaged \(.*of (over )?10\d+ bytes/),
        });
        expect(repository.tip(refOf(name))).toBe(id);
        repository.git(["update-ref", "-d", refOf(name)]);
      }));
  });

  describe("a repository", () => {
    test("that refuses a push gives the reason, and the ref does not move", () =>
      withStore(async (store, repository) => {
        const names = { hook: "refused by a hook", locked: "locked", hidden: "hidden" };
        const versions = new Map<string, string | null>();
        for (const name of Object.values(names)) {
          versions.set(name, (await store.swap(null, documentOf(name), inTime())).version);
        }
        const ref = refOf(names.hook);
        repository.hook(
          "update",
          `test "$1" != ${ref} || { echo "Locks belong elsewhere, says the hook" >&2; exit 1; }`,
        );
        writeFileSync(path.join(repository.folder, `${refOf(names.locked)}.lock`), randomBytes(20));
        repository.git(["config", "receive.hideRefs", refOf(names.hidden)]);
        const swapOf = async (name: string, opening: Promise<JobStore>, deadline = inTime()) => {
          const opened = await opening;
          const error = await failureOf(opened.swap(versions.get(name) ?? null, documentOf(name), deadline));
          await opened.close();
          return error;
        };
        // The store sends an update that a lock file prevents again until the deadline.
        const { deadline, pass } = endingDeadline();
        const errors = await Promise.all([
          swapOf(names.hook, place().open()),
          swapOf(names.locked, place().open({ log: pass }), deadline),
          swapOf(names.hidden, place().open()),
        ]);
        repository.git(["config", "--unset", "receive.hideRefs"]);
        repository.hook("update", "exit 0");

        for (const [at, name] of Object.values(names).entries()) {
          const isLocked = name === names.locked;
          expect(errors[at]).toMatchObject({ code: isLocked ? "update-failed" : "update-refused", effect: "none" });
          expect(errors[at]?.message).toMatch(/ (refused to move|does not let pushes see) /);
          expect(errors[at]?.message).toContain(refOf(name));
          expect(actionMessage(errors[at])).toContain(
            isLocked
              ? "remove the file there: rm '/"
              : "let the rules and hooks of that repository allow refs under refs/cronyx/",
          );
          expect(repository.tip(refOf(name))).toBe(versions.get(name));
        }
        expect(errors[0]?.message).toContain("Locks belong elsewhere, says the hook");
        expect(errors[1]?.message).toContain(`${refOf(names.locked)}.lock': File exists`);
        rmSync(path.join(repository.folder, `${refOf(names.locked)}.lock`));
      }));

    test("that refuses all but fast-forward updates gets a chain of commits, which costs no more", () =>
      withStore(async (store, repository) => {
        const document = documentOf(`chained ${randomUUID()}`);
        const ref = refOf(document.name);
        // git's own receive.denyNonFastForwards is about branches only. JGit, gitolite and Gerrit refuse it for all refs.
        const script = `test "$1" != ${ref} || test "$2" = ${NO_OBJECT} || git merge-base --is-ancestor "$2" "$3"`;
        repository.hook("update", script);
        try {
          let { version } = await store.swap(null, document, inTime());
          for (let links = 1; links <= 3; links++) {
            const opened = await place().open();
            const record = (await opened.read([document.name], inTime())).records.get(document.name);
            expect(record?.version).toBe(version);
            ({ version } = await opened.swap(version, record?.state ?? document, inTime()));
            expect(repository.tip(ref)).toBe(version);
            expect(repository.git(["rev-list", "--count", ref])).toBe(String(links + 1));
            await opened.close();
          }
          // As post does it: with the record that main saved, and without a read.
          const { state } = (await store.read([document.name], inTime())).records.get(document.name) ?? {};
          const post = await place().open();
          expect((await post.swap(version, state ?? document, inTime())).version).toBe(repository.tip(ref));
          await post.close();
          expect(repository.git(["rev-list", "--count", ref])).toBe("5");
        } finally {
          repository.hook("update", "exit 0");
        }
      }));

    test("that refuses each update of a ref says so, and names the ref to remove", () =>
      withStore(async (store, repository) => {
        const document = documentOf(`frozen ${randomUUID()}`);
        const ref = refOf(document.name);
        const { version } = await store.swap(null, document, inTime());
        repository.hook(
          "update",
          `test "$1" != ${ref} || { echo "FATAL: + $1 locks bot DENIED by refs/.*" >&2; exit 1; }`,
        );
        const error = await failureOf(store.swap(version, document, inTime()));
        expect(error).toMatchObject({ code: "updates-not-allowed", effect: "none" });
        expect(error.message).toMatch(/FATAL: \+ .*DENIED by refs.*, although the update was fast-forward$/);
        expect(actionMessage(error)).toContain(
          `remove the ref by hand: git push ${error.ref?.repository} --delete ${ref}`,
        );
        expect(repository.tip(ref)).toBe(version);
        repository.hook("update", "exit 0");
      }));

    test("is sound after all of these tests", () => {
      const { repository } = place();
      expect(repository.git(["for-each-ref", "refs/cronyx"]).split("\n").length).toBeGreaterThan(10);
      expect(repository.git(["fsck", "--strict", "--no-dangling"])).toBe("");
    });
  });
}
