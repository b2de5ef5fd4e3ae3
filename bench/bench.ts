import { median, medianRatio } from './rounds.ts';

/** One line of what a benchmark found. */
export interface Row {
  readonly what: string;
  readonly value: number;
  /** As it stands behind the value: `/s`, `ms`, `MB`. */
  readonly unit: string;
  /** What the value is held against, in the same run. */
  readonly against?: string;
  /** Value by that of `against`: the median over the rounds. */
  readonly ratio?: number;
  /** What ratio, or value where there is none, is asked for, as in `>= 25`. */
  readonly target?: string;
  readonly ok?: boolean;
}

/** What a benchmark is given. */
export interface Setting {
  /** A short run that shows that everything works; its figures mean little. */
  readonly quick: boolean;
  /** Whether lnd and btcd are built. */
  readonly hasLnd: boolean;
  /** Make a folder of this name, removed after the run. */
  folder(name: string): string;
  /** What to do after the run, however it ends; the last first. */
  defer(stop: () => Promise<void>): void;
  /** Tell how it goes. */
  note(progress: string): void;
}

export interface Bench {
  readonly name: string;
  /** What it measures, in a line. */
  readonly about: string;
  /** What of it needs lnd: all, some rows, or nothing. */
  readonly lnd: 'all' | 'some' | 'none';
  /** What else it needs that is not here, and how to get it; undefined when nothing is missing. */
  missing?(): string | undefined;
  run(setting: Setting): Promise<Row[]>;
}

type Target = { readonly atLeast: number } | { readonly atMost: number };

/** Hold a row against what is asked of its ratio, or of its value when it has no ratio. */
export function judged(row: Row, target: Target): Row {
  const found = row.ratio ?? row.value;
  return 'atLeast' in target
    ? { ...row, target: `>= ${target.atLeast}`, ok: found >= target.atLeast }
    : { ...row, target: `<= ${target.atMost}`, ok: found <= target.atMost };
}

/** A value for people: whole when it is large, three digits when it is not. */
export function written(value: number, unit: string): string {
  const digits =
    Number.isInteger(value) || value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
  return unit.startsWith('/') || unit === '' ? digits + unit : `${digits} ${unit}`;
}

/** What `ours` measured, held against what `theirs` measured in the same rounds. */
export function versus(
  what: string,
  unit: string,
  ours: readonly number[],
  [name, theirs]: readonly [name: string, theirs: readonly number[]],
): Row {
  const against = `${name}, ${written(median(theirs), unit)}`;
  return { what, value: median(ours), unit, against, ratio: medianRatio(ours, theirs) };
}
