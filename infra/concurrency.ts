import { z } from 'zod';

/**
 * How many copies of each function may run at once: by default, and at least where any are reserved. What is reserved bounds what a
 * function costs, and is kept for it whatever others do. A function URL takes ten requests a second for each copy reserved.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-throttling
 */
export const CONCURRENCY = {
  /** Readers. A hundred copies of 512 MB that never rest cost about $2.40 an hour (arm64, list price), plus requests. */
  publicConcurrency: { usual: 100, least: 5 },
  /** Wallets. A copy waits with each until its invoice is there, some 100 ms, and up to 5 s while the node is away. */
  lnurlConcurrency: { usual: 100, least: 5 },
  /** The creator's API: with a POST claimed for thirty seconds, far more than 50 requests a second need. */
  manageConcurrency: { usual: 10, least: 2 },
  /** Tips that are handed on: one copy for each shard of the stream, and the sweep. */
  settledConcurrency: { usual: 20, least: 2 },
  /** Webhooks: batches of ten, of which one less than this are posted at once, fifty at most, and the look for what is due. */
  deliverConcurrency: { usual: 60, least: 3 },
  /** The watch, which looks each minute for half of one at most. */
  watchConcurrency: { usual: 2, least: 1 },
  /** Who lets pages listen, asked once an hour for all of them. */
  liveConcurrency: { usual: 5, least: 1 },
} as const;

export type ConcurrencySetting = keyof typeof CONCURRENCY;

/** Copies that are reserved, or `account`: none are, and the account's own bound holds. */
export type Copies = number | 'account';

export type Concurrency = { readonly [S in ConcurrencySetting]: Copies };

const MOST = 9_999;

const copies = (setting: ConcurrencySetting) => {
  const { usual, least } = CONCURRENCY[setting];
  const expected = `a whole number from ${least} to ${MOST} or "account"`;
  const number = z.int(expected).min(least, expected).max(MOST, expected);
  return z.union([z.literal('account'), number], expected).default(usual);
};

/** The settings of copies, by name. */
export const concurrencySettings = Object.fromEntries(
  (Object.keys(CONCURRENCY) as ConcurrencySetting[]).map((setting) => [setting, copies(setting)]),
) as { [S in ConcurrencySetting]: ReturnType<typeof copies> };

/**
 * The settings that fit an account, each nearer to its least the less there is.
 * @param free copies that may be reserved in all
 */
export function fittingConcurrency(free: number): Concurrency {
  const settings = Object.entries(CONCURRENCY) as [ConcurrencySetting, { usual: number; least: number }][];
  const sum = (of: 'usual' | 'least') => settings.reduce((all, [, copies]) => all + copies[of], 0);
  const share = Math.min(1, (free - sum('least')) / (sum('usual') - sum('least')));
  const fitting = settings.map(([setting, { usual, least }]) => [
    setting,
    share < 0 ? 'account' : least + Math.floor((usual - least) * share),
  ]);
  return Object.fromEntries(fitting) as unknown as Concurrency;
}

/** How many copies settings reserve in all. */
export const reservedBy = (settings: Concurrency): number =>
  (Object.keys(CONCURRENCY) as ConcurrencySetting[])
    .map((setting) => settings[setting])
    .reduce((all: number, copies) => all + (copies === 'account' ? 0 : copies), 0);
