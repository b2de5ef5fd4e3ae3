import { isOptionId } from '../shared/ledger/index.ts';

/** The memo of an option's invoices: what a payer's wallet shows, and the option's id to find the invoice again by. */
export const memoFor = (handle: string, optionId: string) => `Tip ${handle} (ampjar ${optionId})`;

/** The option id in a memo, or undefined when the invoice is not one of ours. */
export function optionIdIn(memo: string): string | undefined {
  const id = /\(ampjar ([a-z0-9]{10})\)$/.exec(memo)?.[1];
  return id !== undefined && isOptionId(id) ? id : undefined;
}
