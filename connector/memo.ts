import { isOptionId } from '../shared/ledger/index.ts';

/** The memo of an option's invoices: what a payer's wallet shows, and the option's id to find the invoice again by. */
export const memoFor = (handle: string, optionId: string) => `Tip ${handle} (ampjar ${optionId})`;

/**
 * The memo of an invoice that someone asked for. Payers don't see it, for the invoice commits to the hash of something
 * else; it stays in the node's books.
 */
export const askMemoFor = (handle: string, optionId: string, askId: string) =>
  `Tip ${handle} (ampjar ${optionId} ${askId})`;

/** Option id and ask id in the memo of an invoice that someone asked for, or undefined when it is not one of ours. */
export function askIn(memo: string): { optionId: string; askId: string } | undefined {
  const [, optionId, askId] = /\(ampjar ([a-z0-9]{10}) ([\w-]{22})\)$/.exec(memo) ?? [];
  return optionId !== undefined && askId !== undefined && isOptionId(optionId)
    ? { optionId, askId }
    : undefined;
}

/** The option id in a memo, or undefined when the invoice is not one of ours. */
export function optionIdIn(memo: string): string | undefined {
  const id = /\(ampjar ([a-z0-9]{10})\)$/.exec(memo)?.[1];
  return id !== undefined && isOptionId(id) ? id : undefined;
}
