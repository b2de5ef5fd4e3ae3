import type { Database, RootDatabase } from 'lmdb';
import type { DataFolder } from '../folder.ts';
import { FolderLostError, FolderWriteError } from '../table/errors.ts';

/** An invoice as it was made. What was paid to it stands in its settlements. */
export interface InvoiceRow {
  /** counts the invoices of the node from 1 on; safe as a number, since the node counted them itself */
  addIndex: number;
  kind: 'amp' | 'plain' | 'spontaneous amp' | 'keysend';
  /** 32 bytes; empty when the payer made the invoice by a spontaneous AMP payment */
  paymentHash: Uint8Array;
  /** 32 bytes; AMP has none */
  preimage?: Uint8Array;
  /** 32 bytes; zeros for keysend */
  paymentAddr: Uint8Array;
  memo: string;
  /** 32 bytes; in the payment request it stands in the memo's place */
  descriptionHash?: Uint8Array;
  /** 0n when the payer chooses */
  valueMsat: bigint;
  /** seconds since 1970 */
  createdAt: number;
  /** seconds; 0 for the payer's own invoices */
  expirySeconds: number;
  cltvExpiry: number;
  paymentRequest: string;
  canceled: boolean;
}

/** An HTLC that pays an invoice. Times are seconds since 1970, heights are blocks. */
export interface HtlcRow {
  htlcIndex: number;
  amountMsat: bigint;
  acceptedAt: number;
  /** 0 while it is held */
  resolvedAt: number;
  expiryHeight: number;
  /** what its whole set was to bring; 0n without an MPP record */
  totalMsat: bigint;
  amp?: {
    rootShare: Uint8Array;
    setId: Uint8Array;
    childIndex: number;
    hash: Uint8Array;
    preimage?: Uint8Array;
  };
  /** by TLV type, ascending */
  customRecords: [type: bigint, value: Uint8Array][];
}

/** One payment: an AMP set, or the only payment that a plain or keysend invoice gets. */
export interface SettlementRow {
  /** counts the settlements of the node from 1 on */
  settleIndex: number;
  addIndex: number;
  /** hex; absent for a payment that isn't AMP */
  setId?: string;
  /** seconds since 1970 */
  settledAt: number;
  amountMsat: bigint;
  /** of the invoice, this payment included */
  cumulativeMsat: bigint;
  htlcs: HtlcRow[];
}

/** An outgoing payment that may not be made twice: not AMP, so its hash is its identity. */
export type PaymentMark = 'in flight' | 'succeeded' | 'failed';

const BLOCK_OF_NUMBERS = 1_000_000;

/** What a node remembers, in an lmdb environment of its own. Reads see what was committed. */
export class NodeStore {
  /** Resolves when a commit failed: what memory holds may be more than what is on disk, so the node has to end. */
  readonly failed: Promise<FolderLostError | FolderWriteError>;
  #fail: (error: FolderLostError | FolderWriteError) => void = () => {};
  readonly #folder: DataFolder;
  readonly #root: RootDatabase;
  readonly #invoices: Database<InvoiceRow, number>;
  /** invoice's add index, settle index -> row */
  readonly #settlements: Database<SettlementRow, [number, number]>;
  /** settle index -> invoice's add index */
  readonly #settleIndexes: Database<number, number>;
  /** set id, hex -> settle index */
  readonly #sets: Database<number, string>;
  readonly #payments: Database<PaymentMark, string>;
  /** the next number of each name */
  readonly #meta: Database<unknown, string>;
  #waiting: (() => void)[] = [];
  #next: Promise<void> | undefined;
  #running: Promise<unknown> = Promise.resolve();

  /**
   * @param folder taken, for its owner alone: preimages are secrets until they are used
   * @throws TableFolderError
   */
  constructor(folder: DataFolder) {
    this.#folder = folder;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    const parts = folder.open('node.mdb', { maxDbs: 8 }, (root) => ({
      root,
      invoices: root.openDB<InvoiceRow, number>({ name: 'invoices' }),
      settlements: root.openDB<SettlementRow, [number, number]>({ name: 'settlements' }),
      settleIndexes: root.openDB<number, number>({ name: 'settleIndexes' }),
      sets: root.openDB<number, string>({ name: 'sets' }),
      payments: root.openDB<PaymentMark, string>({ name: 'payments' }),
      meta: root.openDB<unknown, string>({ name: 'meta' }),
    }));
    this.#root = parts.root;
    this.#invoices = parts.invoices;
    this.#settlements = parts.settlements;
    this.#settleIndexes = parts.settleIndexes;
    this.#sets = parts.sets;
    this.#payments = parts.payments;
    this.#meta = parts.meta;
  }

  /** All that is asked for while one commit runs goes into the next, in order; resolves when that is on disk. */
  #write(action: () => void): Promise<void> {
    this.#waiting.push(action);
    this.#next ??= this.#commitNext();
    return this.#next;
  }

  async #commitNext(): Promise<void> {
    await this.#running;
    const actions = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;
    const commit = this.#root.transaction(() => {
      for (const action of actions) action();
    });
    this.#running = commit.then(undefined, () => undefined);
    try {
      await commit;
      // A preimage must not leave before its settlement is where the next process finds it.
      this.#folder.look();
    } catch (error) {
      throw this.#failed(error instanceof FolderLostError ? error : await reasonOf(error));
    }
  }

  putInvoice(row: InvoiceRow): Promise<void> {
    return this.#write(() => this.#invoices.putSync(row.addIndex, row));
  }

  putSettlement(row: SettlementRow): Promise<void> {
    return this.#write(() => {
      this.#settlements.putSync([row.addIndex, row.settleIndex], row);
      this.#settleIndexes.putSync(row.settleIndex, row.addIndex);
      if (row.setId !== undefined) this.#sets.putSync(row.setId, row.settleIndex);
    });
  }

  /** All invoices, in the order in which they were added. */
  invoices(): InvoiceRow[] {
    return [...this.#invoices.getRange({}).map(({ value }) => value)];
  }

  /** The settlements of an invoice, in order. */
  settlementsOf(addIndex: number): SettlementRow[] {
    const range = this.#settlements.getRange({
      start: [addIndex, 0],
      end: [addIndex, Number.MAX_SAFE_INTEGER],
    });
    return [...range.map(({ value }) => value)];
  }

  lastSettlementOf(addIndex: number): SettlementRow | undefined {
    const [start, end]: [number, number][] = [
      [addIndex, Number.MAX_SAFE_INTEGER],
      [addIndex, 0],
    ];
    for (const { value } of this.#settlements.getRange({ start, end, reverse: true, limit: 1 })) return value;
    return undefined;
  }

  /** Up to `limit` settlements after a settle index, of all invoices, in order. */
  settlementsAfter(settleIndex: number, limit: number): SettlementRow[] {
    const range = this.#settleIndexes.getRange({ start: settleIndex + 1, limit });
    return [...range.map(({ key, value }) => this.#settlements.get([value, key])!)];
  }

  settlementOfSet(setId: string): SettlementRow | undefined {
    const settleIndex = this.#sets.get(setId);
    if (settleIndex === undefined) return undefined;
    return this.#settlements.get([this.#settleIndexes.get(settleIndex)!, settleIndex]);
  }

  hasSet(setId: string): boolean {
    return this.#sets.doesExist(setId);
  }

  lastSettleIndex(): number {
    for (const key of this.#settleIndexes.getKeys({ reverse: true, limit: 1 })) return key;
    return 0;
  }

  paymentMark(paymentHash: string): PaymentMark | undefined {
    return this.#payments.get(paymentHash);
  }

  markPayment(paymentHash: string, mark: PaymentMark): Promise<void> {
    return this.#write(() => this.#payments.putSync(paymentHash, mark));
  }

  /** Numbers that are never given twice, after a restart neither: they are taken from the store by the million. */
  numbers(name: string): () => number {
    let next = 0;
    let end = 0;
    return () => {
      if (next === end) {
        next = this.#reserve(name);
        end = next + BLOCK_OF_NUMBERS;
      }
      return next++;
    };
  }

  #reserve(name: string): number {
    try {
      return this.#root.transactionSync(() => {
        const first = (this.#meta.get(name) as number | undefined) ?? 0;
        this.#meta.putSync(name, first + BLOCK_OF_NUMBERS);
        return first;
      });
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Tell that the node has to end. @returns the error for whoever asked for the write */
  #failed(error: unknown): FolderLostError | FolderWriteError {
    const told = error instanceof FolderLostError ? error : new FolderWriteError(this.#folder.dir, error);
    this.#fail(told);
    return told;
  }

  /** Resolves when everything that was asked for before is on disk, or can't be: that was told to whoever asked for it. */
  flushed(): Promise<void> {
    return this.#write(() => undefined).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.#root.close();
    this.#folder.release();
  }
}

/** lmdb tells of a commit that failed by one error, and why by another, which nobody else hears of. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  return commitError === undefined
    ? error
    : commitError.then(
        () => error,
        (reason) => reason,
      );
}
