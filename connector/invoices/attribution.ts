import { isForGood, type NewTip, putMintRequest, readInvoices } from '../../shared/ledger/index.ts';
import type { LndInvoice } from '../lnd/contract.ts';
import { type Adopting, adopt } from './adopt.ts';
import { ampClaimIn } from './memo.ts';
import { type Minting, ROTATE_AFTER } from './mint.ts';
import { earliestRotation } from './rotation.ts';

/** Someone else's business on this node, though its memo says that it is ours: why it is not believed. */
export interface Unverified {
  readonly unverified: string;
}

/** Whose a payment is, with what its payer wrote where the payment itself does not say it. */
export type Owner = Pick<NewTip, 'handle' | 'optionId' | 'message'>;

/** Whose a payment is, or why that can't be told; neither when it is someone else's business on this node. */
export type Attributed = Owner | { refused: string } | Unverified | undefined;

/** An invoice of the table, as remembered: whose it is never changes, the count of its payments goes on. */
interface Known {
  readonly handle: string;
  readonly optionId: string;
  readonly createdAt: Date;
  payments: number;
  /** Number of payments at which another invoice is wanted. */
  mintRequestAt: number;
}

/** What attribution needs, of whatever kind payments are. */
export type AttributionParts = Adopting & Pick<Minting, 'rotateAfter' | 'rotateRestMs'>;

const MOST_REMEMBERED = 10_000;

/**
 * Finds out whose payments are: by the table, and by a memo that verifies for an invoice that the table lost. Counts them on the
 * way, and mint requests another invoice when one has had its share.
 */
export class Attribution {
  readonly #minting: AttributionParts;
  readonly #known = new Map<string, Known>();

  constructor(minting: AttributionParts) {
    this.#minting = minting;
  }

  async of(settlement: LndInvoice): Promise<Attributed> {
    const known = this.#known.get(settlement.paymentAddr) ?? (await this.#look(settlement).catch(unreadable));
    if (known === undefined || !('handle' in known)) return known;
    known.payments++;
    if (known.payments >= known.mintRequestAt) await this.#requestMint(known);
    return { handle: known.handle, optionId: known.optionId };
  }

  async #look(found: LndInvoice): Promise<Known | { refused: string } | Unverified | undefined> {
    const { ledger, patiently } = this.#minting;
    const { paymentAddr, paymentRequest } = found;
    const read = async () => (await patiently(() => readInvoices(ledger, [paymentAddr])))[0];
    let invoice = await read();
    if (!invoice) {
      // Spontaneous payments have no payment request, and invoices of others no memo like ours.
      const claim = paymentRequest === '' ? undefined : ampClaimIn(found);
      if (!claim) return undefined;
      const adopted = await adopt(this.#minting, found, claim);
      if (!('handle' in adopted)) return adopted;
      invoice = await read();
      if (!invoice) throw new Error(`invoice ${paymentAddr} was adopted, and is not in the table`);
    }
    const { handle, optionId, createdAt, count } = invoice;
    const known = {
      handle,
      optionId,
      createdAt,
      payments: Number(count),
      mintRequestAt: this.#minting.rotateAfter,
    };
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#known.set(paymentAddr, known);
    return known;
  }

  async #requestMint(known: Known): Promise<void> {
    const { ledger, lease, clock, rotateRestMs, patiently } = this.#minting;
    const { handle, optionId } = known;
    // Heard is not booked yet, and the mint request is judged by what is booked: it may be found to come too early.
    known.mintRequestAt = known.payments + Math.ceil(this.#minting.rotateAfter / 10);
    const due = new Date(Math.max(clock().getTime(), earliestRotation(known, rotateRestMs).getTime()));
    await patiently(() => putMintRequest(ledger, lease, { handle, optionId, due }));
  }
}

/** For a command, which ends where the table does not answer. */
export const impatiently = (parts: Omit<Adopting, 'patiently'>): AttributionParts => ({
  ...parts,
  rotateAfter: ROTATE_AFTER,
  patiently: (write) => write(),
});

/** An item of the table that can't be read stops nothing: its payment is set aside. */
function unreadable(error: unknown): { refused: string } {
  if (!isForGood(error)) throw error;
  return { refused: `its invoice in the table can't be read: ${String(error)}` };
}
