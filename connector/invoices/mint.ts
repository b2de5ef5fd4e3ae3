import { InvoiceError, readAmpInvoice } from '../../shared/bolt11/index.ts';
import {
  type Creator,
  dropMintRequest,
  dueMintRequests,
  isForGood,
  isOfNode,
  type Lease,
  type Ledger,
  type MintRequest,
  memoHolder,
  type NewInvoice,
  putCurrentInvoice,
  readCreatorWithInvoice,
  retireInvoice,
  type TipOption,
} from '../../shared/ledger/index.ts';
import type { Alarms } from '../health/alarms.ts';
import { LndError, type MintedInvoice } from '../lnd/contract.ts';
import type { Log } from '../log.ts';
import { isBornNear, type Memos } from './memo.ts';
import {
  type Hintless,
  nextLook,
  type RotationParts,
  reasonToMint,
  rememberHints,
  renewalOf,
} from './rotation.ts';

/** lnd's longest. A printed code should live as long as it can. */
export const LONGEST_EXPIRY_SECONDS = 31_536_000;
/** Payments to an invoice make the next ones slower at lnd (docs/decisions/rotation.md): at 250 by a tenth. */
export const ROTATE_AFTER = 250;

/** What minting needs. */
export interface Minting extends RotationParts {
  readonly memos: Memos;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly expirySeconds: number;
  /** Does a write again while the table is busy or away; what is written demands the lease, so again is safe. */
  patiently<T>(write: () => Promise<T>): Promise<T>;
}

/** The invoice that lnd made is not the one that was asked for; it is never handed out. */
export class MintError extends Error {
  override readonly name = 'MintError';
}

const RETRY_FIRST_MS = 60_000;
const RETRY_MOST_MS = 3_600_000;

/** Mints what the table mint requests, one option after another; one that fails is tried again later and holds up no other. */
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
    for await (const mintRequest of mintRequestsOf(ledger, lease, clock())) {
      const { optionId, handle } = mintRequest;
      const failed = this.#failed.get(optionId);
      if (failed && failed.again > clock().getTime()) continue;
      try {
        if (await mintFor(this.#minting, mintRequest, this.#hintless)) minted++;
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

/** The mint requests that are due with the node, and with those of no node in particular where they are its own. */
async function* mintRequestsOf(ledger: Ledger, { node, home }: Lease, now: Date) {
  yield* dueMintRequests(ledger, now, node);
  if (home) yield* dueMintRequests(ledger, now);
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

async function mintFor(minting: Minting, mintRequest: MintRequest, hintless: Hintless): Promise<boolean> {
  const { ledger, lease, log, clock, patiently } = minting;
  const { handle, optionId } = mintRequest;
  const { creator, invoice: previous } = await readCreatorWithInvoice(ledger, handle, optionId, {
    consistent: true,
  });
  if (creator && !isOfNode(lease, creator)) {
    await patiently(() => dropMintRequest(ledger, lease, mintRequest, withNodeOf(creator, mintRequest)));
    return false;
  }
  const option = openFor(creator, optionId);
  const reason = option && (await reasonToMint(minting, option, previous, hintless, mintRequest));
  if (previous && isRemoved(creator, optionId)) {
    const retired = await patiently(() =>
      retireInvoice(ledger, lease, { invoice: previous, mintRequest, now: clock() }),
    );
    if (retired) {
      log.info({ handle, optionId, paymentAddr: previous.paymentAddr }, 'option removed, invoice retired');
      return false;
    }
  }
  if (!option || !reason) {
    const { replaces: _, ...again } = mintRequest;
    // Every invoice that is handed out has a mint request for its renewal; a clock that jumped must not have taken it.
    const renewal = option && previous && { ...again, due: renewalOf(previous) };
    await patiently(() => dropMintRequest(ledger, lease, mintRequest, renewal));
    return false;
  }
  const { invoice, mac } = await addInvoice(minting, handle, option);
  await rememberHints(minting, hintless, invoice.paymentRequest);
  const renewAt = nextLook(invoice, clock());
  const put = await patiently(() =>
    putCurrentInvoice(ledger, lease, { invoice, mac, previous, mintRequest, renewAt, now: clock() }),
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

/**
 * Have lnd make an invoice, under a memo by which it is known again. When lnd's clock is another than this machine's, once more by
 * lnd's.
 */
async function addInvoice(
  minting: Minting,
  handle: string,
  option: TipOption,
): Promise<{ invoice: NewInvoice; mac: string }> {
  const { lease, lnd, log, clock, expirySeconds, routeHints } = minting;
  const { amountMsat } = option;
  const addAt = async (now: Date) => {
    const { born, memo, mac } = await unusedMemo(minting, handle, option.id, now);
    const made = await lnd.addAmpInvoice({ memo, amountMsat, expirySeconds, routeHints });
    const invoice = checkInvoice(lease.node, handle, option, made);
    return { invoice, mac, isNear: isBornNear(secondsOf(born), secondsOf(invoice.createdAt)) };
  };
  const now = clock();
  const made = await addAt(now);
  if (made.isNear) return made;
  const { createdAt } = made.invoice;
  log.warn({ now, lndSays: createdAt }, "this machine's clock and lnd's are more than an hour apart");
  const again = await addAt(createdAt);
  if (!again.isNear) throw new MintError(`invoice of option ${option.id}: lnd's clock jumps`);
  return again;
}

const secondsOf = (time: Date) => BigInt(Math.floor(time.getTime() / 1000));

/** A memo is good for one invoice; that of another of the option within the same second says the next one. */
async function unusedMemo(
  { ledger, memos, patiently }: Minting,
  handle: string,
  optionId: string,
  now: Date,
) {
  for (let born = now; ; born = new Date(born.getTime() + 1000)) {
    const { memo, mac } = memos.write(handle, { optionId }, born);
    if ((await patiently(() => memoHolder(ledger, mac))) === undefined) return { born, memo, mac };
  }
}

/** A mint request where the connector of the creator's node will find it. */
const withNodeOf = ({ node }: Creator, { node: _, ...mintRequest }: MintRequest): MintRequest => ({
  ...mintRequest,
  ...(node !== undefined && { node }),
});

export const openFor = (creator: Creator | undefined, optionId: string): TipOption | undefined =>
  creator?.status === 'active' ? creator.options.find(({ id }) => id === optionId) : undefined;

/** Whether the creator took the option away; a closed creator's stays, for it may be opened again. */
const isRemoved = (creator: Creator | undefined, optionId: string) =>
  creator !== undefined && !creator.options.some(({ id }) => id === optionId);

/**
 * Check what lnd made before anyone is handed it: that it decodes, is payable by AMP alone, names this node and payment
 * address, and asks for the option's amount.
 * @throws MintError, InvoiceError
 */
export function checkInvoice(
  node: string,
  handle: string,
  option: TipOption,
  made: MintedInvoice,
): NewInvoice {
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
