import { randomBytes } from 'node:crypto';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { bookTips, is32Bytes, type Lease, type Ledger } from '../../shared/ledger/index.ts';
import type { ADOPT } from '../flags.ts';
import { underLease } from '../lease.ts';
import { onNode } from '../onNode.ts';
import { ownedEntryOf } from '../payments/entry.ts';
import { adoptOnWord, ownerOnWord } from './adopt.ts';
import { type Claimed, claimedInvoices } from './claimed.ts';

/** Text of strangers, so that no terminal can be played with. */
const plain = (text: string) =>
  text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

const clock = () => new Date();

/** What is told of an invoice: to programs, and to people. */
interface Told {
  readonly body: object;
  readonly text: string;
}

/** List invoices that say they are ours, or take some. */
export async function adopt(
  { words, values }: Asked<typeof ADOPT>,
  { env, print }: Pick<Parts, 'env' | 'print'>,
): Promise<Outcome> {
  const named = new Set(words);
  for (const address of named)
    if (!is32Bytes(address))
      throw new UsageError(
        `payment address: "${plain(address.slice(0, 80))}" is not 64 hex digits in lower case`,
      );
  if (values.yes && named.size === 0)
    throw new UsageError(
      'payment address: missing; --yes takes those that are named, and without it they are listed',
    );
  return onNode(values, env, async ({ ledger, lnd, node, memos }) => {
    const found: Claimed[] = [];
    const told: object[] = [];
    const tell = ({ body, text }: Told) => {
      told.push(body);
      if (!values.json) print(text);
    };
    for await (const each of claimedInvoices({ ledger, lnd, memos, node })) {
      if (named.size > 0 && !named.has(each.invoice.paymentAddr)) continue;
      found.push(each);
      if (!values.yes) tell(await describe(ledger, each));
    }
    const missing = [...named].find(
      (address) => !found.some(({ invoice }) => invoice.paymentAddr === address),
    );
    if (missing !== undefined)
      throw new UsageError(
        `payment address: ${missing} is not one of the invoices of node ${node} that say they are ours and that the table does not know`,
      );
    if (values.yes) await takeAll(ledger, node, found, tell);
    return {
      body: told,
      ...(found.length === 0 && { text: 'the table knows all invoices that say they are ours' }),
    };
  });
}

const nobody = ({ invoice, claim }: Claimed) =>
  new UsageError(
    `payment address: ${invoice.paymentAddr} is for tip option ${claim.optionId}, which no creator has`,
  );

async function takeAll(
  ledger: Ledger,
  node: string,
  found: readonly Claimed[],
  tell: (told: Told) => void,
): Promise<void> {
  for (const each of found) if ('refused' in (await ownerOnWord(ledger, each.claim))) throw nobody(each);
  const holder = `adopt ${randomBytes(4).toString('hex')}`;
  await underLease({ ledger, sleep }, { node, holder }, async (lease) => {
    for (const each of found) tell(await take(ledger, lease, each));
  });
}

/** @returns what became of it. @throws UsageError, LeaseLostError */
async function take(ledger: Ledger, lease: Lease, each: Claimed): Promise<Told> {
  const { invoice, claim, payment, payments, paidMsat } = each;
  const { paymentAddr } = invoice;
  if (!payment) {
    const owner = await adoptOnWord({ ledger, lease, clock }, invoice, claim);
    if ('refused' in owner) throw new UsageError(`payment address: ${paymentAddr}: ${owner.refused}`);
    return {
      body: { paymentAddr, handle: owner.handle, booked: false, reason: null },
      text: `${paymentAddr} is ${owner.handle}'s; ${payments} payments of ${paidMsat} msat are booked by the next audit`,
    };
  }
  const owner = await ownerOnWord(ledger, claim);
  if ('refused' in owner) throw nobody(each);
  const entry = ownedEntryOf(payment, owner);
  if ('reason' in entry) {
    await bookTips(ledger, lease, { tips: [], quarantined: [entry] });
    return {
      body: { paymentAddr, handle: owner.handle, booked: false, reason: entry.reason },
      text: `${paymentAddr} was set aside: ${entry.reason}; look at it with ampjar connector quarantine`,
    };
  }
  await bookTips(ledger, lease, { tips: [entry], quarantined: [] });
  return {
    body: { paymentAddr, handle: owner.handle, booked: true, reason: null },
    text: `${paymentAddr} is ${owner.handle}'s; its payment of ${paidMsat} msat is booked`,
  };
}

/** An invoice that says it is ours. */
async function describe(ledger: Ledger, each: Claimed): Promise<Told> {
  const { invoice, claim, disbelief, payments, paidMsat, payment } = each;
  const { paymentAddr, memo, creationDate } = invoice;
  const owner = await ownerOnWord(ledger, claim);
  const made = new Date(Number(creationDate) * 1000).toISOString();
  const body = {
    paymentAddr,
    via: payment ? 'bolt11' : 'amp',
    createdAt: made,
    payments,
    amountMsat: paidMsat.toString(),
    optionId: claim.optionId,
    handle: 'refused' in owner ? null : owner.handle,
    memo,
    disbelief: disbelief ?? null,
  };
  const text = [
    `${paymentAddr}  ${payment ? 'BOLT11' : 'AMP'}, made ${made}`,
    `  paid     ${payments} times, ${paidMsat} msat`,
    `  for      ${'refused' in owner ? `tip option ${claim.optionId}, which no creator has` : `${owner.handle}, tip option ${owner.optionId}`}`,
    `  memo     ${plain(JSON.stringify(memo))}`,
    `  why      ${disbelief ?? 'it verifies: the connector takes it by itself when it connects next'}`,
  ].join('\n');
  return { body, text };
}
