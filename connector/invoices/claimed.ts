import { bookedSets, type Ledger, readInvoiceRequests } from '../../shared/ledger/index.ts';
import type { Lnd, LndInvoice, SettledPayment } from '../lnd/contract.ts';
import { isReplyTo, replyClaimIn } from '../requests/replyClaim.ts';
import { disbelief, unknownOf } from './adopt.ts';
import type { Claim, Memos } from './memo.ts';

/** An invoice of the node that says it is ours, and of which the table has nothing. */
export interface Claimed {
  readonly invoice: LndInvoice;
  readonly claim: Claim;
  /** Why it is not believed; undefined when the connector takes it by itself. */
  readonly disbelief: string | undefined;
  readonly payments: number;
  readonly paidMsat: bigint;
  /** The one payment of a BOLT11 invoice. */
  readonly payment?: SettledPayment;
}

const PAGE = 100;

interface Parts {
  readonly ledger: Ledger;
  readonly lnd: Lnd;
  readonly memos: Memos;
  readonly node: string;
}

/**
 * The AMP invoices in lnd's own list that say they are ours and are not in the table, with what was paid to each; and the BOLT11 ones
 * that were paid, for of those only payments come into the table.
 */
export async function* claimedInvoices(parts: Parts): AsyncGenerator<Claimed> {
  yield* claimedAmp(parts);
  yield* claimedBolt11(parts);
}

async function* claimedAmp({ ledger, lnd, memos }: Parts): AsyncGenerator<Claimed> {
  for (let after: bigint | undefined = 0n; after !== undefined; ) {
    const page: Awaited<ReturnType<Lnd['listAmpInvoices']>> = await lnd.listAmpInvoices(after, PAGE);
    for await (const { invoice, claim } of unknownOf(ledger, page.invoices)) {
      const sets = (await lnd.ampState(invoice.paymentAddr))?.sets ?? [];
      yield {
        invoice,
        claim,
        disbelief: await disbelief({ ledger, memos }, invoice, claim),
        payments: sets.length,
        paidMsat: sets.reduce((sum, { amountMsat }) => sum + amountMsat, 0n),
      };
    }
    after = page.last;
  }
}

async function* claimedBolt11({ ledger, lnd, memos, node }: Parts): AsyncGenerator<Claimed> {
  for (let after: bigint | undefined = 0n; after !== undefined; ) {
    const page: Awaited<ReturnType<Lnd['listBolt11Invoices']>> = await lnd.listBolt11Invoices(after, PAGE);
    const paid = page.invoices.flatMap((invoice) => {
      const { settled } = invoice;
      const claim = replyClaimIn(invoice);
      return claim && settled && !('reason' in settled) ? [{ invoice, claim, payment: settled }] : [];
    });
    const hashes = paid.map(({ invoice }) => invoice.paymentHash);
    const booked = await bookedSets(ledger, node, hashes);
    const requests = await readInvoiceRequests(
      ledger,
      paid.map(({ claim }) => claim.requestId),
    );
    for (const [at, { invoice, claim, payment }] of paid.entries()) {
      if (booked.has(invoice.paymentHash)) continue;
      const asked = isReplyTo(requests[at], claim, invoice.paymentHash);
      yield {
        invoice,
        claim,
        disbelief: asked ? undefined : memos.disproof(claim, invoice.creationDate),
        payments: 1,
        paidMsat: payment.settlement.amountMsat,
        payment,
      };
    }
    after = page.last;
  }
}
