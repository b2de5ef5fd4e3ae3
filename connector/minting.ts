import { readAmpInvoice } from '../shared/invoices/index.ts';
import {
  type Creator,
  dropWant,
  dueWants,
  type Lease,
  type Ledger,
  type NewInvoice,
  putCurrentInvoice,
  putRetiredInvoice,
  readCreatorWithInvoice,
  readInvoices,
  readOptionOwner,
  type TipOption,
  type Want,
} from '../shared/ledger/index.ts';
import type { Lnd, LndInvoice } from './lnd.ts';
import type { Log } from './log.ts';
import { memoFor, optionIdIn } from './memo.ts';

/** lnd's longest. A printed code should live as long as it can. */
export const LONGEST_EXPIRY_SECONDS = 31_536_000;

const WEEK_MS = 7 * 86_400_000;

/** What minting needs. */
export interface Minting {
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly lnd: Lnd;
  readonly log: Log;
  readonly clock: () => Date;
  readonly expirySeconds: number;
  readonly routeHints: boolean;
}

/** When an invoice is to be replaced: a week before its expiry, longer than any cache holds it, or at three quarters of a short life. */
export function renewalOf({ createdAt, expiresAt }: { createdAt: Date; expiresAt: Date }): Date {
  const lifeMs = expiresAt.getTime() - createdAt.getTime();
  return new Date(expiresAt.getTime() - Math.min(WEEK_MS, lifeMs / 4));
}

/** The invoice that lnd made is not the one that was asked for; it is never handed out. */
export class MintError extends Error {
  override readonly name = 'MintError';
}

/** Mint what the table wants, one option after another. */
export async function mintDue(minting: Minting): Promise<number> {
  let minted = 0;
  for await (const want of dueWants(minting.ledger, minting.clock())) {
    if (await mintFor(minting, want)) minted++;
  }
  return minted;
}

async function mintFor(minting: Minting, want: Want): Promise<boolean> {
  const { ledger, lease, lnd, log, expirySeconds, routeHints } = minting;
  const { handle, optionId } = want;
  const { creator, invoice: previous } = await readCreatorWithInvoice(ledger, handle, optionId, {
    consistent: true,
  });
  const option = openFor(creator, optionId);
  if (!option) {
    await dropWant(ledger, lease, want);
    return false;
  }
  const { amountMsat } = option;
  const made = await lnd.addAmpInvoice({
    memo: memoFor(handle, optionId),
    amountMsat,
    expirySeconds,
    routeHints,
  });
  const invoice = checkInvoice(lease.node, handle, option, made);
  const put = await putCurrentInvoice(ledger, lease, {
    invoice,
    previous,
    want,
    renewAt: renewalOf(invoice),
  });
  log.info({ handle, optionId, paymentAddr: invoice.paymentAddr, put }, 'minted');
  return put;
}

const openFor = (creator: Creator | undefined, optionId: string): TipOption | undefined =>
  creator?.status === 'active' ? creator.options.find(({ id }) => id === optionId) : undefined;

/**
 * Check what lnd made before anyone is handed it: that it decodes, is payable by AMP alone, names this node and payment
 * address, and asks for the option's amount.
 * @throws MintError, InvoiceError
 */
export function checkInvoice(node: string, handle: string, option: TipOption, made: LndInvoice): NewInvoice {
  const read = readAmpInvoice(made.paymentRequest);
  const differs = (field: string, is: unknown, expected: unknown) =>
    new MintError(`invoice of option ${option.id}: ${field} is ${is}, expected ${expected}`);
  if (read.paymentAddr !== made.paymentAddr)
    throw differs('payment address', read.paymentAddr, made.paymentAddr);
  if (read.payee !== node) throw differs('payee', read.payee, node);
  if (read.amountMsat !== option.amountMsat)
    throw differs('amount in msat', read.amountMsat, option.amountMsat);
  const { paymentRequest, paymentAddr, payee, amountMsat, createdAt, expiresAt } = read;
  return {
    handle,
    optionId: option.id,
    paymentRequest,
    paymentAddr,
    payee,
    createdAt,
    expiresAt,
    node,
    addIndex: made.addIndex,
    ...(amountMsat !== undefined && { amountMsat }),
  };
}

const PAGE = 100;

/**
 * Look through lnd's list for invoices of ours that the table does not know: minted before a crash, or lost with a
 * restored table. Each is attributed again by the option id in its memo.
 * @returns the highest add index seen, and how many were adopted
 */
export async function adoptLost(minting: Minting, after: bigint): Promise<{ last: bigint; adopted: number }> {
  const { ledger, lnd, log } = minting;
  let last = after;
  let adopted = 0;
  let looked = 0;
  for (;;) {
    const page = await lnd.listAmpInvoices(last, PAGE);
    const ours = page.invoices.filter(({ memo }) => optionIdIn(memo) !== undefined);
    const known = await readInvoices(
      ledger,
      ours.map(({ paymentAddr }) => paymentAddr),
    );
    for (const [at, invoice] of ours.entries()) {
      if (!known[at] && (await adopt(minting, invoice))) adopted++;
    }
    if (page.last === undefined) return { last, adopted };
    last = page.last;
    looked += PAGE;
    if (looked % 1000 === 0)
      log.info({ addIndex: last.toString(), adopted }, 'looking through the invoices of the node');
  }
}

/**
 * Attribute an invoice of the node by its memo. It becomes the option's current one when the option has none and the
 * amount is right; else it is only credited.
 * @returns whose it is, or undefined when no creator has the option
 */
export async function adopt(
  minting: Minting,
  found: LndInvoice,
): Promise<{ handle: string; optionId: string } | undefined> {
  const { ledger, lease, log, clock } = minting;
  const optionId = optionIdIn(found.memo);
  const handle = optionId === undefined ? undefined : await readOptionOwner(ledger, optionId);
  if (optionId === undefined || handle === undefined) return undefined;
  const { creator, invoice: current } = await readCreatorWithInvoice(ledger, handle, optionId, {
    consistent: true,
  });
  const { amountMsat } = readAmpInvoice(found.paymentRequest);
  const asFound: TipOption = { id: optionId, label: '', ...(amountMsat !== undefined && { amountMsat }) };
  const invoice = checkInvoice(lease.node, handle, asFound, found);
  const fits = openFor(creator, optionId)?.amountMsat === amountMsat && renewalOf(invoice) > clock();
  const asCurrent = creator?.status === 'active' && !current && fits;
  if (asCurrent) await makeCurrent(minting, invoice);
  else await putRetiredInvoice(ledger, lease, invoice);
  log.warn(
    { handle, optionId, paymentAddr: invoice.paymentAddr, asCurrent },
    'adopted an invoice found at the node',
  );
  return { handle, optionId };
}

async function makeCurrent({ ledger, lease }: Minting, invoice: NewInvoice) {
  const put = (want: Want | undefined) =>
    putCurrentInvoice(ledger, lease, { invoice, previous: undefined, want, renewAt: renewalOf(invoice) });
  // The want that the crash left is still there; it goes with the invoice that answers it.
  for await (const want of dueWants(ledger, invoice.expiresAt)) {
    if (want.optionId === invoice.optionId) return put(want);
  }
  return put(undefined);
}
