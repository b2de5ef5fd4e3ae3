import { readAsks } from '../../shared/ledger/index.ts';
import type { Memos } from '../invoices/memo.ts';
import type { PlainState, SetState, ToldPlain, Unreadable } from '../lnd/contract.ts';
import { isAnswerTo, plainClaimIn } from '../payments/bolt11.ts';
import { type AuditParts, type Drift, isMissed } from './audit.ts';
import { compareSets } from './comparison.ts';

const PAGE = 100;

type Parts = Pick<AuditParts, 'ledger' | 'lnd' | 'node' | 'alarms' | 'caughtUp' | 'countsFirst'> & {
  readonly memos: Memos;
  found(told: ToldPlain | Unreadable): Promise<void>;
};

/**
 * Hold the table against lnd's list of plain invoices from an add index on: what was asked for here and is paid must be
 * booked, with that amount.
 * @returns where to begin next time: below the first invoice that may still be paid, or was not booked yet
 */
export async function auditPlain(parts: Parts, after: bigint, drift: Drift): Promise<bigint> {
  let at = after;
  let first: bigint | undefined;
  for (;;) {
    const page = await parts.lnd.listPlainInvoices(at, PAGE);
    const ours = await believedOf(parts, page.invoices);
    const found = await bookMissing(parts, ours, drift);
    // What is found waits to be booked: should that not come about, it must be found again.
    first ??= ours.find((each) => !each.over || found.has(each))?.addIndex;
    if (page.last === undefined) return first === undefined ? at : first - 1n;
    at = page.last;
  }
}

/** The invoices that answer an ask: by their memo, or by what the ask says of them. */
async function believedOf({ ledger, memos }: Parts, invoices: readonly PlainState[]): Promise<PlainState[]> {
  const claimed = invoices.flatMap((invoice) => {
    const claim = plainClaimIn(invoice);
    return claim
      ? [{ invoice, claim, verifies: memos.disproof(claim, invoice.creationDate) === undefined }]
      : [];
  });
  const others = claimed.filter(({ verifies }) => !verifies);
  const asks = await readAsks(
    ledger,
    others.map(({ claim }) => claim.askId),
  );
  const answers = new Set(
    others.filter(({ claim, invoice }, at) => isAnswerTo(asks[at], claim, invoice.paymentHash)),
  );
  return claimed.filter((each) => each.verifies || answers.has(each)).map(({ invoice }) => invoice);
}

async function bookMissing(
  parts: Parts,
  invoices: readonly PlainState[],
  drift: Drift,
): Promise<Set<PlainState>> {
  const paid = new Map(
    invoices.flatMap((each) => (each.settled ? [[setOf(each.settled), each] as const] : [])),
  );
  const found = new Set<PlainState>();
  const { missing: lacking, differing } = await compareSets(parts, [...paid.keys()]);
  for (const { setId, amountMsat, bookedMsat } of differing) {
    // What can't be read tells no amount.
    if (amountMsat === 0n) continue;
    drift.differing++;
    parts.alarms.raise('sums-differ', {
      paymentHash: setId,
      bookedMsat: bookedMsat.toString(),
      atLndMsat: amountMsat.toString(),
    });
  }
  for (const missing of lacking) {
    const { setId, settleIndex } = missing;
    if (isMissed(parts, settleIndex)) {
      drift.missingSets++;
      drift.missingMsat += missing.amountMsat;
      parts.alarms.raise('missed', { paymentHash: setId, settleIndex: settleIndex.toString() });
    }
    const invoice = paid.get(missing)!;
    found.add(invoice);
    await parts.found(invoice.settled!);
  }
  return found;
}

const setOf = (told: ToldPlain | Unreadable): SetState => {
  if ('reason' in told) return { setId: told.setId ?? '', settleIndex: 0n, amountMsat: 0n };
  const { paymentHash, settleIndex, amountMsat } = told.settlement;
  return { setId: Buffer.from(paymentHash).toString('hex'), settleIndex, amountMsat };
};
