import type { InvoiceRequest } from '../../shared/ledger/index.ts';
import { type Claim, claimIn } from '../invoices/memo.ts';
import type { LndInvoice } from '../lnd/contract.ts';

/** What the memo of a BOLT11 invoice says of the request that it answers, true or not. */
export function replyClaimIn({ memo }: Pick<LndInvoice, 'memo'>): ReplyClaim | undefined {
  const claim = claimIn(memo);
  return claim?.requestId === undefined ? undefined : { ...claim, requestId: claim.requestId };
}
export type ReplyClaim = Claim & { readonly requestId: string };

/** Whether a request is the one that an invoice answers, whatever that one's memo proves. */
export const isReplyTo = (
  request: InvoiceRequest | undefined,
  claim: Claim,
  paymentHash: string,
): request is InvoiceRequest => request?.paymentHash === paymentHash && request.optionId === claim.optionId;
