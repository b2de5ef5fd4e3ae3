import { bookedSets, invoicesOfNode, type Ledger, readInvoices } from '../shared/ledger/index.ts';
import type { Lnd, Settlement } from './lnd.ts';
import type { Log } from './log.ts';

/** What an audit found. Missing sets and msat are what the table lacked; their right value is 0. */
export interface AuditResult {
  readonly invoices: number;
  readonly missingSets: number;
  readonly missingMsat: bigint;
}

/**
 * Hold the table against lnd's own books: for each invoice the number and sum of its settled sets, and, where they
 * differ, set by set. What is missing is looked up with its HTLCs and handed to `found`.
 */
export async function audit(
  { ledger, lnd, log, node }: { ledger: Ledger; lnd: Lnd; log: Log; node: string },
  found: (told: { settlement: Settlement; raw: object }) => Promise<void>,
): Promise<AuditResult> {
  let invoices = 0;
  let missingSets = 0;
  let missingMsat = 0n;
  for await (const { paymentAddr } of invoicesOfNode(ledger, node)) {
    invoices++;
    const sets = await lnd.settledSets(paymentAddr);
    if (sets === undefined) {
      log.error({ paymentAddr }, 'lnd does not know an invoice of the table');
      continue;
    }
    // The index may be behind; what decides is read as it is now.
    const [booked] = await readInvoices(ledger, [paymentAddr]);
    const paid = sets.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
    if (booked?.count === BigInt(sets.length) && booked.receivedMsat === paid) continue;
    const there = await bookedSets(
      ledger,
      node,
      sets.map(({ setId }) => setId),
    );
    for (const { setId, amountMsat } of sets) {
      if (there.has(setId)) continue;
      const told = await lnd.lookUpSet(setId);
      if (!told) continue;
      missingSets++;
      missingMsat += amountMsat;
      await found(told);
    }
  }
  const result = { invoices, missingSets, missingMsat };
  const fields = { invoices, missingSets, missingMsat: missingMsat.toString() };
  if (missingSets > 0) log.warn(fields, 'audit: booking what the table lacked');
  else log.info(fields, 'audit: table and lnd agree');
  return result;
}
