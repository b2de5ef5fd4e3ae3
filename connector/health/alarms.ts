import type { Alarm } from '../../shared/contract/metrics.ts';
import type { Log } from '../log.ts';

/** What an operator should hear of, by name. Vital signs tell how often each was raised, and a metric of the watch counts it. */
export const ALARMS = {
  'set-aside': 'an event can not be booked as it is: look at it with ampjar connector quarantine',
  'memo-unverified':
    'a payment to an invoice whose memo is like ours and does not verify is not booked: npx ampjar connector adopt lists such invoices',
  behind: 'the table does not take what was heard, or does not answer: tips are at the node and not booked',
  missed: 'a payment was not heard of, and was found by the audit',
  'index-gap': 'settle indexes of lnd are missing',
  'index-reused': "lnd's settle index went back: its indexes are used again",
  'sets-gone':
    'the table counts payments on an invoice that lnd does not know of: tips without them, or a wrong sum',
  'sums-differ': 'table and lnd have other amounts for the same payments',
  'invoice-gone': 'lnd does not know an invoice of the table',
  'mint-failed': 'an invoice could not be minted',
  dust: 'many tips below the minimum of their creator',
} as const satisfies Record<Alarm, string>;

export type { Alarm };

/** Counts alarms by name since the process began, and logs each with what was seen. */
export class Alarms {
  readonly counts: Partial<Record<Alarm, number>> = {};
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  raise(alarm: Alarm, seen: object): void {
    this.counts[alarm] = (this.counts[alarm] ?? 0) + 1;
    this.#log.error({ alarm, ...seen }, ALARMS[alarm]);
  }
}
