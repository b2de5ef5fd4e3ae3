import type { PaymentPlan, Plan } from './plan.ts';
import { NO_LND_FAULTS } from './service.ts';
import { NO_TABLE_FAULTS } from './table.ts';

const payment = (at: number, more: Partial<PaymentPlan> = {}): PaymentPlan => ({
  at,
  creator: 0,
  option: 0,
  printed: false,
  asked: false,
  msat: 21_000n + BigInt(at),
  shards: 1,
  flaw: 'none',
  strange: undefined,
  gap: 0,
  contradicted: false,
  ...more,
});

/** A short life of one connector with a bit of everything, and nothing that goes wrong by itself: to be killed in. */
export const SHORT_LIFE: Plan = {
  seed: 'short life',
  begins: Date.UTC(2026, 10, 24, 23, 59, 57),
  faultsMs: 16_000,
  hosts: 1,
  creators: [
    { handle: 'creator0', fixedMsat: [5_000_000n], minimumMsat: 0n, at: 0, closesAt: undefined },
    { handle: 'creator1', fixedMsat: [], minimumMsat: 1_000_000n, at: 0, closesAt: undefined },
  ],
  payments: [
    payment(4_000, { shards: 3 }),
    payment(4_001, { option: 1 }),
    payment(4_001, { creator: 1 }),
    payment(4_500, { flaw: 'share' }),
    payment(5_000, { contradicted: true }),
    payment(5_500, { strange: 'named option' }),
    payment(5_500, { strange: 'foreign' }),
    payment(6_000, { asked: true }),
    // The open option's invoice was replaced by then; this one pays the printed code.
    payment(9_000, { printed: true }),
  ],
  history: 3,
  troubles: [{ at: 13_000, kind: 'stop', host: 0, ms: 0 }],
  restore: undefined,
  away: undefined,
  table: NO_TABLE_FAULTS,
  lnd: NO_LND_FAULTS,
  unordered: false,
  expirySeconds: 3_600,
  rotateAfter: 2,
  rotateRestMs: 1_000,
};

/** The same, and lnd comes back without what it minted in the last seconds: rare in seeds. */
export const LND_WENT_BACK: Plan = {
  ...SHORT_LIFE,
  seed: 'lnd went back',
  faultsMs: 30_000,
  troubles: [],
  restore: { at: 12_000, kind: 'node back', from: 4_200 },
};

/** The same, with the connector killed on the way, and another one that takes over: to be killed in once more. */
export const SECOND_LIFE: Plan = {
  ...SHORT_LIFE,
  seed: 'second life',
  faultsMs: 30_000,
  troubles: [
    { at: 5_200, kind: 'kill', host: 0, when: 'now', ms: 200, requests: 'lost' },
    { at: 26_000, kind: 'stop', host: 0, ms: 0 },
  ],
};
