import { oneLine } from "../backend/one-line.ts";
import { MAX_BEHIND } from "../scheduler/decide.ts";
import { DAY, HOUR, type Instant, MINUTE, SECOND } from "../scheduler/instant.ts";
import { latenessOf } from "../scheduler/late-text.ts";
import { type EndedRun, endingOf, type Holder, type Lock } from "../scheduler/state-document.ts";
import type { WhatComesNext } from "../scheduler/what-comes-next.ts";
import { cutEnd, cutMiddle, displayWidth, isAscii, paddingOf } from "./display-width.ts";
import type { RowState, StatusRow } from "./status-rows.ts";

const HEADINGS = { job: "JOB", state: "STATE", next: "NEXT DUE", lastRun: "LAST RUN", holder: "HELD BY" } as const;
type Column = keyof typeof HEADINGS;
type Cells = Readonly<Record<Column, string>>;

const GAP = "  ";
/** A job's name is not cut to fewer columns, unless all other columns are full. */
const SHORTEST_NAME = 12;

interface TableOptions {
  readonly now: Instant;
  /** The most columns of the terminal that a line takes. */
  readonly width: number;
  /** Colours the text of a state. */
  readonly paint: (state: RowState, text: string) => string;
  /**
   * Moves the cursor to a column of the terminal, counted from 1. Terminals differ in the width of some emoji, so they are asked
   * to begin the next column at its place. Null: the output is no terminal.
   */
  readonly moveTo: ((column: number) => string) | null;
}

/** @returns the lines of the table, the headings first. */
export function statusTable(rows: readonly StatusRow[], options: TableOptions): readonly string[] {
  const { now, width, paint, moveTo } = options;
  const separate = rows.map((row) => cellsOf(row, now));
  const all: readonly Column[] = separate.some(({ holder }) => holder !== "")
    ? ["job", "state", "next", "lastRun", "holder"]
    : ["job", "state", "next", "lastRun"];
  const isWide = sumOf(naturalWidths(all, [HEADINGS, ...separate])) <= width;
  const columns = isWide ? all : all.filter((column) => column !== "holder");
  const cells = isWide ? separate : separate.map(withHolderAsLastRun);
  const [names = 0, ...widths] = fittedWidths(columns, [HEADINGS, ...cells], width);
  const line = (row: Cells, paintState = (text: string) => text) => {
    const name = cutMiddle(row.job, names);
    const move = moveTo !== null && !isAscii(name) ? moveTo(names + GAP.length + 1) : "";
    const others = columns.slice(1).map((column, at) => {
      const text = cutEnd(row[column], widths[at] ?? 0);
      return (column === "state" ? paintState(text) : text) + paddingOf(text, widths[at] ?? 0);
    });
    return `${name}${paddingOf(name, names)}${GAP}${move}${others.join(GAP)}`.trimEnd();
  };
  return [line(HEADINGS), ...cells.map((row, at) => line(row, (text) => paint(rows[at]?.state ?? "free", text)))];
}

/** A narrow table has one column for both: a lock's holder is the job's last run. */
function withHolderAsLastRun(cells: Cells): Cells {
  return { ...cells, lastRun: cells.holder || cells.lastRun };
}

function naturalWidths(columns: readonly Column[], cells: readonly Cells[]): readonly number[] {
  return columns.map((column) => cells.reduce((most, row) => Math.max(most, displayWidth(row[column])), 0));
}

function sumOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
}

/** The names give way first, then the last column. */
function fittedWidths(columns: readonly Column[], cells: readonly Cells[], width: number): readonly number[] {
  const [names = 0, ...others] = naturalWidths(columns, cells);
  const surplus = Math.max(0, sumOf([names, ...others]) - width);
  const fromNames = Math.min(surplus, Math.max(0, names - SHORTEST_NAME));
  const last = others.at(-1) ?? 0;
  return [names - fromNames, ...others.slice(0, -1), last - (surplus - fromNames)];
}

function cellsOf({ name, state, job }: StatusRow, now: Instant): Cells {
  const shown = oneLine(name);
  if (job === null) return { job: shown, state, next: "", lastRun: "", holder: "" };
  const { active, history } = job.state;
  return {
    job: shown,
    state,
    next: nextText(job.next, now),
    lastRun: history[0] === undefined ? "none" : lastRunText(history[0], now),
    holder: active === null ? "" : lockText(active, now),
  };
}

/** For example `in 12 min`, or `33 h late, 33 behind`. */
function nextText(next: WhatComesNext, now: Instant): string {
  if (next.dueAt === null) return "unknown";
  const late = latenessOf(next, now);
  if (late === null) return `in ${shortLength(next.dueAt - now)}`;
  const behind = next.behind ?? 0;
  if (behind === 0) return late < SECOND ? "now" : `${shortLength(late)} late`;
  return `${shortLength(late)} late, ${behind}${behind < MAX_BEHIND ? "" : "+"} behind`;
}

function lastRunText(run: EndedRun, now: Instant): string {
  const ending = endingOf(run)?.replace("-", " ") ?? "ended";
  return `${ending} ${shortLength(now - Date.parse(run.endedAt))} ago`;
}

function lockText({ holder, createdAt }: Lock, now: Instant): string {
  return `${shortHolder(holder)}, ${shortLength(now - Date.parse(createdAt))}`;
}

/** @returns the part that a reader can look up. `status JOB` shows all of the holder. */
function shortHolder(holder: Holder | null): string {
  const { runId, job, runUrl } = holder ?? {};
  return cutEnd(oneLine(runId ? `run ${runId}` : job || runUrl || "an unnamed run"), 20);
}

const UNITS = [
  [DAY, "d"],
  [HOUR, "h"],
  [MINUTE, "min"],
] as const;

/** A length of time in one unit, rounded down: the largest unit of which there are at least two. */
export function shortLength(ms: number): string {
  const [unit, name] = UNITS.find(([length]) => ms >= 2 * length) ?? [SECOND, "s"];
  return `${Math.max(0, Math.floor(ms / unit))} ${name}`;
}
