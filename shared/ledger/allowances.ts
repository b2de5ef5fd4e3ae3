import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { keys } from './keys.ts';
import { TTL } from './table.ts';
import { update } from './transaction.ts';

/**
 * What a creator may have done so often a day (of UTC), by whichever of their keys, programs and copies of a function: it is counted in
 * the table, with what it is counted for in one transaction.
 */
export const ALLOWANCES = {
  /** Invoices that the node makes for new tip options and in place of others: an entry of its books for ever each. */
  invoices: 100,
  /** API keys made: those that are revoked stay listed for a while. */
  keys: 200,
  /** Replays of webhooks, each of up to a thousand events. */
  replays: 100,
  /** Test events, to whichever of their endpoints. */
  tests: 100,
} as const;

export type Allowed = keyof typeof ALLOWANCES;

const DAY_MS = 86_400_000;

/** A creator had as much done as they may on one day. */
export class AllowanceError extends Error {
  override readonly name = 'AllowanceError';
  readonly allowed: Allowed;
  /** Until the next day begins. */
  readonly waitMs: number;
  constructor(allowed: Allowed, owner: string, now: Date) {
    super(
      `${allowed}: "${owner}" had ${ALLOWANCES[allowed]} made today, which is the most; try again tomorrow`,
    );
    this.allowed = allowed;
    this.waitMs = DAY_MS - (now.getTime() % DAY_MS);
  }
}

/** A day's count is of no use after it; it is kept a day longer, for clocks that are apart. */
const KEPT_MS = 2 * DAY_MS;

/**
 * Take one of a day's allowance, as an action of a transaction, which is refused when there is none left. What is refused or fails
 * takes nothing.
 * @param owner a creator's handle, or what stands for the operator
 */
export function takeAllowance(table: string, allowed: Allowed, owner: string, now: Date): TransactWriteItem {
  const day = now.toISOString().slice(0, 10);
  const vanishes = String(Math.ceil((Date.parse(day) + KEPT_MS) / 1000));
  return update(table, keys.allowance(owner, allowed, day), {
    set: { [TTL]: { N: vanishes } },
    add: { taken: { N: '1' } },
    condition: {
      expression: 'attribute_not_exists(#taken) OR #taken < :most',
      names: { '#taken': 'taken' },
      values: { ':most': { N: String(ALLOWANCES[allowed]) } },
    },
  });
}
