import { InvoiceError, readAmpInvoice } from '../shared/invoices/index.ts';
import {
  type Creator,
  dropWant,
  dueWants,
  isForGood,
  isOfNode,
  type Lease,
  type Ledger,
  moveHints,
  type NewInvoice,
  putCurrentInvoice,
  putRetiredInvoice,
  readCreatorWithInvoice,
  readInvoices,
  readOptionOwner,
  retireInvoice,
  type TipOption,
  type Want,
} from '../shared/ledger/index.ts';
import type { Alarms } from './alarms.ts';
import { type Lnd, LndError, type LndInvoice } from './lnd.ts';
import type { Log } from './log.ts';
import { memoFor, optionIdIn } from './memo.ts';
import { type Hintless, nextLook, reasonToMint, rememberHints, renewalOf } from './rotation.ts';

/** lnd's longest. A printed code should live as long as it can. */
export const LONGEST_EXPIRY_SECONDS = 31_536_000;
/** Payments to an invoice make the next ones slower at lnd (docs/decisions/rotation.md): at 250 by a tenth. */
export const ROTATE_AFTER = 250;

/** What minting needs. */
export interface Minting {
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly lnd: Lnd;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly clock: () => Date;
  readonly expirySeconds: number;
  readonly routeHints: boolean;
  /** Payments that an invoice takes before it is replaced. */
  readonly rotateAfter: number;
  /** How long it is kept at least, all the same; an hour unless told. */
  readonly rotateRestMs?: number;
  /** Does a write again while the table is busy or away; what is written demands the lease, so again is safe. */
  patiently<T>(write: () => Promise<T>): Promise<T>;
}

/** The invoice that lnd made is not the one that was asked for; it is never handed out. */
export class MintError extends Error {
  override readonly name = 'MintError';
}

const RETRY_FIRST_MS = 60_000;
const RETRY_MOST_MS = 3_600_000;

/** What attributing an invoice needs: no lnd. */
export type Adopting = Pick<Minting, 'ledger' | 'lease' | 'log' | 'clock' | 'patiently'>;

/** Mints what the table wants, one option after another; one that fails is tried again later and holds up no other. */
export class Mint {
  readonly #minting: Minting;
  /** Options that failed: how often, and when to try again. */
  readonly #failed = new Map<string, { times: number; again: number }>();

  readonly #hintless: Hintless = {};

  constructor(minting: Minting) {
    this.#minting = minting;
  }

  /** @returns how many were minted. @throws LeaseLostError, and what tells that lnd or the table is away */
  async due(): Promise<number> {
    const { ledger, lease, clock, alarms } = this.#minting;
    let minted = 0;
    for await (const want of wantsOf(ledger, lease, clock())) {
      const { optionId, handle } = want;
      const failed = this.#failed.get(optionId);
      if (failed && failed.again > clock().getTime()) continue;
      try {
        if (await mintFor(this.#minting, want, this.#hintless)) minted++;
        this.#failed.delete(optionId);
      } catch (error) {
        if (!isOfOption(error)) throw error;
        const times = (failed?.times ?? 0) + 1;
        const waitMs = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (times - 1));
        this.#failed.set(optionId, { times, again: clock().getTime() + waitMs });
        alarms.raise('mint-failed', { handle, optionId, error: String(error), waitMs });
      }
    }
    return minted;
  }
}

/** The wants that are due with the node, and with those of no node in particular where they are its own. */
async function* wantsOf(ledger: Ledger, { node, home }: Lease, now: Date) {
  yield* dueWants(ledger, now, node);
  if (home) yield* dueWants(ledger, now);
}

/** gRPC UNKNOWN: lnd looked at the request and refused it, or said so of itself. */
const UNKNOWN = 2;
const OF_NODE = /wallet|starting up|permission|verification failed|macaroon/;

/** Whether lnd looked at an invoice and refused to make it, rather than being away. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof LndError && error.code === UNKNOWN && !OF_NODE.test(error.details);

/** Whether it is this option's invoice that fails, rather than lnd or the table that is away. */
const isOfOption = (error: unknown) =>
  error instanceof MintError || error instanceof InvoiceError || isRefusal(error) || isForGood(error);

async function mintFor(minting: Minting, want: Want, hintless: Hintless): Promise<boolean> {
  const { ledger, lease, lnd, log, clock, expirySeconds, routeHints, patiently } = minting;
  const { handle, optionId } = want;
  const { creator, invoice: previous } = await readCreatorWithInvoice(ledger, handle, optionId, {
    consistent: true,
  });
  if (creator && !isOfNode(lease, creator)) {
    await patiently(() => dropWant(ledger, lease, want, withNodeOf(creator, want)));
    return false;
  }
  const option = openFor(creator, optionId);
  const reason = option && (await reasonToMint(minting, option, previous, hintless, want));
  if (previous && isRemoved(creator, optionId)) {
    const retired = await patiently(() =>
      retireInvoice(ledger, lease, { invoice: previous, want, now: clock() }),
    );
    if (retired) {
      log.info({ handle, optionId, paymentAddr: previous.paymentAddr }, 'option removed, invoice retired');
      return false;
    }
  }
  if (!option || !reason) {
    const { replaces: _, ...again } = want;
    // Every invoice that is handed out has a want for its renewal; a clock that jumped must not have taken it.
    const renewal = option && previous && { ...again, due: renewalOf(previous) };
    await patiently(() => dropWant(ledger, lease, want, renewal));
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
  await rememberHints(minting, hintless, made.paymentRequest);
  const renewAt = nextLook(invoice, clock());
  const put = await patiently(() =>
    putCurrentInvoice(ledger, lease, { invoice, previous, want, renewAt, now: clock() }),
  );
  // The lease keeps others out, so a refusal is the answer to a call that had worked, or the table is out of order.
  const now = put
    ? invoice
    : (await readCreatorWithInvoice(ledger, handle, optionId, { consistent: true })).invoice;
  if (now?.paymentAddr !== invoice.paymentAddr)
    throw new MintError(
      `invoice of option ${optionId}: the table does not take it in place of the one before`,
    );
  log.info({ handle, optionId, paymentAddr: invoice.paymentAddr, reason }, 'minted');
  return true;
}

/** A want where the connector of the creator's node will find it. */
const withNodeOf = ({ node }: Creator, { node: _, ...want }: Want): Want => ({
  ...want,
  ...(node !== undefined && { node }),
});

const openFor = (creator: Creator | undefined, optionId: string): TipOption | undefined =>
  creator?.status === 'active' ? creator.options.find(({ id }) => id === optionId) : undefined;

/** Whether the creator took the option away; a closed creator's stays, for it may be opened again. */
const isRemoved = (creator: Creator | undefined, optionId: string) =>
  creator !== undefined && !creator.options.some(({ id }) => id === optionId);

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
 * @returns the highest add index seen, how many were adopted, and the highest settle index of all invoices that were seen
 */
export async function adoptLost(
  minting: Minting,
  after: bigint,
): Promise<{ last: bigint; adopted: number; settledUpTo: bigint }> {
  const { ledger, lease, lnd, log, patiently } = minting;
  let last = after;
  let adopted = 0;
  let settledUpTo = 0n;
  let looked = 0;
  for (;;) {
    const page = await lnd.listAmpInvoices(last, PAGE);
    if (page.settledUpTo > settledUpTo) settledUpTo = page.settledUpTo;
    const ours = page.invoices.filter(({ memo }) => optionIdIn(memo) !== undefined);
    const known = await readInvoices(
      ledger,
      ours.map(({ paymentAddr }) => paymentAddr),
    );
    for (const [at, invoice] of ours.entries()) {
      if (known[at]) continue;
      try {
        if (await adopt(minting, invoice)) adopted++;
      } catch (error) {
        if (!(error instanceof MintError || error instanceof InvoiceError)) throw error;
        log.warn(
          { paymentAddr: invoice.paymentAddr, error: String(error) },
          'an invoice with a memo like ours is not ours',
        );
      }
    }
    if (page.last === undefined) return { last, adopted, settledUpTo };
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
}

/**
 * Attribute an invoice of the node by its memo. It becomes the option's current one when the option has none and the
 * amount is right; else it is only credited.
 * @returns whose it is, or undefined when no creator has the option
 */
export async function adopt(
  minting: Adopting,
  found: LndInvoice,
): Promise<{ handle: string; optionId: string } | undefined> {
  const { ledger, lease, log, clock, patiently } = minting;
  const optionId = optionIdIn(found.memo);
  const handle = optionId === undefined ? undefined : await readOptionOwner(ledger, optionId);
  if (optionId === undefined || handle === undefined) return undefined;
  const { creator, invoice: current } = await readCreatorWithInvoice(ledger, handle, optionId, {
    consistent: true,
  });
  const { amountMsat } = readAmpInvoice(found.paymentRequest);
  const asFound: TipOption = { id: optionId, label: '', ...(amountMsat !== undefined && { amountMsat }) };
  const invoice = checkInvoice(lease.node, handle, asFound, found);
  const option = creator && isOfNode(lease, creator) ? openFor(creator, optionId) : undefined;
  const fits = option && option.amountMsat === amountMsat && renewalOf(invoice) > clock();
  const asCurrent = !current && fits && (await makeCurrent(minting, invoice));
  if (!asCurrent) await patiently(() => putRetiredInvoice(ledger, lease, invoice, clock()));
  log.warn(
    { handle, optionId, paymentAddr: invoice.paymentAddr, asCurrent },
    'adopted an invoice found at the node',
  );
  return { handle, optionId };
}

/** The want that a crash left beside it is found to need nothing, and dropped. */
const makeCurrent = ({ ledger, lease, clock, patiently }: Adopting, invoice: NewInvoice) =>
  patiently(() =>
    putCurrentInvoice(ledger, lease, {
      invoice,
      previous: undefined,
      want: undefined,
      renewAt: nextLook(invoice, clock()),
      now: clock(),
    }),
  );
