import { expect, test } from "@jest/globals";
import { endProcessTree, type ListedProcess } from "../../src/command/process-tree.ts";

const SELF = 900;
const TABLE: readonly ListedProcess[] = [
  { pid: 1, parent: 0, group: 1 },
  { pid: 500, parent: 1, group: 500 }, // the runner
  { pid: SELF, parent: 500, group: 500 },
  { pid: 600, parent: 1, group: 600 }, // the command, whose main step was killed
  { pid: 601, parent: 600, group: 600 },
  { pid: 602, parent: 601, group: 602 }, // a descendant that left the group
  { pid: 603, parent: 602, group: 602 },
  { pid: 700, parent: 1, group: 700 }, // a program of someone else
  { pid: 701, parent: 700, group: 700 },
];

/**
 * @param tables The processes as they are at each signal.
 * @returns the signals that were sent, where the processes end at the last of them.
 */
async function signalled(pid: number, tables: readonly (readonly ListedProcess[])[] = [TABLE]) {
  const sent: [number, string][] = [];
  let listed = 0;
  await endProcessTree(pid, "linux", {
    self: SELF,
    list: async () => tables[listed++] ?? [],
    send: (target, signal) => {
      if (signal !== 0) sent.push([target, signal]);
      return listed < tables.length;
    },
    pause: async () => {},
  });
  return sent;
}

test("the group gets the signal, and each descendant that left the group", async () => {
  expect(await signalled(600)).toEqual([
    [-600, "SIGINT"],
    [602, "SIGINT"],
    [603, "SIGINT"],
  ]);
});

test("descendants of a leader that has ended are found by their group", async () => {
  const orphans = TABLE.filter(({ pid }) => pid !== 600).map((each) =>
    each.pid === 601 ? { ...each, parent: 1 } : each,
  );
  expect((await signalled(600, [orphans])).map(([target]) => target)).toEqual([-600, 602, 603]);
});

test("a process that a trap of the command starts gets the next signal", async () => {
  const trapped = [...TABLE, { pid: 604, parent: 601, group: 604 }];
  expect(await signalled(600, [TABLE, trapped])).toEqual(expect.arrayContaining([[604, "SIGTERM"]]));
});

test.each([
  ["nothing", 0],
  ["all processes", -1],
  ["the first process of the system", 1],
  ["this process", SELF],
  ["the runner", 500],
  ["a process that leads no group", 701],
])("%s: no signal is sent", async (_, pid) => {
  expect(await signalled(pid)).toEqual([]);
});
