import { readInvoiceRequests } from '../../shared/ledger/index.ts';
import type { Bolt11State, SetState, SettledPayment, Unreadable } from '../lnd/contract.ts';
import { isReplyTo, replyClaimIn } from '../requests/replyClaim.ts';
import {
  type AuditCheckpoints,
  type AuditParts,
  type Discrepancies,
  isMissed,
  type KindAudit,
  NO_DISCREPANCIES,
} from './audit.ts';
import { compareSets } from './comparison.ts';

const PAGE = 100;

/** The audit of payments to invoices that were asked for: of lnd's list of invoices, from the first that may still be paid. */
export function bolt11Audit(parts: AuditParts, { plainIndex }: AuditCheckpoints): KindAudit {
  let reached = plainIndex;
  return {
    async run() {
      const { drift, next } = await auditBolt11(parts, reached);
      const there = next === reached ? undefined : await parts.lnd.invoiceFrom(next);
      if (there?.addIndex === next) {
        await parts.save({ plainIndex: next, plainMark: there.mark });
        reached = next;
      }
      return { drift };
    },
    runAll: async () => (await auditBolt11(parts, 0n)).drift,
  };
}

type Parts = Omit<AuditParts, 'gone' | 'save'>;

/**
 * Hold the table against lnd's list of BOLT11 invoices from an add index on: what was asked for here and is paid must be
 * booked, with that amount.
 * @returns what differs, and where to begin next time: below the first invoice that may still be paid, or was not booked yet
 */
export async function auditBolt11(
  parts: Parts,
  after: bigint,
): Promise<{ drift: Discrepancies; next: bigint }> {
  const drift = { ...NO_DISCREPANCIES };
  let at = after;
  let first: bigint | undefined;
  for (;;) {
    const page = await parts.lnd.listBolt11Invoices(at, PAGE);
    const ours = await believedOf(parts, page.invoices);
    const found = await bookMissing(parts, ours, drift);
    // What is found waits to be booked: should that not come about, it must be found again.
    first ??= ours.find((each) => !each.over || found.has(each))?.addIndex;
    if (page.last === undefined) return { drift, next: first === undefined ? at : first - 1n };
    at = page.last;
  }
}

/** The invoices that answer an invoice request: by their memo, or by what the request says of them. */
async function believedOf(
  { ledger, memos }: Parts,
  invoices: readonly Bolt11State[],
): Promise<Bolt11State[]> {
  const claimed = invoices.flatMap((invoice) => {
    const claim = replyClaimIn(invoice);
    return claim
      ? [{ invoice, claim, verifies: memos.disproof(claim, invoice.creationDate) === undefined }]
      : [];
  });
  const others = claimed.filter(({ verifies }) => !verifies);
  const requests = await readInvoiceRequests(
    ledger,
    others.map(({ claim }) => claim.requestId),
  );
  const answers = new Set(
    others.filter(({ claim, invoice }, at) => isReplyTo(requests[at], claim, invoice.paymentHash)),
  );
  return claimed.filter((each) => each.verifies || answers.has(each)).map(({ invoice }) => invoice);
}

async function bookMissing(
  parts: Parts,
  invoices: readonly Bolt11State[],
  drift: Discrepancies,
): Promise<Set<Bolt11State>> {
  const paid = new Map(
    invoices.flatMap((each) => (each.settled ? [[setOf(each.settled), each] as const] : [])),
  );
  const found = new Set<Bolt11State>();
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

const setOf = (payment: SettledPayment | Unreadable): SetState =>
  'reason' in payment ? { setId: payment.setId ?? '', settleIndex: 0n, amountMsat: 0n } : payment.settlement;
