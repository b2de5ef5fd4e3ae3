import type { AuditParts, Drift } from './audit.ts';
import { stillMissing } from './audit.ts';
import type { PlainState, SetState, ToldPlain, Unreadable } from './lnd.ts';
import { askIn } from './memo.ts';

const PAGE = 100;

type Parts = Pick<AuditParts, 'ledger' | 'lnd' | 'node' | 'alarms' | 'caughtUp'> & {
  found(told: ToldPlain | Unreadable): Promise<void>;
};

/**
 * Hold the table against lnd's list of plain invoices from an add index on: what was asked for here and is paid must be
 * booked.
 * @returns where to begin next time: below the first invoice that may still be paid
 */
export async function auditPlain(parts: Parts, after: bigint, drift: Drift): Promise<bigint> {
  let at = after;
  let firstOpen: bigint | undefined;
  for (;;) {
    const page = await parts.lnd.listPlainInvoices(at, PAGE);
    const ours = page.invoices.filter(({ memo }) => askIn(memo) !== undefined);
    firstOpen ??= ours.find(({ over }) => !over)?.addIndex;
    await bookMissing(parts, ours, drift);
    if (page.last === undefined) return firstOpen === undefined ? at : firstOpen - 1n;
    at = page.last;
  }
}

async function bookMissing(parts: Parts, invoices: readonly PlainState[], drift: Drift) {
  const paid = invoices.flatMap(({ settled }) => (settled ? [settled] : []));
  const told = new Map(paid.map((each) => [setOf(each), each]));
  for (const missing of await stillMissing(parts, [...told.keys()])) {
    drift.missingSets++;
    drift.missingMsat += missing.amountMsat;
    const { setId, settleIndex } = missing;
    parts.alarms.raise('missed', { paymentHash: setId, settleIndex: settleIndex.toString() });
    await parts.found(told.get(missing)!);
  }
}

const setOf = (told: ToldPlain | Unreadable): SetState => {
  if ('reason' in told) return { setId: told.setId ?? '', settleIndex: 0n, amountMsat: 0n };
  const { paymentHash, settleIndex, amountMsat } = told.settlement;
  return { setId: Buffer.from(paymentHash).toString('hex'), settleIndex, amountMsat };
};
