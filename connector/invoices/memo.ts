import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  ensureMemoSecret,
  isOptionId,
  type Lease,
  type Ledger,
  readMemoSecret,
} from '../../shared/ledger/index.ts';

/**
 * What a memo says: `(ampjar <id> <born> <mac>)` at its end, where `id` is a tip option's. A letter before the id is left for
 * whatever else invoices may be for. Anyone may say it: the node's other software and its users choose memos, too, and the memo of
 * an AMP invoice stands in its payment request, to be copied whole.
 */
export interface Claim {
  readonly optionId: string;
  /** Of an answer to a request for an invoice: the request's id. */
  readonly requestId?: string;
  /** What is to prove it. Memos of releases before have none. */
  readonly proof?: {
    /** When it was minted, in seconds since 1970, base 36. */
    readonly born: string;
    /** 72 bits of an HMAC-SHA256, base64url. */
    readonly mac: string;
  };
}

const CLAIM = /\(ampjar ([a-z0-9]{10})(?: ([\w-]{22}))?(?: ([0-9a-z]{1,9}) ([\w-]{12}))?\)$/;
const MAC_BYTES = 9;
const SECRET_BYTES = 32;
/** So far may the time that a memo says lie from that at which lnd made the invoice. */
const NEAR_SECONDS = 3_600n;

/** What a memo says of an option, true or not; undefined when it says nothing in our words. */
export function claimIn(memo: string): Claim | undefined {
  const [, optionId, requestId, born, mac] = CLAIM.exec(memo) ?? [];
  if (optionId === undefined || !isOptionId(optionId)) return undefined;
  const proof = born !== undefined && mac !== undefined && { born, mac };
  return { optionId, ...(requestId !== undefined && { requestId }), ...(proof && { proof }) };
}

/** What the memo of an AMP invoice says of an option, true or not. */
export function ampClaimIn({ memo }: { readonly memo: string }): Claim | undefined {
  const claim = claimIn(memo);
  return claim?.requestId === undefined ? claim : undefined;
}

const seconds = (time: Date) => BigInt(Math.floor(time.getTime() / 1000));

/** Whether a memo's time is that of its invoice, by lnd's clock (seconds since 1970), as far as clocks agree. */
export function isBornNear(born: bigint, creationDate: bigint): boolean {
  const apart = born - creationDate;
  return apart <= NEAR_SECONDS && apart >= -NEAR_SECONDS;
}

/** base 36; NaN can't come, for {@link CLAIM} lets its digits through alone. */
const timeOf = (born: string) => BigInt(Number.parseInt(born, 36));

/** Writes the memos of a node's invoices, and tells its own from those that only look like it. */
export class Memos {
  readonly #secret: Uint8Array;
  readonly node: string;

  /** @param node pubkey, hex */
  constructor(secret: Uint8Array, node: string) {
    this.#secret = secret;
    this.node = node;
  }

  /**
   * The memo of an option's invoice: what a payer's wallet shows, and what it is found again by. That of an answer to a
   * request stays in the node's books, for such an invoice commits to the hash of something else.
   */
  write(
    handle: string,
    { optionId, requestId }: Pick<Claim, 'optionId' | 'requestId'>,
    born: Date,
  ): { memo: string; mac: string } {
    const second = seconds(born).toString(36);
    const mac = this.#mac({ optionId, ...(requestId !== undefined && { requestId }) }, second);
    const words = ['ampjar', optionId, ...(requestId === undefined ? [] : [requestId]), second, mac];
    return { memo: `Tip ${handle} (${words.join(' ')})`, mac };
  }

  /**
   * Why what a memo says is not to be believed; undefined when it verifies.
   * @param creationDate of the invoice, by lnd, in seconds since 1970
   */
  disproof(claim: Claim, creationDate: bigint): string | undefined {
    const { requestId, proof } = claim;
    if (!proof) return 'its memo has no MAC';
    const { born, mac } = proof;
    if (!timingSafeEqual(Buffer.from(mac), Buffer.from(this.#mac(claim, born))))
      return "its memo's MAC is not of this node and table";
    // What answers a request is good for that alone, and never leaves the node's books, so no clock is asked about it.
    if (requestId === undefined && !isBornNear(timeOf(born), creationDate))
      return 'its memo is of another time';
    return undefined;
  }

  #mac({ optionId, requestId = '' }: Claim, born: string): string {
    const said = ['ampjar memo', this.node, 'option', optionId, requestId, born].join('\n');
    const hmac = createHmac('sha256', this.#secret).update(said).digest();
    return hmac.subarray(0, MAC_BYTES).toString('base64url');
  }
}

type Random = (length: number) => Uint8Array;

/** A new secret for a table. */
export const freshSecret = (random: Random, now: Date) => ({ secret: random(SECRET_BYTES), madeAt: now });

/** The memos of a node by the table's secret, for a command that only reads: without one no memo verifies. */
export const readMemos = async (ledger: Ledger, node: string, random: Random): Promise<Memos> =>
  new Memos((await readMemoSecret(ledger)) ?? random(SECRET_BYTES), node);

/** The memos of a node under its lease, by the table's secret, which is made when there is none. @throws LeaseLostError */
export async function openMemos(
  { ledger, clock, random }: { ledger: Ledger; clock(): Date; random: Random },
  lease: Lease,
): Promise<Memos> {
  const secret = await ensureMemoSecret(ledger, lease, freshSecret(random, clock()));
  return new Memos(secret, lease.node);
}
