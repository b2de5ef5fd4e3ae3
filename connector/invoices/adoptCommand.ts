import { randomBytes } from 'node:crypto';
import { readFlags } from '../../shared/command/flags.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { bookTips, is32Bytes, type Lease, type Ledger, readNode } from '../../shared/ledger/index.ts';
import { UnknownNodeError, underLease } from '../lease.ts';
import { connectLnd } from '../lnd/client.ts';
import { OptionError, openLedger, PLACES, PLACES_HELP, readLndAccess, runMain } from '../options.ts';
import { ownedEntryOf } from '../payments/entry.ts';
import { readCredentials } from '../system.ts';
import { adoptOnWord, ownerOnWord } from './adopt.ts';
import { type Claimed, claimedInvoices } from './claimed.ts';
import { readMemos } from './memo.ts';

const HELP = `ampjar connector adopt [PAYMENT_ADDRESS...] [--yes] [flags]: invoices that say they are ours, and that the table does not know

Lists them from lnd's own list, with why they are not believed and what was paid to each: made by a release whose memos had no MAC
or under a secret that is gone, and lost with a restored table; or made by someone else at the node. With --yes those that are
named are taken on your word, under the lease of the node: what is paid to them is their creator's from then on, and what was paid
is booked by the connector's next audit, or at once by npm run audit.
Exit code 0, or 2 when one that is named can't be taken.

${PLACES_HELP}  --yes                    take those that are named
`;

/** Text of strangers, so that no terminal can be played with. */
const plain = (text: string) =>
  text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

const clock = () => new Date();

runMain(async (args, env) => {
  const { values, positionals } = readFlags(
    args,
    { ...PLACES, yes: { type: 'boolean' } },
    { allowPositionals: true },
  );
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const named = new Set(positionals);
  for (const address of named)
    if (!is32Bytes(address))
      throw new OptionError(
        `payment address: "${plain(address.slice(0, 80))}" is not 64 hex digits in lower case`,
      );
  if (values.yes && named.size === 0)
    throw new OptionError(
      'payment address: missing; --yes takes those that are named, and without it they are listed',
    );
  const access = await readLndAccess(values, env);
  const ledger = openLedger(values, env);
  const lnd = connectLnd(await readCredentials(access));
  try {
    const { node } = await lnd.getInfo();
    if (!(await readNode(ledger, node))) throw new UnknownNodeError(`the table does not know node ${node}`);
    const memos = await readMemos(ledger, node, randomBytes);
    const found: Claimed[] = [];
    for await (const each of claimedInvoices({ ledger, lnd, memos, node })) {
      if (named.size > 0 && !named.has(each.invoice.paymentAddr)) continue;
      found.push(each);
      if (!values.yes) process.stdout.write(`${await lines(ledger, each)}\n`);
    }
    const missing = [...named].find(
      (address) => !found.some(({ invoice }) => invoice.paymentAddr === address),
    );
    if (missing !== undefined)
      throw new OptionError(
        `payment address: ${missing} is not one of the invoices of node ${node} that say they are ours and that the table does not know`,
      );
    if (values.yes) await takeAll(ledger, node, found);
    else if (found.length === 0)
      process.stdout.write('the table knows all invoices that say they are ours\n');
    return 0;
  } finally {
    lnd.close();
    ledger.client.destroy();
  }
});

const nobody = ({ invoice, claim }: Claimed) =>
  new OptionError(
    `payment address: ${invoice.paymentAddr} is for tip option ${claim.optionId}, which no creator has`,
  );

async function takeAll(ledger: Ledger, node: string, found: readonly Claimed[]): Promise<void> {
  for (const each of found) if ('refused' in (await ownerOnWord(ledger, each.claim))) throw nobody(each);
  const holder = `adopt ${randomBytes(4).toString('hex')}`;
  await underLease({ ledger, sleep }, { node, holder }, async (lease) => {
    for (const each of found) process.stdout.write(`${await take(ledger, lease, each)}\n`);
  });
}

/** @returns what became of it. @throws OptionError, LeaseLostError */
async function take(ledger: Ledger, lease: Lease, each: Claimed): Promise<string> {
  const { invoice, claim, payment, payments, paidMsat } = each;
  const { paymentAddr } = invoice;
  if (!payment) {
    const owner = await adoptOnWord({ ledger, lease, clock }, invoice, claim);
    if ('refused' in owner) throw new OptionError(`payment address: ${paymentAddr}: ${owner.refused}`);
    return `${paymentAddr} is ${owner.handle}'s; ${payments} payments of ${paidMsat} msat are booked by the next audit`;
  }
  const owner = await ownerOnWord(ledger, claim);
  if ('refused' in owner) throw nobody(each);
  const entry = ownedEntryOf(payment, owner);
  if ('reason' in entry) {
    await bookTips(ledger, lease, { tips: [], asides: [entry] });
    return `${paymentAddr} was set aside: ${entry.reason}; look at it with npm run asides`;
  }
  await bookTips(ledger, lease, { tips: [entry], asides: [] });
  return `${paymentAddr} is ${owner.handle}'s; its payment of ${paidMsat} msat is booked`;
}

async function lines(ledger: Ledger, { invoice, claim, disbelief, payments, paidMsat, payment }: Claimed) {
  const { paymentAddr, memo, creationDate } = invoice;
  const owner = await ownerOnWord(ledger, claim);
  const made = new Date(Number(creationDate) * 1000).toISOString();
  return [
    `${paymentAddr}  ${payment ? 'BOLT11' : 'AMP'}, made ${made}`,
    `  paid     ${payments} times, ${paidMsat} msat`,
    `  for      ${'refused' in owner ? `tip option ${claim.optionId}, which no creator has` : `${owner.handle}, tip option ${owner.optionId}`}`,
    `  memo     ${plain(JSON.stringify(memo))}`,
    `  why      ${disbelief ?? 'it verifies: the connector takes it by itself when it connects next'}`,
  ].join('\n');
}
