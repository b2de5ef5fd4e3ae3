import type { Ask } from '../../shared/ledger/index.ts';
import { type Claim, claimIn } from '../invoices/memo.ts';
import type { LndInvoice } from '../lnd/contract.ts';

/** What the memo of a BOLT11 invoice says of the request that it answers, true or not. */
export function answerClaimIn({ memo }: Pick<LndInvoice, 'memo'>): AnswerClaim | undefined {
  const claim = claimIn(memo);
  return claim?.askId === undefined ? undefined : { ...claim, askId: claim.askId };
}
export type AnswerClaim = Claim & { readonly askId: string };

/** Whether a request is the one that an invoice answers, whatever that one's memo proves. */
export const isAnswerTo = (ask: Ask | undefined, claim: Claim, paymentHash: string): ask is Ask =>
  ask?.paymentHash === paymentHash && ask.optionId === claim.optionId;
