import { InvoiceError, readAmpInvoice } from '../../shared/bolt11/index.ts';
import {
  isOfNode,
  keepMemo,
  type Ledger,
  memoHolder,
  moveHints,
  type NewInvoice,
  putCurrentInvoice,
  putRetiredInvoice,
  readCreatorWithInvoice,
  readInvoices,
  readOptionOwner,
  type TipOption,
} from '../../shared/ledger/index.ts';
import type { LndInvoice } from '../lnd/contract.ts';
import { ampClaimIn, type Claim, type Memos } from './memo.ts';
import { checkInvoice, MintError, type Minting, openFor } from './mint.ts';
import { nextLook, renewalOf } from './rotation.ts';

/** What attributing an invoice needs: no lnd. */
export type Adopting = Pick<Minting, 'ledger' | 'lease' | 'log' | 'clock' | 'patiently' | 'memos'>;

/** Whose an invoice is; or why what it says is not believed; or why it can't be told though it is. */
export type Adopted =
  | { readonly handle: string; readonly optionId: string }
  | { readonly unverified: string }
  | { readonly refused: string };

const PAGE = 100;

/**
 * Look through lnd's list for invoices of ours that the table does not know: minted before a crash, or lost with a
 * restored table. Each is attributed again by its memo, in the order in which lnd made them: who copies a memo comes after it.
 * @returns the highest add index seen, how many were adopted, and the highest settle index of all invoices that were seen
 */
export async function adoptLost(
  minting: Minting,
  after: bigint,
): Promise<{ last: bigint; adopted: number; settledUpTo: bigint }> {
  const { ledger, lease, lnd, log, patiently } = minting;
  let last = after;
  let adopted = 0;
  let unverified = 0;
  let settledUpTo = 0n;
  let looked = 0;
  for (;;) {
    const page = await lnd.listAmpInvoices(last, PAGE);
    if (page.settledUpTo > settledUpTo) settledUpTo = page.settledUpTo;
    for await (const { invoice, claim } of unknownOf(ledger, page.invoices)) {
      const result = await adopt(minting, invoice, claim);
      if ('handle' in result) adopted++;
      else if ('unverified' in result) unverified++;
      else
        log.warn({ paymentAddr: invoice.paymentAddr, reason: result.refused }, 'an invoice of ours is lost');
    }
    if (page.last === undefined) break;
    last = page.last;
    const there = await lnd.invoiceFrom(last);
    if (there?.addIndex === last) {
      const hints = { addIndex: last, addMark: there.mark };
      await patiently(() => moveHints(ledger, lease, hints));
    }
    looked += PAGE;
    if (looked % 1000 === 0)
      log.info({ addIndex: last.toString(), adopted }, 'looking through the invoices of the node');
  }
  if (unverified > 0)
    log.warn(
      { invoices: unverified },
      'invoices with a memo like ours that does not verify are nobody’s here: npx ampjar connector adopt lists them',
    );
  return { last, adopted, settledUpTo };
}

/** Those of some AMP invoices that say they are ours and are not in the table. */
export async function* unknownOf(
  ledger: Ledger,
  invoices: readonly LndInvoice[],
): AsyncGenerator<{ invoice: LndInvoice; claim: Claim }> {
  const claimed = invoices.flatMap((invoice) => {
    const claim = ampClaimIn(invoice);
    return claim ? [{ invoice, claim }] : [];
  });
  const known = await readInvoices(
    ledger,
    claimed.map(({ invoice }) => invoice.paymentAddr),
  );
  for (const [at, each] of claimed.entries()) if (!known[at]) yield each;
}

/** Why an invoice of the node is not believed to be ours, whatever its memo says; undefined when it is. */
export async function disbelief(
  { ledger, memos }: { ledger: Ledger; memos: Memos },
  { paymentAddr, creationDate }: LndInvoice,
  claim: Claim,
): Promise<string | undefined> {
  const disproof = memos.disproof(claim, creationDate);
  if (disproof !== undefined) return disproof;
  const holder = await memoHolder(ledger, claim.proof!.mac);
  return holder === undefined || holder === paymentAddr ? undefined : `its memo is that of invoice ${holder}`;
}

/**
 * Attribute an invoice of the node by its memo, if that verifies. It becomes the option's current one when the option has none
 * and the amount is right; else it is only credited.
 */
export async function adopt(minting: Adopting, found: LndInvoice, claim: Claim): Promise<Adopted> {
  const { ledger, lease, log, clock, patiently } = minting;
  const { paymentAddr } = found;
  const unverified = await patiently(() => disbelief(minting, found, claim));
  if (unverified !== undefined) return { unverified };
  const { mac } = claim.proof!;
  const owner = await patiently(() => ownerOnWord(ledger, claim));
  if ('refused' in owner) {
    // Its memo is kept for it: when the creator is there again, a copy of it must not come first.
    await patiently(() => keepMemo(ledger, lease, { mac, paymentAddr }));
    return owner;
  }
  const { handle, optionId } = owner;
  const invoice = readFound(lease.node, owner, found);
  if ('refused' in invoice) return invoice;
  const asCurrent = (await isMintRequested(minting, invoice)) && (await makeCurrent(minting, invoice, mac));
  if (!asCurrent) await patiently(() => putRetiredInvoice(ledger, lease, invoice, clock(), mac));
  log.warn({ handle, optionId, paymentAddr, asCurrent }, 'adopted an invoice found at the node');
  return { handle, optionId };
}

/** Whose an invoice is by what its memo says, for an operator who believes it or one that verified. */
export async function ownerOnWord(
  ledger: Ledger,
  { optionId }: Claim,
): Promise<{ handle: string; optionId: string } | { refused: string }> {
  const handle = await readOptionOwner(ledger, optionId);
  return handle === undefined
    ? { refused: 'its memo is one of ours, but no creator has its option' }
    : { handle, optionId };
}

/** Attribute an invoice of the node on an operator's word, whatever proves its memo. What is paid to it is its creator's. */
export async function adoptOnWord(
  { ledger, lease, clock }: Pick<Adopting, 'ledger' | 'lease' | 'clock'>,
  found: LndInvoice,
  claim: Claim,
): Promise<{ handle: string; optionId: string } | { refused: string }> {
  const owner = await ownerOnWord(ledger, claim);
  const invoice = 'refused' in owner ? owner : readFound(lease.node, owner, found);
  if ('refused' in invoice) return invoice;
  await putRetiredInvoice(ledger, lease, invoice, clock());
  return owner;
}

/** An invoice of the node as the table takes it, whatever amount it asks for. */
export function readFound(
  node: string,
  { handle, optionId }: { handle: string; optionId: string },
  found: LndInvoice,
): NewInvoice | { refused: string } {
  try {
    const { amountMsat } = readAmpInvoice(found.paymentRequest);
    const asFound = { id: optionId, label: '', ...(amountMsat !== undefined && { amountMsat }) };
    return checkInvoice(node, handle, asFound, found);
  } catch (error) {
    if (!(error instanceof InvoiceError || error instanceof MintError)) throw error;
    return { refused: `its memo is one of ours, and it is not: ${error.message}` };
  }
}

/** Whether an invoice that was found is one that its option would hand out, and hands out none. */
async function isMintRequested(
  { ledger, lease, clock, patiently }: Adopting,
  invoice: NewInvoice,
): Promise<boolean> {
  const { handle, optionId, amountMsat } = invoice;
  const { creator, invoice: current } = await patiently(() =>
    readCreatorWithInvoice(ledger, handle, optionId, { consistent: true }),
  );
  const option: TipOption | undefined =
    creator && isOfNode(lease, creator) ? openFor(creator, optionId) : undefined;
  return (
    current === undefined &&
    option !== undefined &&
    option.amountMsat === amountMsat &&
    renewalOf(invoice) > clock()
  );
}

/** The mint request that a crash left beside it is found to need nothing, and dropped. */
const makeCurrent = (
  { ledger, lease, clock, patiently }: Adopting,
  invoice: NewInvoice,
  mac: string,
): Promise<boolean> =>
  patiently(() =>
    putCurrentInvoice(ledger, lease, {
      invoice,
      mac,
      previous: undefined,
      mintRequest: undefined,
      renewAt: nextLook(invoice, clock()),
      now: clock(),
    }),
  );
